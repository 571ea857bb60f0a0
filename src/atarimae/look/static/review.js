// Proposals one by one: a key decides, the next one is there already, and each decision can go back.

import { name as named } from "./asking.js";
import { elsewhere, help, letter } from "./keys.js";
import { see } from "./seen.js";

const AWAY = { what: "The page's server does not answer.", fix: "Start it again." };
const FEW = 12; // left of what was fetched, from which on more is asked for
const KEYS = [
  ["a", "Accept"],
  ["r", "Reject"],
  ["1 2 3", "It is rather that class"],
  ["e", "Another class: type it, and Enter"],
  ["s", "Skip: it is there again when the page is opened anew"],
  ["u", "Take the last decision of this page back, then the one before"],
  ["?", "These keys"],
];
const READING = ["s", "?"]; // of a page that changes nothing
const number = new Intl.NumberFormat("en");
const byId = (id) => document.getElementById(id);
const form = byId("filter");
const control = location.pathname.endsWith("/control");
const size = new URLSearchParams(location.search).get("slice"); // of the control slice of a class
const readOnly = Boolean(document.body.dataset.shared) && !document.body.dataset.edit;

let items = []; // to be decided, the first one is shown
let total = 0;
let seen = 0; // the version that they are of
let asking = null; // the request for more
const passed = new Set(); // skipped or decided on this page
const made = []; // decisions of this page: { edit, item }
let fresh = ""; // the new class that was asked about
let refused = ""; // why the queue was not given
let writing = Promise.resolve(); // decisions are written one after the other
let pending = 0; // of them

byId(control ? "to-control" : "to-review").setAttribute("aria-current", "page");
if (size) for (const id of ["to-review", "to-control"]) byId(id).search = `?slice=${encodeURIComponent(size)}`;
byId("blind").hidden = !control;
form.elements.order.hidden = control;
for (const [name, value] of new URLSearchParams(location.search)) {
  const field = form.elements[name];
  if (field && [...field.options].some((one) => one.value === value)) field.value = value; // another stays as it is
}
form.addEventListener("input", () => {
  const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  if (size) wanted.set("slice", size);
  history.replaceState(null, "", `?${wanted}`);
  again();
});
byId("bar").addEventListener("change", () => { again(); classes(); });
byId("more").addEventListener("click", async () => {
  byId("more").disabled = true;
  await economics(true);
  byId("more").disabled = false;
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) act(button.dataset.do, button.dataset.value);
});
byId("other").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = byId("class").value.trim();
  if (!value) return;
  const known = [...byId("names").options].some((one) => one.value === value);
  if (!known && fresh !== value) {
    fresh = value; // a slip of the pen makes no class
    return say({ what: `Nobody has used the class '${value}'`, found: "Enter again makes it" });
  }
  if (!known) byId("names").append(new Option(value));
  act("edit", value);
});
document.addEventListener("keydown", (event) => {
  if (event.target === byId("class") && event.key === "Escape") byId("review").focus();
  if (elsewhere(event)) return;
  const key = letter(event).toLowerCase();
  const rather = byId("rather").querySelectorAll("button")[Number(key) - 1];
  const what = { a: "accept", r: "reject", s: "skip", u: "undo", e: "name", "?": "help" }[key];
  if (!what && !rather) return;
  event.preventDefault();
  if (event.repeat) return; // a key that is held would decide on what nobody has seen
  if (rather) act("edit", rather.dataset.value);
  else act(what);
});

anew();
classes();
economics();

async function anew() {
  items = [];
  asking = null;
  await more();
  show();
}

// As asked for by now; keys are for proposals again, and not for what was just changed.
async function again() {
  await anew();
  byId("review").focus({ preventScroll: true });
}

// More of the queue, behind what is there; what was passed on this page is left out.
function more() {
  asking ??= fetchQueue().finally(() => (asking = null));
  return asking;
}

async function fetchQueue() {
  const asked = new URLSearchParams(new FormData(form));
  asked.set("bar", byId("bar").value);
  if (size) asked.set("slice", size);
  if (control) asked.set("control", "true");
  await writing; // what is on its way is decided
  if (!items.length) byId("count").textContent = "Looking for what is to be decided …"; // it may take some seconds
  const here = new Set(items.map((one) => one.id));
  for (let start = 0; ; ) {
    const answer = await fetch(`/api/review?${asked}&start=${start}`).catch(() => null);
    const said = await answer?.json();
    refused = answer?.ok ? "" : say(said?.error ?? AWAY, true);
    if (refused) return;
    seen = said.version;
    total = said.total;
    byId("rest").textContent = number.format(said.rest);
    byId("control").textContent = number.format(said.control);
    byId("people").textContent = Object.entries(said.people).slice(0, 3).map(([name, count]) => `${name} ${number.format(count)}`).join(" · ");
    const fresh = said.items.filter((one) => !here.has(one.id) && !passed.has(one.id));
    items.push(...fresh);
    start += said.items.length;
    if (fresh.length || !said.items.length || start >= said.total) return;
  }
}

