// The page of one image with its marks: puts the parts together, and hears the keys.

import { see } from "../seen.js";
import { Classes } from "./classes.js";
import { inReadingOrder, moved, turned } from "./geometry.js";
import { List } from "./list.js";
import { Marks } from "./marks.js";
import { paint } from "./paint.js";
import { Proposals } from "./proposals.js";
import { Texts } from "./texts.js";
import { Tools } from "./tools.js";
import { View, ready } from "./view.js";

const REST = 500; // ms after the last arrow key until the mark is saved where it is
const byId = (id) => document.getElementById(id);
const root = byId("annotate");
const image = root.dataset.image;
const editable = root.dataset.editable === "yes";
const tell = byId("said");

start().catch((error) => trouble(error.message));

async function start() {
  const sheet = await ready(image, (share) => {
    byId("making").hidden = share === 1;
    byId("share").value = share;
    byId("percent").textContent = `${Math.floor(100 * share)} %`;
  });
  const page = new Page(sheet);
  await Promise.all([page.marks.load(), page.classes.load(), page.view.opened]);
  page.begin();
}

function trouble(words) {
  byId("making").hidden = true;
  tell.textContent = words;
  tell.hidden = false;
  clearTimeout(trouble.timer);
  trouble.timer = setTimeout(() => { tell.hidden = true; }, 9000);
}

class Page {
  constructor(sheet) {
    const address = new URLSearchParams(location.search);
    this.editable = editable;
    this.trouble = trouble;
    this.tool = "select";
    this.selected = null;
    this.draft = null;
    this.current = null; // the class that new marks get; null until one was chosen
    this.marks = new Marks(image, { changed: () => this.#changed(), trouble });
    this.classes = new Classes(byId("classes"));
    this.list = new List(byId("side"), {
      only: new Set(address.getAll("only")),
      filtered: () => this.#filtered(),
      choose: (id) => this.#go(this.marks.all.find((mark) => mark.id === id)),
    });
    this.view = new View(byId("stage"), image, sheet, (pen, view) => {
      byId("stage").dataset.drawn = paint(pen, view, { marks: this.shown(), selected: this.selected, draft: this.draft });
      this.texts?.place();
    });
    this.texts = new Texts(this.view, this, byId("text"));
    this.tools = new Tools(this.view, this);
    this.proposals = new Proposals(image, this.marks, trouble);
  }

  begin() {
    see(image);
    root.dataset.ready = "yes";
    document.addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("beforeunload", (event) => { if (this.marks.isBehind || this.texts.isTyped) event.preventDefault(); });
    this.view.viewer.canvas.addEventListener("focus", () => { this.passes = false; });
    for (const button of document.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => this.act(button.dataset.do));
    }
    this.#changed();
    this.view.viewer.canvas.focus({ preventScroll: true });
  }

  // The marks that the filter lets through.
  shown() {
    return this.marks.all.filter((mark) => this.list.shows(mark));
  }

  select(mark) {
    this.#rest();
    if (this.texts.mark && mark !== this.texts.mark) this.texts.leave();
    this.selected = mark;
    this.list.point(mark);
    this.told();
    this.view.redraw();
  }

  commit(mark, next) {
    this.marks.change([[mark, next]]);
  }

  async create(kind, shape) {
    if (kind !== "text" && this.current === null) {
      this.draft = { kind, next: shape };
      this.view.redraw();
      this.#uses(await this.classes.choose() ?? "");
      this.draft = null;
    }
    this.select(this.marks.add({ kind, value: kind === "text" ? "" : this.current, ...shape }));
  }

  // What is chosen, in words, and what may be done with it.
  told() {
    const mark = this.selected;
    const who = mark?.score === null ? mark.by && `by ${mark.by}` : mark && `proposed by ${mark.by}, score ${mark.score.toFixed(2)}`;
    const box = mark && mark.box.map((side) => Math.round(side)).join(", ");
    byId("chosen").textContent = mark ? [mark.value || (mark.kind === "text" ? "to be transcribed" : "no class"), `${mark.kind} ${box}`, mark.angle && `${Math.round(mark.angle)}°`, who].filter(Boolean).join(" · ") : "";
    if (editable) byId("class").textContent = this.current || "no class";
    for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", button.dataset.tool === this.tool);
    for (const button of document.querySelectorAll("[data-proposal]")) button.hidden = !mark || mark.score === null;
    root.dataset.tool = this.tool;
  }

  act(name) {
    const acts = {
      select: () => this.#takes("select"), box: () => this.#takes("box"), polygon: () => this.#takes("polygon"), text: () => this.#takes("text"),
      label: () => this.#label(), remove: () => this.#remove(), undo: () => this.marks.undo(), redo: () => this.marks.redo(),
      transcribe: () => this.texts.begin(), next: () => this.#step(1), previous: () => this.#step(-1),
      accept: () => this.#decide("accept"), reject: () => this.#decide("reject"),
      whole: () => this.view.whole(), nearer: () => this.view.zoom(1.5), farther: () => this.view.zoom(1 / 1.5),
      left: () => this.view.rotate(-90), right: () => this.view.rotate(90), help: () => byId("keys").showModal(),
    };
    const reads = ["transcribe", "next", "previous", "whole", "nearer", "farther", "left", "right", "help", "select"];
    if (editable || reads.includes(name)) acts[name]();
  }

  #changed() {
    if (this.selected && !this.marks.all.includes(this.selected)) this.selected = null;
    this.later ??= requestAnimationFrame(() => {
      this.later = null;
      this.list.draw(this.marks.all, this.selected);
      this.list.point(this.selected);
      byId("at-once").hidden = !this.marks.atOnce.length;
      this.told();
    });
    this.view?.redraw();
  }

