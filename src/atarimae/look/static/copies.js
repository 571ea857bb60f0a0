// Copies beside each other: closer in step, blinking or as their difference, and which to keep.

import { name } from "./asking.js";
import { AWAY, Edits, told } from "./edits.js";
import { elsewhere, help, letter } from "./keys.js";
import { Toast } from "./toast.js";

const VIEWS = ["side", "blink", "difference"];
const KEYS = {
  1: "left", 2: "right", 3: "both", n: "next", ArrowRight: "next", p: "previous", ArrowLeft: "previous", u: "undo", r: "redo",
  v: "view", "+": "closer", ";": "closer", "-": "farther", t: "turn", 0: "whole", "?": "help",
};
const EDITING = new Set(["left", "right", "both", "undo", "redo"]);
const TOLD = [
  ["1 2", "Keep the left, the right: the other is removed from the data"],
  ["3", "Keep both, in one group"],
  ["n p", "Next, previous (→ ←)"],
  ["v", "Side by side, blinking, as their difference"],
  ["+ - 0", "Closer in step, farther, whole"],
  ["t", "Turn and mirror the right one"],
  ["u r", "Undo, redo"],
  ["?", "These keys"],
];
const AGAIN = 1500; // ms until the checks are asked again
const number = new Intl.NumberFormat("en");

class Copies {
  constructor() {
    this.box = document.getElementById("twins");
    this.panes = [...this.box.querySelectorAll("figure")];
    this.pairs = [];
    this.place = 0;
    this.decided = []; // places, the latest last
    this.zoom = { by: 1, x: 0.5, y: 0.5 };
    if (document.body.dataset.edit) {
      const { version, workspace, me } = document.getElementById("filter").dataset;
      this.toast = new Toast();
      this.edits = new Edits({ version: Number(version), workspace, named: () => name(this.toast) });
      if (!me) name(this.toast);
    }
    document.addEventListener("keydown", (event) => this.#pressed(event));
    document.addEventListener("click", (event) => {
      const what = event.target.closest("[data-do]")?.dataset.do;
      if (what && this.pairs.length) this[what]();
    });
    this.box.addEventListener("wheel", (event) => this.#rolled(event), { passive: false });
    this.box.addEventListener("pointermove", (event) => this.#dragged(event));
    this.#load();
  }

  // ---- what the keys do

  left() {
    const { left, right } = this.#pair();
    return this.#decide("remove", [right], {}, `${short(right)} removed`, `Kept ${left.path}`);
  }

  right() {
    const { left, right } = this.#pair();
    return this.#decide("remove", [left], {}, `${short(left)} removed`, `Kept ${right.path}`);
  }

  // So that no split parts them, and nobody is asked again.
  both() {
    const { left, right } = this.#pair();
    const group = left.group ?? right.group ?? `copies ${left.image.slice(0, 8)}`;
    return this.#decide("change", [left, right], { columns: { group } }, `Both kept, in group ${group}`, "Kept both");
  }

  next() {
    this.#show(this.place + 1);
  }

  previous() {
    this.#show(this.place - 1);
  }

  undo() {
    return this.#back(() => this.edits.undo(), "Undone");
  }

  redo() {
    return this.#back(() => this.edits.redo(), "Done again");
  }

  view() {
    const at = VIEWS.indexOf(this.box.dataset.view);
    this.box.dataset.view = VIEWS[(at + 1) % VIEWS.length];
  }

  closer() {
    this.#zoomed(1.5);
  }

  farther() {
    this.#zoomed(1 / 1.5);
  }

  whole() {
    this.zoom = { by: 1, x: 0.5, y: 0.5 };
    this.#place();
  }

  help() {
    help(TOLD.filter(([keys]) => this.edits || !EDITING.has(KEYS[keys[0]])));
  }

  turn() {
    this.turned = ((this.turned ?? 0) + 1) % 8;
    this.#place();
  }

  // ---- how

  #pair() {
    return this.pairs[this.place];
  }

  async #load() {
    const said = await this.#fetched(0);
    if (!said) return;
    this.pairs = said.pairs;
    this.total = said.total;
    if (!said.total) tell("No copies are left to decide on.");
    this.#show(0);
  }

  // One answer of pairs, once the checks are through; null where there is none.
  async #fetched(start) {
    for (;;) {
      const response = await fetch(`/api/copies?start=${start}`).catch(() => null);
      const said = await response?.json();
      if (!response?.ok) {
        tell(said ? `${said.error.what} ${said.error.fix}` : AWAY);
        return null;
      }
      tell(said.pairs ? "" : said.said || "The checks are at work");
      if (said.pairs) return said;
      await new Promise((over) => { setTimeout(over, AGAIN); });
    }
  }