function show() {
  const item = items[0];
  byId("review").hidden = !item;
  byId("done").hidden = Boolean(item);
  for (const button of document.querySelectorAll("[data-do=undo]")) button.disabled = !made.length || readOnly;
  byId("count").textContent = item ? `${number.format(total)} to decide` : "";
  thumbnails(byId("next"), items.slice(1, 16).map((one) => one.image), "li");
  if (!item) {
    byId("done-said").textContent = refused || (passed.size || !total ? "Nothing is left to decide here." : "All of it was skipped.");
    return;
  }
  const picture = byId("asked");
  picture.src = `/picture/${item.image}.webp`;
  picture.onload = () => see(item.image);
  shape(item);
  byId("kind").textContent = item.kind === "class" ? "Proposed" : `Proposed, a ${item.kind}`;
  byId("proposed").textContent = item.label || "(no class)";
  byId("sure").textContent = control ? "" : told(item);
  byId("path").textContent = item.path;
  samples(item);
  rather(item);
  byId("class").value = "";
  if (document.activeElement === byId("class") || document.activeElement === document.body) byId("review").focus({ preventScroll: true });
}

function told(item) {
  const doubt = item.doubt ? `, margin ${item.doubt.margin.toFixed(2)}` : "";
  return `score ${item.score.toFixed(3)}${doubt}, by ${item.model}`;
}

function shape(item) {
  const svg = byId("shape");
  svg.hidden = !item.box;
  if (!item.box) return;
  const { x0, y0, x1, y1, angle = 0 } = item.box;
  svg.setAttribute("viewBox", `0 0 ${item.width} ${item.height}`);
  const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) box.setAttribute(name, value);
  if (angle) box.setAttribute("transform", `rotate(${angle} ${(x0 + x1) / 2} ${(y0 + y1) / 2})`);
  svg.replaceChildren(box);
}

function samples(item) {
  const box = byId("examples");
  if (item.examples.length) return thumbnails(box, item.examples);
  const none = document.createElement("span");
  none.className = "faint";
  none.textContent = "No image of this class was labelled by people yet.";
  box.replaceChildren(none);
}

function rather(item) {
  byId("rather-said").hidden = !item.rather.length;
  byId("rather").replaceChildren(...item.rather.map((one, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.do = "edit";
    button.dataset.value = one.label;
    button.disabled = readOnly;
    const key = document.createElement("kbd");
    key.textContent = place + 1;
    const picture = document.createElement("img");
    picture.alt = "";
    if (one.examples.length) picture.src = thumbnail(one.examples[0]);
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = one.label; // as text: a class may be named <script>
    const chance = document.createElement("span");
    chance.className = "number faint";
    chance.textContent = one.chance === null ? "" : one.chance.toFixed(2);
    button.append(key, picture, name, chance);
    const line = document.createElement("li");
    line.append(button);
    return line;
  }));
}

function thumbnails(box, images, around = "") {
  box.replaceChildren(...images.map((image) => {
    const picture = document.createElement("img");
    picture.alt = "";
    picture.src = thumbnail(image);
    if (!around) return picture;
    const line = document.createElement(around);
    line.append(picture);
    return line;
  }));
}

function thumbnail(image) {
  return `/thumbnail/${image}.webp`;
}

function act(what, value = "") {
  if (what === "help") return help(KEYS.filter(([key]) => !readOnly || READING.includes(key)));
  if (what === "undo") return undo();
  const item = items[0];
  if (!item || (readOnly && what !== "skip")) return;
  if (what === "name") return byId("class").focus();
  items.shift();
  passed.add(item.id);
  if (what !== "skip") {
    total -= 1;
    decide(what, item, value);
  }
  next();
}

// The page goes on at once; what the server refuses is told, and comes back.
function decide(what, item, value) {
  const decision = { item, edit: null };
  made.push(decision);
  const body = what === "edit" ? { id: item.id, label: value } : { ids: [item.id] };
  write(async () => {
    const said = await post(`/api/proposals/${what}`, { ...body, control, seen });
    if (said.error) {
      made.splice(made.indexOf(decision), 1);
      say(said.error, true);
    } else {
      decision.edit = said.edit?.id ?? null;
      const words = { accept: "Accepted", reject: "Rejected", edit: `Now '${value}'` };
      say({ what: `${words[what]}: ${item.label}`, found: said.edit ? `edit ${said.edit.id}` : "" });
    }
    soon();
  });
}

