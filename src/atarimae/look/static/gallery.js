// Thousands of classes with their pictures, of which only those in sight are in the page.

import { help, obey } from "./keys.js";
import { fold } from "./picker.js";
import { Rows } from "./rows.js";

const TOGETHER = 40; // ms that classes wait for each other, to be asked about at once
const MOST = 100; // of them
const KEYS = [
  ["/", "Go to the filter", () => form.elements.text.focus()],
  ["↑ ↓", "From class to class, once one has the focus"],
  ["Enter", "Its images"],
  ["?", "These keys", () => help(KEYS)],
];
const form = document.getElementById("sorting");
const number = new Intl.NumberFormat("en");
const rows = new Rows(document.querySelector(".gallery"), draw);
const pictures = new Map(); // class → its images
let all = [];
let waiting = new Map(); // class → where its pictures go
let timer = null;

for (const [name, value] of new URLSearchParams(location.search)) if (form.elements[name]) form.elements[name].value = value;
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", show);
document.addEventListener("keydown", (event) => obey(KEYS, event));
const said = await (await fetch("/api/gallery")).json();
all = said.classes.map((one) => ({ ...one, folded: fold(one.id) }));
show();

function show() {
  const { text, sort } = form.elements;
  const typed = fold(text.value.trim());
  const key = sort.value.replace("-", "");
  const order = (a, b) => (key === "id" ? 0 : (a[key] - b[key]) * (sort.value === key ? 1 : -1)) || (a.id < b.id ? -1 : 1);
  const found = all.filter((one) => one.folded.includes(typed)).sort(order);
  const some = found.length < all.length ? `${number.format(found.length)} of ` : "";
  document.getElementById("count").textContent = `${some}${number.format(all.length)} classes`;
  const address = new URLSearchParams(Object.entries({ text: text.value.trim(), sort: sort.value === "-images" ? "" : sort.value }).filter(([, value]) => value));
  history.replaceState(null, "", address.size ? `?${address}` : location.pathname);
  rows.show(found);
}

function draw(one, row) {
  const cell = document.createElement("td");
  const link = document.createElement("a");
  link.href = `/?label=${encodeURIComponent(one.id)}`;
  const name = document.createElement("b");
  name.textContent = one.id;
  const facts = document.createElement("span");
  facts.className = "faint number";
  facts.textContent = `${number.format(one.images)} ${one.images === 1 ? "image" : "images"}`;
  const doubts = document.createElement("span");
  doubts.className = "doubt number";
  doubts.textContent = one.doubts ? `${number.format(one.doubts)} in doubt` : "";
  const shown = document.createElement("span");
  shown.className = "shown";
  link.append(name, facts, doubts, shown);
  cell.append(link);
  row.replaceChildren(cell);
  if (pictures.has(one.id)) fill(shown, pictures.get(one.id));
  else ask(one.id, shown);
}

function ask(name, shown) {
  waiting.set(name, shown);
  timer ??= setTimeout(send, TOGETHER);
}

async function send() {
  const asked = [...waiting].slice(-MOST); // the latest: what was scrolled past can wait
  waiting = new Map();
  timer = null;
  const query = new URLSearchParams(asked.map(([name]) => ["name", name]));
  const response = await fetch(`/api/gallery/pictures?${query}`);
  if (!response.ok) return;
  const found = await response.json();
  for (const [name, shown] of asked) {
    pictures.set(name, found[name]);
    fill(shown, found[name]);
  }
}

function fill(shown, images) {
  shown.replaceChildren(...images.map((image) => {
    const made = document.createElement("img");
    made.src = `/thumbnail/${image}.webp`;
    made.alt = "";
    made.className = "thumb";
    made.loading = "lazy";
    return made;
  }));
}
