// The page of images: filter, grid and panel, with their state in the address.

import { Grid } from "./grid.js";
import { help, obey, typing } from "./keys.js";
import { narrowed } from "./narrowed.js";
import { Panel } from "./panel.js";

const form = document.getElementById("filter");
const box = document.getElementById("grid");
const number = new Intl.NumberFormat("en");
let open = -1; // place of the image in the panel

if (box) start();

async function start() {
  let later, desk;
  const early = []; // key presses that were there before the desk
  const moved = () => desk?.moved();
  const grid = new Grid(box, { open: show, counted, failed, moved });
  const panel = new Panel({ step, closed, shown: moved });
  const find = () => { panel.dialog.close(); form.elements.text.focus(); };
  const reading = [
    ["/", "Go to the filter", find],
    ["← → ↑ ↓", "From image to image, once one has the focus"],
    ["Enter", "The image, large"],
    ["?", "These keys", () => help(reading)],
  ];

  form.elements.label.addEventListener("focus", listed, { once: true });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target.id === "kept") return;
    clearTimeout(later);
    later = setTimeout(filtered, event.target.type === "search" ? 150 : 0);
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const field of form.elements) if (field.name) field.value = "";
    filtered();
  });
  document.getElementById("kept").addEventListener("change", (event) => {
    event.stopPropagation();
    if (event.target.value) location.href = `/filter/${encodeURIComponent(event.target.value)}`;
  });
  addEventListener("popstate", restore);
  document.addEventListener("keydown", (event) => {
    if (desk || event.defaultPrevented || obey(reading, event)) return;
    if (document.body.dataset.edit && !typing()) early.push(event);
  });
  await restore();
  if (document.body.dataset.edit) {
    // After the first pictures, which wait for less so; whoever has left the page by then needs none.
    const made = await import("./desk.js").catch(() => null);
    if (made) desk = new made.Desk({ grid, panel, at: () => open, find });
    moved();
    for (const event of early) {
      // Unless somebody has gone on meanwhile: it would mean another image.
      if (event.target === document.activeElement) event.target.dispatchEvent(new KeyboardEvent(event.type, event));
    }
  }

  function filtered() {
    write(wanted());
    scrollTo(0, 0);
    grid.show(wanted());
  }

  async function restore() {
    const state = new URLSearchParams(location.search);
    for (const field of form.elements) if (field.name) put(field, state.get(field.name) ?? "");
    const image = state.get("open") ?? "";
    const place = await grid.show(wanted(), image);
    if (!image) return;
    open = place ?? -1;
    if (open >= 0) grid.reveal(open, false);
    panel.show(image, said(open));
  }

  async function show(place) {
    open = place;
    const item = await grid.at(place);
    if (!item || open !== place) return;
    write(wanted(), item.image);
    panel.show(item.image, said(place));
  }

  async function step(by) {
    const to = open + by;
    if (open < 0 || to < 0 || to >= grid.total) return null;
    open = to; // at once, so that a key that follows goes on from here
    const item = await grid.at(to);
    if (!item || open !== to) return null;
    write(wanted(), item.image);
    grid.reveal(to, false);
    return { image: item.image, place: said(to) };
  }

  function closed() {
    write(wanted());
    const place = open;
    open = -1;
    if (place >= 0) grid.reveal(place);
    moved();
  }

  function said(place) {
    return place < 0 ? "" : `${number.format(place + 1)} of ${number.format(grid.total)}`;
  }
}

// All labels to choose from: thousands would slow the first paint, so they come when they are asked for.
async function listed() {
  const said = await (await fetch("/api/classes")).json();
  const options = [["-", "without a label"], ...said.classes.map(([name, count]) => [name, number.format(count)])];
  document.getElementById("labels").replaceChildren(...options.map(([value, words]) => new Option(words, value)));
}

// What a list does not have is asked for all the same: nothing fits it then, rather than everything.
function put(field, value) {
  const there = !field.options || [...field.options].some((one) => one.value === value);
  if (!there) field.add(new Option(value, value));
  field.value = value;
}

function wanted() {
  const state = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) state.set(name, value);
  return state;
}

function write(state, image = "") {
  const address = new URLSearchParams(state);
  if (image) address.set("open", image);
  history.replaceState(null, "", address.size ? `?${address}` : location.pathname);
}

function counted(total, all, [seen, images], near) {
  narrowed(form, near);
  const some = total < all ? `${number.format(total)} of ${number.format(all)}` : number.format(all);
  document.getElementById("count").textContent = `${some} ${all === 1 ? "file" : "files"}`;
  document.getElementById("seen").textContent = share(seen, images);
  document.getElementById("clear").hidden = !wanted().size;
  nothing(total === 0, "No image fits this filter.");
}

function failed({ what, found, fix }) {
  nothing(true, `${what} ${found} ${fix}`);
  document.getElementById("clear").hidden = false;
}

function nothing(shown, text) {
  document.getElementById("nothing").hidden = !shown;
  document.querySelector("#nothing p").textContent = text;
}

// Less than all is never rounded up to all, nor more than nothing down to nothing.
function share(seen, images) {
  if (!images || document.body.dataset.shared) return "";
  const percent = (100 * seen) / images;
  const told = percent > 0 && percent < 0.1 ? "< 0.1" : percent > 99.9 && percent < 100 ? "> 99.9" : percent.toFixed(percent % 1 ? 1 : 0);
  return `${told} % seen`;
}