function undo() {
  const last = made.pop();
  if (!last || readOnly) return;
  if (last.item) back(last);
  write(async () => {
    if (last.edit === null) return;
    const said = await post("/api/proposals/undo", { edit: last.edit });
    if (said.error) say(said.error, true);
    else say({ what: `Undone: ${last.item?.label ?? "a class"}`, found: `edit ${said.edit.id}` });
    soon();
  });
  if (!last.item) again(); // after what is written
}

function back(last) {
  items.unshift(last.item);
  passed.delete(last.item.id);
  total += 1;
  show();
}

async function next() {
  show();
  if (items.length > FEW) return;
  await writing;
  await more();
  if (items.length <= FEW) show();
}

let counting;
function soon() {
  clearTimeout(counting);
  counting = setTimeout(() => { classes(); economics(); }, 700);
}

async function post(address, body) {
  const how = { method: "POST", headers: { "Content-Type": "application/json" }, keepalive: true };
  try {
    const answer = await fetch(address, { ...how, body: JSON.stringify(body) });
    if (answer.status === 401 && await named({ say: (text) => say({ what: text }, true) })) return await post(address, body);
    return await answer.json();
  } catch {
    return { error: { ...AWAY, found: "Nothing was written." } };
  }
}

function write(work) {
  count(1);
  writing = writing.then(work).finally(() => count(-1));
}

function count(by) {
  pending += by;
  document.body.dataset.pending = pending;
}

addEventListener("beforeunload", (event) => {
  if (pending > 1) event.preventDefault(); // one that is on its way arrives, others would be lost
});

function say(told, isWrong = false) {
  const line = byId("said");
  line.className = isWrong ? "bad" : "faint";
  line.textContent = [told.what, told.found, told.fix].filter(Boolean).join(" · ");
  return line.textContent;
}

// Classes, with what can be accepted together.
async function classes() {
  const answer = await fetch(`/api/review/classes?bar=${byId("bar").value}${size ? `&slice=${size}` : ""}`);
  const said = await answer.json();
  if (!answer.ok) return say(said.error, true);
  byId("classes").tBodies[0].replaceChildren(...said.classes.map(row));
}

function row(one) {
  const line = document.createElement("tr");
  const low = one.reviewed ? `${one.precision.toFixed(3)} (${one.low.toFixed(3)} – ${one.high.toFixed(3)})` : "";
  const kind = one.kind === "class" ? "" : `, ${one.kind}`;
  const cells = [`${one.label || "(no class)"}${kind}`, one.model, number.format(one.untouched), `${number.format(one.reviewed)} of ${number.format(one.slice)}`, low];
  cells.forEach((text, place) => {
    const cell = document.createElement("td");
    cell.textContent = text;
    if (place > 1) cell.className = "number";
    if (place === 4 && one.passes) cell.classList.add("good");
    line.append(cell);
  });
  const last = document.createElement("td");
  if (one.untouched) last.append(bulk(one));
  line.append(last);
  return line;
}

function bulk(one) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `Accept ${number.format(one.untouched)}`;
  button.disabled = readOnly;
  button.addEventListener("click", async () => {
    await writing;
    const said = await post("/api/proposals/accept-class", { label: one.label, model: one.model, kind: one.kind, bar: Number(byId("bar").value), slice: size && Number(size) });
    const told = document.createElement("p");
    told.className = said.error ? "bad bulk-said" : "good bulk-said";
    const error = said.error ?? { what: `Accepted ${number.format(said.edit.labels_added)} as edit ${said.edit.id}.`, found: "", fix: `Back with: atarimae undo ${said.edit.id}` };
    told.textContent = [error.what, error.found, error.fix].filter(Boolean).join(" ");
    button.replaceWith(told);
    if (!said.error) {
      made.push({ item: null, edit: said.edit.id }); // of a class
      await anew();
    }
  });
  return button;
}

// What labels cost; what more would bring only when asked, since a head is fitted for it.
async function economics(more = false) {
  const answer = await fetch(`/api/economics${more ? "?more=true" : ""}`);
  const said = await answer.json();
  const lines = said.error ? [said.error.what, said.error.found] : said.lines;
  byId("economics").replaceChildren(...lines.map((text) => {
    const line = document.createElement("p");
    line.textContent = text;
    return line;
  }));
  if (!said.picture) return;
  const box = document.createElement("div");
  box.innerHTML = said.picture; // numbers alone, made by our own server
  byId("economics").append(box);
}