  // Pairs that no answer had yet, behind the others: what is decided on is not told again, the rest is.
  async #more() {
    await this.edits?.queue; // what is on its way is decided
    const known = new Set(this.pairs.map(key));
    for (let start = 0; ; ) {
      const said = await this.#fetched(start);
      if (!said) return;
      const fresh = said.pairs.filter((pair) => !known.has(key(pair)));
      this.pairs.push(...fresh);
      start += said.pairs.length;
      if (fresh.length) return;
      if (!said.pairs.length || start >= said.total) {
        this.total = this.pairs.length;
        return;
      }
    }
  }

  async #show(place) {
    if (place >= this.pairs.length && this.pairs.length < this.total) {
      this.asking ??= this.#more().finally(() => { this.asking = null; });
      await this.asking;
    }
    if (place < 0 || place >= this.pairs.length) {
      if (this.pairs.length && place >= this.pairs.length) this.toast?.say("That was the last of them.");
      return;
    }
    this.place = place;
    this.turned = 0;
    const pair = this.#pair();
    this.box.hidden = false;
    document.getElementById("count").textContent = `${number.format(place + 1)} of ${number.format(this.total)}`;
    document.getElementById("evidence").textContent = `${pair.check}: ${pair.evidence} ${pair.fix}`;
    [pair.left, pair.right].forEach((item, side) => this.#draw(this.panes[side], item));
    this.whole();
    const beside = this.pairs[place + 1];
    for (const item of beside ? [beside.left, beside.right] : []) new Image().src = picture(item);
  }

  #draw(pane, item) {
    const image = pane.querySelector("img");
    image.src = picture(item);
    image.alt = item.path;
    pane.classList.toggle("gone", item.gone);
    const name = document.createElement("b");
    name.textContent = item.labels.join(" · ") || "no label";
    const path = document.createElement("span");
    path.textContent = item.path;
    const facts = document.createElement("span");
    facts.className = "faint number";
    const size = `${number.format(item.width)} × ${number.format(item.height)} px, ${item.format}, ${number.format(Math.ceil(item.bytes / 1000))} kB`;
    facts.textContent = [size, item.split, item.group && `group ${item.group}`, item.gone && "removed"].filter(Boolean).join(" · ");
    pane.querySelector("figcaption").replaceChildren(name, path, facts);
  }

  #zoomed(by, x = this.zoom.x, y = this.zoom.y) {
    this.zoom = { by: Math.max(1, Math.min(32, this.zoom.by * by)), x, y };
    this.#place();
  }

  // Both in step: the point under the pointer stays where it is.
  #place() {
    const { by, x, y } = this.zoom;
    const turn = this.turned ?? 0;
    this.panes.forEach((pane, side) => {
      const image = pane.querySelector("img");
      const turning = side && turn ? ` rotate(${(turn % 4) * 90}deg)${turn > 3 ? " scaleX(-1)" : ""}` : "";
      image.style.transformOrigin = turning && by === 1 ? "center" : `${100 * x}% ${100 * y}%`;
      image.style.transform = `scale(${by})${turning}`;
      image.style.imageRendering = by > 4 ? "pixelated" : "auto";
    });
  }

  #at(event) {
    const pane = event.target.closest(".pane");
    if (!pane) return null;
    const box = pane.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  #rolled(event) {
    const at = this.#at(event);
    if (!at) return;
    event.preventDefault();
    const [x, y] = this.zoom.by > 1 ? [this.zoom.x, this.zoom.y] : at;
    this.#zoomed(event.deltaY < 0 ? 1.25 : 0.8, x, y);
  }

  #dragged(event) {
    if (!event.buttons || this.zoom.by === 1) return;
    const pane = event.target.closest(".pane");
    if (!pane) return;
    const { width, height } = pane.getBoundingClientRect();
    const within = (value) => Math.max(0, Math.min(1, value));
    this.zoom.x = within(this.zoom.x - event.movementX / width / (this.zoom.by - 1));
    this.zoom.y = within(this.zoom.y - event.movementY / height / (this.zoom.by - 1));
    this.#place();
  }

  async #decide(kind, items, more, text, why) {
    const pair = this.#pair();
    if (!pair || items.some((item) => item.gone)) return;
    const { place } = this;
    const saved = this.#asked(() => this.edits.edit(kind, { items }, { why, finding: pair.check, ...more }));
    this.next();
    const answer = await saved;
    if (!answer) return;
    this.decided.push(place);
    this.#take(answer);
    this.toast.say(text, [["Undo", () => this.undo()]]);
  }

  async #back(act, text) {
    const answer = await this.#asked(act);
    if (!answer) return;
    this.#take(answer);
    const paths = new Set([...answer.items.map((item) => item.path), ...(answer.gone ?? [])]);
    const has = ({ left, right }) => paths.has(left.path) || paths.has(right.path);
    const place = this.decided.findLast((one) => has(this.pairs[one])) ?? this.pairs.findIndex(has); // a file is in several
    if (place >= 0) this.#show(place);
    this.toast.say(told(text, answer), [text === "Undone" ? ["Redo", () => this.redo()] : ["Undo", () => this.undo()]]);
  }

  #take({ items, gone = [] }) {
    const fresh = new Map(items.map((item) => [item.path, item]));
    for (const pair of this.pairs) {
      for (const side of ["left", "right"]) {
        Object.assign(pair[side], fresh.get(pair[side].path));
        if (gone.includes(pair[side].path)) pair[side].gone = true;
      }
    }
    const pair = this.#pair();
    [pair.left, pair.right].forEach((item, side) => this.#draw(this.panes[side], item));
  }

  async #asked(act) {
    try {
      return await act();
    } catch (error) {
      this.toast.say(error.message, [], true);
      return null;
    }
  }

  #pressed(event) {
    if (elsewhere(event)) return;
    const what = KEYS[letter(event)];
    if (!what || (!this.pairs.length && what !== "help") || (EDITING.has(what) && !this.edits)) return;
    event.preventDefault();
    if (event.repeat && EDITING.has(what)) return; // once, however long it is held
    this[what]();
  }
}

function tell(text) {
  document.getElementById("waiting").textContent = text;
}

function key({ left, right }) {
  return JSON.stringify([left.path, right.path]);
}

function picture(item) {
  return `/picture/${item.image}.webp`;
}

function short(item) {
  return item.path.split("/").pop();
}

new Copies();
