// The table of runs: sorted, searched and drawn here, with its state in the address.
//
// All rows come at once from data-rows; of thousands only those in sight are in the page (rows.js).
// While a run goes on, its row and new ones are asked for every few seconds.

import { typing } from "./keys.js";
import { Rows } from "./rows.js";
import { draw, scales } from "./runrow.js";

const SOON = 2000; // ms until asked again while a run goes on
const LATER = 10000; // and while none does
const MOST = 6; // runs in a comparison
const SORTS = {
  when: ["When", (run) => run.created, -1],
  score: ["Score", (run) => run.value, -1],
  because: ["Because", (run) => run.because, 1],
  verdict: ["Verdict", (run) => ["helped", "no difference seen", "hurt"].indexOf(run.verdict) + 1 || null, 1],
  seconds: ["Time", (run) => run.seconds, 1],
  ms: ["ms/image", (run) => run.ms, 1],
  stage: ["Stage", (run) => ["smoke", "holdout", "folds"].indexOf(run.stage), -1],
  id: ["Run", (run) => mark(run), 1],
}; // what it is called, by what, and which way first: 1 up, -1 down

const table = document.getElementById("runs");
const form = document.getElementById("filter");
const picked = document.getElementById("picked");
// "lr = 0.01" and "lr=0.01" are one thing to search for.
const plain = (text) => text.normalize("NFKC").toLowerCase().replace(/\s*=\s*/g, "=");
const order = new Intl.Collator("ja", { numeric: true });

const state = { text: "", sort: "when", way: -1, picks: [] };
let runs = new Map(); // id → run
let best = null;

const list = new Rows(table, (run, row) => draw(run, row, {
  best: run.id === best, scale: scale[run.metric], picked: state.picks.includes(run.id), several: Object.keys(scale).length > 1,
}));
let scale = {};

start();

async function start() {
  restore();
  for (const [key, [name]] of Object.entries(SORTS)) {
    form.elements.sort.append(new Option(`${name} ↑`, key), new Option(`${name} ↓`, `-${key}`));
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.text.addEventListener("input", () => { state.text = form.elements.text.value; changed(); });
  form.elements.sort.addEventListener("change", () => sortBy(form.elements.sort.value));
  table.tHead.addEventListener("click", (event) => {
    const key = event.target.closest("[data-sort]")?.dataset.sort;
    if (key) sortBy((key === state.sort ? -state.way : SORTS[key][2]) < 0 ? `-${key}` : key);
  });
  table.addEventListener("change", (event) => pick(event.target));
  picked.querySelector(".clear").addEventListener("click", () => { state.picks = []; changed(); });
  addEventListener("popstate", () => { restore(); show(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !typing()) {
      event.preventDefault();
      form.elements.text.focus();
    }
  });
  await ask("");
  again();
}

function again() {
  const going = [...runs.values()].filter((run) => run.status === "running");
  setTimeout(async () => {
    if (!document.hidden) {
      const asked = new URLSearchParams(going.map((run) => ["ids", run.id]));
      asked.set("after", [...runs.values()].reduce((last, run) => (run.created > last ? run.created : last), ""));
      await ask(`?${asked}`);
    }
    again();
  }, going.length ? SOON : LATER);
}

async function ask(query) {
  let said;
  try {
    said = await (await fetch(table.dataset.rows + query)).json();
  } catch {
    return; // the server is gone for now: what is known stays
  }
  if (!said.runs || (query && !said.runs.length && said.best === best)) return;
  best = said.best;
  for (const run of said.runs) {
    run.found = plain([run.because, run.id, run.stage, run.verdict, run.settings, run.conclusion, ...run.tags].join("\n"));
    runs.set(run.id, run);
  }
  scale = scales(runs.values());
  show();
}

function sortBy(text) {
  state.way = text.startsWith("-") ? -1 : 1;
  state.sort = text.replace(/^-/, "");
  scrollTo(0, 0);
  changed();
}

function pick(box) {
  if (!box.matches(".tick")) return;
  const others = state.picks.filter((id) => id !== box.value);
  if (box.checked && others.length >= MOST) box.checked = false;
  state.picks = box.checked ? [...others, box.value] : others;
  changed();
}

// Write the state to the address, and draw.
function changed() {
  const address = new URLSearchParams();
  if (state.text.trim()) address.set("text", state.text);
  const sort = (state.way < 0 ? "-" : "") + state.sort;
  if (sort !== "-when") address.set("sort", sort);
  if (state.picks.length) address.set("runs", state.picks.join(","));
  history.replaceState(null, "", address.size ? `?${address}` : location.pathname);
  show();
}

function restore() {
  const address = new URLSearchParams(location.search);
  const sort = address.get("sort") ?? "-when";
  const key = sort.replace(/^-/, "");
  state.text = form.elements.text.value = address.get("text") ?? "";
  state.sort = key in SORTS ? key : "when";
  state.way = !(key in SORTS) || sort.startsWith("-") ? -1 : 1;
  state.picks = (address.get("runs") ?? "").split(",").filter(Boolean).slice(0, MOST);
}

function show() {
  const words = plain(state.text).split(/\s+/).filter(Boolean);
  const wanted = [...runs.values()].filter((run) => words.every((word) => run.found.includes(word)));
  list.show(wanted.sort(compare));
  const many = (number) => number.toLocaleString("en");
  document.getElementById("count").textContent =
    (wanted.length < runs.size ? `${many(wanted.length)} of ` : "") + `${many(runs.size)} ${runs.size === 1 ? "run" : "runs"}`;
  document.getElementById("nothing").hidden = wanted.length > 0;
  table.hidden = !wanted.length;
  for (const head of table.tHead.querySelectorAll("[data-sort]")) {
    const here = head.dataset.sort === state.sort;
    const cell = head.closest("th");
    if (here) cell.setAttribute("aria-sort", state.way < 0 ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
  form.elements.sort.value = (state.way < 0 ? "-" : "") + state.sort;
  showPicked();
}

function showPicked() {
  const count = state.picks.length;
  picked.hidden = !count;
  const link = picked.querySelector("a");
  picked.querySelector("span").textContent =
    count < 2 ? "1 chosen; choose 2 to 6" : count < MOST ? `${count} chosen` : `${count} chosen, no more than that`;
  link.classList.toggle("off", count < 2);
  if (count < 2) link.removeAttribute("href");
  else link.href = `/compare?runs=${state.picks.join(",")}`;
}

// What is not known comes last, whichever way; equals stay newest first.
function compare(one, other) {
  const [, key] = SORTS[state.sort];
  const [a, b] = [key(one), key(other)];
  const missing = (a == null) - (b == null);
  if (missing) return missing;
  const way = typeof a === "string" ? (state.sort === "when" ? (a < b ? -1 : a > b ? 1 : 0) : order.compare(a, b)) : a - b;
  return (state.way * way) || (one.created < other.created ? 1 : -1);
}

function mark(run) {
  return run.id.slice(run.id.lastIndexOf("-") + 1);
}
