// One person answers: a key a class, and on to the next. Nothing of others is ever asked for.

import { signed } from "./asking.js";
import { Drag } from "./drag.js";
import { letter } from "./keys.js";
import { fold } from "./picker.js";

const page = document.getElementById("answering");
const { number, who } = page.dataset;
const figure = page.querySelector("figure");
const picture = figure.querySelector("img");
const search = document.getElementById("search");
const address = `/api/agree/${number}`;

const drag = new Drag(figure, { done: drew });
let asked = null;
let place = 0;
let chosen = 0; // of the classes, for the next box
let boxes = []; // of the image in sight
let sending = Promise.resolve(); // answers go one after the other

start();

async function start() {
  asked = await (await fetch(`${address}?who=${encodeURIComponent(who)}`)).json();
  const first = asked.images.findIndex((one) => one.said === null);
  document.addEventListener("keydown", pressed);
  search.addEventListener("input", classes);
  search.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter ends a Japanese word
    if (event.key === "Enter") document.querySelector("#classes button")?.click();
    if (event.key === "Escape") search.blur();
    if (["Enter", "Escape"].includes(event.key)) event.preventDefault();
    event.stopPropagation();
  });
  for (const [id, act] of [["back", () => go(-1)], ["on", on], ["none", none], ["last", drop]]) {
    document.getElementById(id)?.addEventListener("click", act);
  }
  document.getElementById("last").hidden = !ofBoxes();
  document.getElementById("none").hidden = ofBoxes();
  figure.classList.toggle("drawing", ofBoxes());
  page.hidden = false;
  show(first < 0 ? asked.images.length : first);
}

const ofBoxes = () => asked.kind === "box";

function show(to) {
  place = Math.max(0, Math.min(to, asked.images.length));
  const done = place === asked.images.length;
  document.getElementById("thanks").hidden = !done;
  document.getElementById("question").hidden = done;
  progress();
  if (done) return;
  const one = asked.images[place];
  boxes = ofBoxes() ? [...(one.said ?? [])] : [];
  picture.src = `/picture/${one.image}.webp`;
  [picture.width, picture.height] = one.size;
  drag.show(one.size, boxes);
  search.value = "";
  classes();
  const next = asked.images[place + 1];
  if (next) new Image().src = `/picture/${next.image}.webp`;
}

function progress() {
  const answered = asked.images.filter((one) => one.said !== null).length;
  const at = place < asked.images.length ? `${place + 1} of ${asked.images.length}, ` : "";
  document.getElementById("progress").textContent = `${at}${answered} answered`;
}

function classes() {
  const words = fold(search.value.trim());
  const said = asked.images[place]?.said;
  const list = asked.classes
    .map((name, number) => [name, number])
    .filter(([name]) => fold(name).includes(words))
    .map(([name, number]) => {
      const button = document.createElement("button");
      button.type = "button";
      if (number < 9) button.append(Object.assign(document.createElement("kbd"), { textContent: number + 1 }));
      button.append(name);
      const on_ = ofBoxes() ? number === chosen : said?.[0]?.[0] === name;
      button.setAttribute("aria-pressed", on_);
      button.addEventListener("click", () => pick(number));
      return button;
    });
  document.getElementById("classes").replaceChildren(...list);
  document.getElementById("none").setAttribute("aria-pressed", said?.length === 0);
}

function pick(number) {
  if (number >= asked.classes.length) return;
  search.blur();
  if (!ofBoxes()) return say([[asked.classes[number], null]]);
  chosen = number;
  search.value = "";
  classes();
}

function none() {
  if (!ofBoxes()) say([]);
}

function drew(box) {
  if (!ofBoxes()) return;
  boxes.push([asked.classes[chosen], box]);
  drag.show(asked.images[place].size, boxes);
}

function drop() {
  if (!boxes.length) return;
  boxes.pop();
  drag.show(asked.images[place].size, boxes);
}

function on() {
  if (ofBoxes() && place < asked.images.length) say(boxes);
  else go(1);
}

function go(by) {
  show(place + by);
}

// The page goes on at once; where the answer can't be kept it comes back to the image and says so.
function say(said) {
  const here = place;
  const one = asked.images[here];
  if (!one) return; // all is answered
  const before = one.said;
  one.said = said;
  show(here + 1);
  sending = sending.then(async () => {
    const refused = await send(one.image, said);
    const note = document.getElementById("refused");
    note.hidden = !refused;
    if (!refused) return;
    note.textContent = refused;
    one.said = before;
    show(here);
  });
}

async function send(image, said) {
  try {
    await signed(address, { who, image, said });
    return "";
  } catch (error) {
    return error.message;
  }
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === search) return;
  const key = letter(event);
  if (event.repeat && !key.startsWith("Arrow")) return; // once, however long it is held
  const act = { ArrowLeft: () => go(-1), ArrowRight: on, Backspace: drop, 0: none, "/": () => search.focus() }[key];
  if (act) act();
  else if (/^[1-9]$/.test(key)) pick(Number(key) - 1);
  else return;
  event.preventDefault();
}
