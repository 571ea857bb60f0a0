// One run: its curves with the parent's behind them, its pictures; asked again while it goes on.

import { Chart, ordered } from "./chart.js";
import { duration, make } from "./runrow.js";

const SOON = 2000; // ms until asked again
const page = document.getElementById("run");
const charts = new Map(); // metric → chart
const log = document.getElementById("log");
let own = { curves: {} };
let parent = { curves: {} };

start();

async function start() {
  log.checked = new URLSearchParams(location.search).has("log");
  log.addEventListener("change", () => {
    history.replaceState(null, "", log.checked ? "?log" : location.pathname);
    drawCurves();
  });
  if (page.dataset.parent) ask(page.dataset.parent).then((said) => { parent = said ?? parent; drawCurves(); });
  let began = true;
  for (;;) {
    const said = document.hidden && !began ? null : await ask(page.dataset.run);
    if (said) {
      own = said;
      drawCurves();
      drawPictures();
      drawLive();
      if (own.run.status !== "running") {
        if (page.dataset.status === "running") location.reload(); // to its scores and answers
        return;
      }
    }
    began = false;
    await new Promise((later) => setTimeout(later, SOON));
  }
}

async function ask(id) {
  try {
    const response = await fetch(`/api/runs/${encodeURIComponent(id)}`);
    return response.ok ? await response.json() : null;
  } catch {
    return null; // the server is gone for now: what is known stays
  }
}

function drawCurves() {
  const names = ordered(Object.keys(own.curves));
  const list = document.getElementById("curves");
  document.getElementById("curves-part").hidden = !names.length;
  document.getElementById("of-parent").hidden = !names.some((name) => parent.curves[name]);
  for (const [place, name] of names.entries()) {
    if (!charts.has(name)) charts.set(name, new Chart(name));
    const chart = charts.get(name);
    if (list.children[place] !== chart.figure) list.insertBefore(chart.figure, list.children[place] ?? null);
    const before = parent.curves[name] ? [{ label: "parent", colour: 1, faint: true, points: parent.curves[name] }] : [];
    chart.show([...before, { label: "this run", colour: 0, points: own.curves[name] }], log.checked);
  }
}

function drawLive() {
  const live = own.run.live;
  const box = document.getElementById("live");
  box.hidden = !live;
  if (!live) return;
  const bar = box.querySelector("progress");
  const seconds = (Date.now() - Date.parse(own.run.created)) / 1000;
  if (live.share === null) bar.removeAttribute("value");
  else bar.value = live.share;
  const left = live.left === null ? "" : `about ${duration(live.left)} left`;
  const epoch = live.epoch === null ? "" : `epoch ${live.epoch}${page.dataset.epochs ? ` of ${page.dataset.epochs}` : ""}`;
  box.querySelector("span").textContent = [epoch, live.step === null ? "" : `step ${live.step}`, duration(seconds), left].filter(Boolean).join(" · ");
}

// Pictures named …-epoch-N are one strip with a slider; others stand side by side.
const shown = new Map(); // strip → its parts
const known = new Set();

function drawPictures() {
  const strips = {};
  for (const [name, address] of Object.entries(own.pictures)) {
    const [, stem, epoch] = name.match(/^(.*)-epoch-(\d+)\.\w+$/) ?? [];
    if (stem) (strips[stem] ??= []).push({ epoch: Number(epoch), address });
    else if (!known.has(name)) addPicture(name, address);
    known.add(name);
  }
  for (const [stem, frames] of Object.entries(strips)) {
    drawStrip(stem, frames.sort((a, b) => a.epoch - b.epoch));
  }
  document.getElementById("pictures-part").hidden = !known.size;
}

function addPicture(name, address) {
  const image = make("img", "");
  Object.assign(image, { src: address, alt: name, loading: "lazy" });
  const link = make("a", "", image);
  link.href = address;
  document.getElementById("pictures").append(make("figure", "drawn", link, make("figcaption", "faint", name.replace(/\.\w+$/, ""))));
}

function drawStrip(stem, frames) {
  let strip = shown.get(stem);
  if (!strip) {
    strip = { image: make("img", ""), slider: make("input", ""), said: make("output", "number") };
    strip.image.alt = stem;
    Object.assign(strip.slider, { type: "range", min: 0, max: 0, value: 0, step: 1 });
    strip.slider.setAttribute("aria-label", `${stem}: epoch`);
    strip.slider.addEventListener("input", () => showFrame(strip));
    document.getElementById("strips").append(make("figure", "strip", strip.image, make("figcaption", "", make("span", "faint", stem), strip.slider, strip.said)));
    shown.set(stem, strip);
  }
  const last = !strip.frames || Number(strip.slider.value) === strip.frames.length - 1;
  strip.frames = frames;
  strip.slider.max = frames.length - 1;
  if (last) strip.slider.value = frames.length - 1; // who looks at the newest stays with it
  for (const frame of frames) (frame.image ??= new Image()).src = frame.address; // no flicker when the slider moves
  showFrame(strip);
}

function showFrame(strip) {
  const frame = strip.frames[Number(strip.slider.value)];
  if (strip.image.getAttribute("src") !== frame.address) strip.image.src = frame.address;
  strip.said.textContent = `epoch ${frame.epoch}`;
  strip.slider.setAttribute("aria-valuetext", `epoch ${frame.epoch}`);
}
