// The page of the map: what is drawn, by what it is coloured, and what was chosen on it.

import { inside } from "./inside.js";
import { elsewhere, help, obey } from "./keys.js";
import { Legend } from "./legend.js";
import { Panel } from "./panel.js";
import { Plot } from "./plot.js";
import { leave, watch } from "./seen.js";

const AGAIN = 700; // ms until a map that is being made is asked for again
const SHOWN = 60; // chosen images that are shown beside the map
const HASH = 32; // bytes
const number = new Intl.NumberFormat("en");
const at = (id) => document.getElementById(id);

const KEYS = [
  ["l", "Lasso: a drag chooses, or not; with Shift held it adds, with Alt it takes away", () => at("lasso").click()],
  ["a", "Choose all in sight", () => at("sight").click()],
  ["g", "Show what is chosen in the grid", () => { if (chosen.size) at("to-grid")?.click(); }],
  ["Escape", "Choose nothing, and put the lasso away", () => { lasso(false); choose([], "replace"); }],
  ["+", "Nearer", () => plot.go(0.8)],
  ["-", "Farther", () => plot.go(1.25)],
  ["0", "The whole map", () => plot.whole()],
  ["arrows", "Move, where the map has the focus; in an image, the next chosen one"],
  ["?", "These keys", () => help(KEYS.filter(([key]) => key !== "g" || at("to-grid")))],
];
const MOVES = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };

const form = at("map-choice");
const chosen = new Set(); // numbers of images
let map = null; // what /api/map says of the one that is drawn
let places = new Float32Array(0);
let turn = 0;

const panel = new Panel({ step, closed: () => { open = -1; } });
const plot = new Plot(at("plot"), { hovered, opened: (one) => { if (one >= 0) openAt([...chosen].indexOf(one), one); }, lassoed });
const legend = new Legend(at("legend"), redraw);
let open = -1; // place among the chosen of the image in the panel

restore();
form.addEventListener("change", (event) => {
  write();
  if (event.target.name === "by") coloured(turn);
  else arranged();
});
at("lasso").addEventListener("click", () => lasso(at("lasso").getAttribute("aria-pressed") !== "true"));
at("whole").addEventListener("click", () => plot.whole());
at("sight").addEventListener("click", () => lassoed(plot.sight(), "replace"));
at("unchoose").addEventListener("click", () => choose([], "replace"));
at("to-grid")?.addEventListener("click", toGrid);
at("chosen").addEventListener("click", (event) => {
  const one = event.target.closest("button");
  if (one) openAt(Number(one.dataset.place), Number(one.dataset.number));
});
addEventListener("keydown", pressed);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
arranged();

function restore() {
  const state = new URLSearchParams(location.search);
  for (const field of form.elements) {
    const there = [...(field.options ?? [])].some((one) => one.value === state.get(field.name));
    if (there) field.value = state.get(field.name); // what is none of them stays as it is
  }
}

function write() {
  history.replaceState(null, "", `?${new URLSearchParams(new FormData(form))}`);
}

// Ask for the map until it is there; PCA meanwhile, where neighbours take their time.
async function arranged() {
  const mine = ++turn;
  const { run, kind } = Object.fromEntries(new FormData(form));
  for (;;) {
    const said = await asked(`/api/map?${new URLSearchParams({ run, kind })}`);
    if (mine !== turn) return;
    if (said.error) return refused(said.error);
    if (said.map) return show(said, mine);
    tell(`${said.said || "Working it out"} …`);
    if (!map && kind !== "pca") {
      const first = await asked(`/api/map?${new URLSearchParams({ run, kind: "pca" })}`);
      if (mine !== turn) return;
      if (first.map) await show(first, mine);
      tell(`PCA until neighbours are arranged: ${said.said} …`);
    }
    await new Promise((over) => setTimeout(over, AGAIN));
    if (mine !== turn) return;
  }
}

async function show(said, mine) {
  const found = new Float32Array(await (await fetch(`/api/map/${said.map}/places`)).arrayBuffer());
  if (mine !== turn) return;
  const same = map?.said.of === said.of; // what was chosen on the one stays chosen on the other
  map = { hash: said.map, said };
  places = found;
  if (!same) choose([], "replace", false);
  plot.show(places);
  await coloured(mine);
}

async function coloured(mine) {
  if (!map) return;
  const by = form.elements.by.value;
  const shown = map.hash;
  let said;
  for (;;) {
    said = await asked(`/api/map/${shown}/colours?${new URLSearchParams({ by })}`);
    if (mine !== turn || by !== form.elements.by.value || shown !== map.hash) return;
    if (said.error) return refused(said.error);
    if (said.codes) break;
    tell(`Looking for wrong labels: ${said.said} …`);
    await new Promise((over) => setTimeout(over, AGAIN));
  }
  legend.show(by, said);
  redraw();
  at("plot").setAttribute("aria-label", `Map of ${number.format(said.codes.length)} images`);
  tell(`${number.format(said.codes.length)} images, by ${map.said.by}. ${said.note ?? ""}`);
}

