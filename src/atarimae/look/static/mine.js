// Mining: an example is asked about until its tiles are embedded; results are taken or rejected.

import { signed } from "./asking.js";
import { Drag } from "./drag.js";
import { elsewhere, letter } from "./keys.js";
import { Panel } from "./panel.js";

const PAUSE = 700; // ms between two questions while tiles are embedded

const form = document.getElementById("wish");
const figure = form.querySelector("figure");
const picture = figure.querySelector("img");
const list = document.getElementById("results");
const again = document.getElementById("again");
const queue = document.getElementById("queue");
const number = new Intl.NumberFormat("en");
const panel = new Panel();
const mayFind = Boolean(document.body.dataset.edit);
const drag = new Drag(figure, { done: (box) => { form.elements.box.value = box.map(Math.round).join(","); shown(); } });

let turn = 0;
let results = [];
let why = "";
const judged = new Map(); // image → { one: its result, right: true or false }

form.addEventListener("submit", (event) => { event.preventDefault(); judged.clear(); if (mayFind) find(); });
form.elements.box.addEventListener("input", shown);
form.elements.file.addEventListener("change", () => { location.href = address(); });
again.addEventListener("click", find);
queue?.addEventListener("click", put);
list.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
picture.addEventListener("load", shown);
shown();
if (mayFind && (form.elements.file.value || form.elements.label.value)) find();

function wish() {
  const { file, box, label } = form.elements;
  const sides = box.value.split(",").map(Number);
  const drawn = sides.length === 4 && sides.every(Number.isFinite) && box.value.trim() ? sides : null;
  return { file: file.value.trim(), box: drawn, label: label.value.trim() };
}

function address() {
  const state = new URLSearchParams();
  const { file, box, label } = wish();
  if (file) state.set("image", file);
  if (box) state.set("box", box.join(","));
  if (label) state.set("label", label);
  return `/mine?${state}`;
}

function shown() {
  const { box } = wish();
  const size = [Number(picture.getAttribute("width")) || 1, Number(picture.getAttribute("height")) || 1];
  drag.show(size, box ? [["", box]] : []);
}

async function find() {
  const mine = ++turn;
  history.replaceState(null, "", address());
  refuse("");
  wait("Looking…");
  const tiles = (right) => [...judged.values()].filter((one) => one.right === right).map(({ one }) => [one.image, one.level, one.number]);
  const body = { ...wish(), right: tiles(true), wrong: tiles(false) };
  while (mine === turn) {
    const told = await ask("/api/mine", body);
    if (mine !== turn) return;
    if (!told) return wait("");
    if (told.waiting === undefined) return show(told);
    wait(`Embedding the pool’s tiles: ${told.waiting || "beginning"}. Each is embedded once.`);
    await new Promise((ready) => setTimeout(ready, PAUSE));
  }
}

async function ask(to, body) {
  try {
    return await signed(to, body);
  } catch (error) {
    refuse(error.message);
    return null;
  }
}

function show(told) {
  wait("");
  why = told.why;
  const first = [...judged.values()].filter(({ right }) => right).map(({ one }) => one);
  results = [...first, ...told.results.filter((one) => !judged.has(one.image))];
  document.getElementById("found").hidden = false;
  const sides = told.levels.map((side) => (side ? `${side} px` : "whole images")).join(" and ");
  document.getElementById("told").textContent =
    `${number.format(results.length)} of ${number.format(told.images)} images, by ${number.format(told.tiles)} tiles (${sides}) as ${told.model} sees them`;
  list.replaceChildren(...results.map(item));
  count();
}

function item(one) {
  const made = document.createElement("li");
  made.tabIndex = 0;
  made.dataset.image = one.image;
  const crop = Object.assign(document.createElement("img"), { className: "crop", loading: "lazy", alt: one.file });
  crop.src = one.box ? `/crop/${one.image}.webp?box=${one.box.join(",")}` : `/thumbnail/${one.image}.webp`;
  made.append(crop);
  if (one.box) made.append(where(one));
  const caption = Object.assign(document.createElement("div"), { className: "caption", textContent: one.file, title: one.file });
  const row = Object.assign(document.createElement("div"), { className: "row" });
  const copies = one.copies.length ? ` and ${one.copies.length} copies` : "";
  row.append(Object.assign(document.createElement("span"), { className: "number", textContent: one.score.toFixed(2) + copies }));
  for (const [mark, right, label] of [["+", true, "More like this"], ["−", false, "Less like this"]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: mark, title: label });
    button.setAttribute("aria-label", label);
    button.dataset.right = right;
    row.append(button);
  }
  made.append(caption, row);
  mark(made);
  return made;
}

// The whole image, small, with the place; its size is known once it is there.
function where(one) {
  const made = Object.assign(document.createElement("span"), { className: "where" });
  const whole = Object.assign(document.createElement("img"), { loading: "lazy", alt: "" });
  const place = document.createElement("i");
  whole.src = `/thumbnail/${one.image}.webp`;
  const [x0, y0, x1, y1] = one.box;
  const [wide, high] = one.size;
  Object.assign(place.style, { left: `${(100 * x0) / wide}%`, top: `${(100 * y0) / high}%`, width: `${(100 * (x1 - x0)) / wide}%`, height: `${(100 * (y1 - y0)) / high}%` });
  made.append(whole, place);
  return made;
}

function judge(made, right) {
  const { image } = made.dataset;
  if (judged.get(image)?.right === right) judged.delete(image);
  else judged.set(image, { one: results.find((one) => one.image === image), right });
  mark(made);
  count();
}

function mark(made) {
  const said = judged.get(made.dataset.image)?.right;
  made.classList.toggle("right", said === true);
  made.classList.toggle("wrong", said === false);
  for (const button of made.querySelectorAll("button")) button.setAttribute("aria-pressed", String(said) === button.dataset.right);
}

const wanted = () => results.filter((one) => judged.get(one.image)?.right !== false);

function count() {
  again.disabled = !judged.size;
  if (queue) queue.textContent = `Queue ${number.format(wanted().length)}`;
}

async function put() {
  const name = document.getElementById("into");
  if (!name.value.trim()) return name.focus();
  const images = wanted().map((one) => [one.image, one.box]);
  const told = await ask("/api/queues", { name: name.value, images, why });
  if (!told) return;
  const note = document.getElementById("queued");
  const link = Object.assign(document.createElement("a"), { href: `/?queue=${encodeURIComponent(told.queue)}`, textContent: told.queue });
  note.replaceChildren(`Put ${number.format(told.queued)} images into the queue `, link, ".");
  note.hidden = false;
}

function clicked(event) {
  const made = event.target.closest("li");
  const button = event.target.closest("button");
  if (button) judge(made, button.dataset.right === "true");
  else if (event.target.closest("img")) panel.show(made.dataset.image);
}

function pressed(event) {
  if (elsewhere(event)) return;
  const made = document.activeElement.closest?.("#results > li");
  const key = letter(event);
  const step = { ArrowRight: made?.nextElementSibling, ArrowLeft: made?.previousElementSibling }[key];
  if (key === "r" && !again.disabled) find();
  else if (step) step.focus();
  else if (key === "ArrowRight" && !made) list.firstElementChild?.focus();
  else if (made && key === "Enter" && event.target === made) panel.show(made.dataset.image);
  else if (made && ["+", "-"].includes(key)) judge(made, key === "+");
  else return;
  event.preventDefault();
}

function wait(text) {
  document.getElementById("waiting").textContent = text;
}

function refuse(text) {
  const note = document.getElementById("refused");
  note.textContent = text;
  note.hidden = !text;
}