  #filtered() {
    this.texts.leave();
    const state = new URLSearchParams();
    for (const one of this.list.only) state.append("only", one);
    history.replaceState(null, "", state.size ? `?${state}` : location.pathname);
    if (this.selected && !this.list.shows(this.selected)) this.selected = null;
    this.#changed();
  }

  #takes(tool) {
    this.tools.cancel();
    this.texts.leave();
    this.tool = tool;
    this.told();
  }

  #uses(name) {
    this.current = name;
    this.classes.used(name);
    this.told();
  }

  async #label(name = undefined) {
    const mark = this.selected;
    const chosen = name ?? await this.classes.choose();
    if (chosen === null) return;
    this.#uses(chosen);
    if (mark && mark.kind !== "text" && mark.value !== chosen) this.commit(mark, { value: chosen });
  }

  #remove() {
    if (!this.selected) return;
    const { selected } = this;
    this.select(null);
    this.marks.change([[selected, null]]);
  }

  async #decide(word) {
    const mark = this.selected;
    if (!mark || mark.score === null) return;
    const order = inReadingOrder(this.shown().filter((one) => one.score !== null));
    const next = order[order.indexOf(mark) + 1] ?? null;
    if (await this.proposals.decide(mark, word)) this.#go(next && this.marks.all.includes(next) ? next : null);
  }

  #go(mark) {
    this.select(mark ?? null);
    if (mark) this.view.show(mark);
  }

  #step(by) {
    const order = inReadingOrder(this.shown());
    if (!order.length) return;
    const here = order.indexOf(this.selected);
    this.#go(order.at((here < 0 ? (by > 0 ? 0 : -1) : here + by) % order.length) ?? order[0]);
  }

  // Arrow keys move the chosen mark, [ and ] turn it; it is saved once they rest.
  #nudge(change) {
    const mark = this.selected;
    if (!mark || mark.score !== null || !editable) return false;
    const now = this.draft?.mark === mark ? { ...mark, ...this.draft.next } : mark;
    this.draft = { mark, next: change(now) };
    this.view.redraw();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#rest(), REST);
    return true;
  }

  #rest() {
    clearTimeout(this.resting);
    const { draft, resting } = this;
    this.resting = null;
    if (!resting || !draft?.mark) return;
    this.draft = null;
    this.commit(draft.mark, draft.next);
  }

  #pressed(event) {
    if (event.isComposing || event.target.closest("dialog, input, textarea, select")) return;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!plain && event.code !== "KeyZ" && event.code !== "KeyY") return;
    if (this.#does(event, plain)) event.preventDefault();
  }

  #does(event, plain) {
    if (!plain) return this.#named(event.code === "KeyY" || event.shiftKey ? "redo" : "undo");
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (arrow) return this.#arrow(arrow, event.shiftKey ? 10 : 1);
    const turn = { BracketLeft: -1, BracketRight: 1 }[event.code];
    if (turn) return this.#nudge((mark) => turned(mark, turn * (event.shiftKey ? 15 : 1), this.view.size));
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    if (digit && !event.shiftKey) return this.#digit(Number(digit[1]));
    if (event.key === "Tab") return this.#tab(event);
    if (event.key === "Enter") return this.#enter(event);
    if (event.key === "Escape") return this.#escape();
    const name = NAMES[event.key] ?? LETTERS[event.code];
    if (event.repeat && DECIDES.has(name)) return true; // once, however long it is held
    return name ? this.#named(name) : false;
  }

  #named(name) {
    this.#rest();
    this.act(name);
    return true;
  }

  #arrow([x, y], by) {
    if (this.#nudge((mark) => moved(mark, x * by, y * by, this.view.size))) return true;
    if (!this.view.viewer.canvas.contains(document.activeElement) && document.activeElement !== document.body) return false;
    this.view.pan(60 * x, 60 * y);
    return true;
  }

  #digit(number) {
    const name = this.classes.known[number - 1];
    if (name === undefined || !editable) return false;
    this.#label(name);
    return true;
  }

  // On the sheet Tab goes from text to text, unless Escape came before; elsewhere it goes on through the page.
  #tab(event) {
    if (this.passes) return false;
    const here = this.view.viewer.canvas.contains(document.activeElement) || document.activeElement === document.body;
    if (!here || event.shiftKey || !this.texts.all.length) return false;
    if (this.selected?.kind === "text") this.texts.open(this.selected);
    else this.texts.begin();
    return true;
  }

  #enter(event) {
    if (event.target.closest("button, a")) return false;
    if (this.draft?.fixed) this.tools.close();
    else if (this.selected?.kind === "text") this.texts.open(this.selected);
    else return false;
    return true;
  }

  #escape() {
    if (this.tools.cancel()) return true;
    if (this.tool !== "select") this.#takes("select");
    else this.select(null);
    this.passes = true;
    return true;
  }
}

// By their place on the keyboard, so that they work while a Japanese input method is on.
const LETTERS = {
  KeyV: "select", KeyB: "box", KeyO: "polygon", KeyT: "text", KeyL: "label", KeyD: "remove", KeyU: "undo", KeyR: "redo",
  KeyN: "next", KeyP: "previous", KeyA: "accept", KeyX: "reject", Comma: "left", Period: "right", KeyE: "transcribe",
};
const DECIDES = new Set(["accept", "reject"]);
const NAMES = { Delete: "remove", Backspace: "remove", 0: "whole", "+": "nearer", ";": "nearer", "=": "nearer", "-": "farther", "?": "help" };