function redraw() {
  if (legend.said) plot.draw(legend.shade(), legend.palette, chosen);
}

// Only what is shown can be chosen.
function lassoed(polygon, how) {
  const shade = legend.shade();
  choose(inside(places, polygon).filter((one) => shade[one] >= 0), how);
}

function choose(numbers, how, draw = true) {
  if (how === "replace") chosen.clear();
  for (const one of numbers) how === "remove" ? chosen.delete(one) : chosen.add(one);
  at("choice").hidden = !chosen.size;
  at("how").hidden = chosen.size > 0;
  at("count").textContent = `${number.format(chosen.size)} chosen`;
  if (draw) redraw();
  beside();
}

async function beside() {
  const numbers = [...chosen].slice(0, SHOWN);
  const rest = chosen.size - numbers.length;
  at("rest").textContent = rest ? `and ${number.format(rest)} more in the grid` : "";
  if (!numbers.length) return at("chosen").replaceChildren();
  const items = await told(numbers);
  if (numbers.length !== Math.min(SHOWN, chosen.size) || numbers.some((one) => !chosen.has(one))) return;
  for (const row of at("chosen").children) leave(row);
  at("chosen").replaceChildren(...items.map((item, place) => thumb(item, place, numbers[place])));
}

async function told(numbers) {
  const wanted = new URLSearchParams(numbers.map((one) => ["number", one]));
  const items = await asked(`/api/map/${map.hash}/items?${wanted}`);
  return Array.isArray(items) ? items : [];
}

function thumb(item, place, one) {
  const row = document.createElement("li");
  row.innerHTML = '<button type="button"><img class="thumb" alt="" loading="lazy"><span class="caption"></span></button>';
  const [picture, words] = row.firstChild.children;
  Object.assign(row.firstChild.dataset, { place, number: one });
  row.firstChild.title = item.path;
  picture.addEventListener("load", () => { if (row.isConnected) watch(row, item.image); });
  picture.src = `/thumbnail/${item.image}.webp`;
  words.textContent = caption(item);
  return row;
}

function caption(item) {
  return item.labels.join(" · ") || item.path.split("/").pop();
}

let over = -1;
async function hovered(one, pressed) {
  const card = at("hover");
  if (one < 0 || pressed) { over = -1; card.hidden = true; return; }
  if (one === over) return;
  over = one;
  const [item] = await told([one]);
  if (over !== one || !item) return;
  const picture = card.querySelector("img");
  picture.removeAttribute("src"); // else the last one stays until this one is there
  picture.src = `/thumbnail/${item.image}.webp`;
  card.querySelector(".caption").textContent = caption(item);
  card.querySelector(".path").textContent = item.path;
  card.hidden = false;
  const [x, y] = plot.pixel(one);
  const { clientWidth: wide, clientHeight: high } = at("plot");
  card.style.left = `${x + 16 + card.offsetWidth > wide ? Math.max(0, x - 16 - card.offsetWidth) : x + 16}px`;
  card.style.top = `${Math.max(0, Math.min(high - card.offsetHeight, y - card.offsetHeight / 2))}px`;
}

async function openAt(place, one) {
  const [item] = await told([one]);
  if (!item) return;
  open = place;
  panel.show(item.image, place < 0 ? "" : `${number.format(place + 1)} of ${number.format(chosen.size)}`);
}

async function step(by) {
  const to = open + by;
  if (open < 0 || to < 0 || to >= chosen.size) return null;
  open = to;
  const [item] = await told([[...chosen][to]]);
  return item && open === to ? { image: item.image, place: `${number.format(to + 1)} of ${number.format(chosen.size)}` } : null;
}

async function toGrid() {
  const bytes = new Uint8Array(await (await fetch(`/api/map/${map.hash}/images`)).arrayBuffer());
  const hex = (one) => Array.from(bytes.subarray(HASH * one, HASH * (one + 1)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const body = JSON.stringify({ images: [...chosen].map(hex) });
  const said = await asked("/api/sets", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (said.error) refused(said.error);
  else location.href = said.address;
}

function lasso(on) {
  at("lasso").setAttribute("aria-pressed", on);
  plot.draws(on);
}

function pressed(event) {
  if (obey(KEYS, event) || elsewhere(event)) return;
  const move = document.activeElement === at("plot") && MOVES[event.key];
  if (!move) return;
  event.preventDefault();
  plot.go(1, ...move);
}

async function asked(address, how) {
  try {
    return await (await fetch(address, how)).json();
  } catch {
    return { error: { what: "No answer came.", found: "", fix: "Is the server still there?" } };
  }
}

function tell(text) {
  at("said").classList.remove("bad");
  at("said").textContent = text;
}

function refused({ what, found, fix }) {
  tell([what, found, fix].filter(Boolean).join(" "));
  at("said").classList.add("bad");
}
