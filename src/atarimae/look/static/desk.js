// The page as a desk: keys and buttons become edits of the image at hand, or of all that are chosen.

import { agreed, ask, name } from "./asking.js";
import { Choices } from "./choices.js";
import { AWAY, Edits, named, post, told } from "./edits.js";
import { KEYS, help, meant, typing } from "./keys.js";
import { News } from "./news.js";
import { Picker } from "./picker.js";
import { Toast } from "./toast.js";

const number = new Intl.NumberFormat("en");
const WHICH = "Which class is it?";
const WALKS = new Set(["next", "previous"]);
const DONE = { label: "labelled", confirm: "confirmed", flag: "flagged", change: "changed", remove: "removed" };

export class Desk {
  // `at` gives the place of the open image, `find` goes to the filter.
  constructor({ grid, panel, at, find }) {
    Object.assign(this, { grid, panel, at, find });
    const { version, workspace, me } = document.getElementById("filter").dataset;
    this.me = me || null;
    this.toast = new Toast();
    this.picker = new Picker();
    this.edits = new Edits({ version: Number(version), workspace, named: () => this.#named() });
    const boxes = [document.getElementById("choices"), document.getElementById("panel-choices")];
    this.choices = new Choices(boxes, (digit, also) => this.choice(digit, also));
    this.news = new News(Number(version), (said) => this.#told(said));
    this.lost = []; // what could not be saved since the server is away, to be done again
    this.clash = null; // the latest image of which somebody else says another thing
    document.addEventListener("keydown", (event) => this.#pressed(event));
    document.addEventListener("click", (event) => this.#clicked(event));
    document.getElementById("pick-mode").addEventListener("click", () => this.grid.picking());
    if (!this.me) this.#named();
  }

  // The image at hand is another, or others are chosen.
  moved() {
    const count = this.grid.selection.count(this.grid.total);
    document.getElementById("deskbar").classList.toggle("some", count > 0);
    document.getElementById("chosen").textContent = count ? `${number.format(count)} chosen` : "";
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.#offer(), 30);
  }

  // ---- what the keys do

  async label(asked = this.picker.ask(WHICH)) {
    const target = await this.#target();
    if (!target) return this.picker.close();
    if (target.count > 1) this.picker.title(`Which class are these ${number.format(target.count)}?`);
    const chosen = await asked;
    if (chosen) await this.#label(target, [chosen.name], { also: chosen.also, new: chosen.isNew });
  }

  async choice(digit, also = false) {
    const target = await this.#target();
    const image = target?.items[0]?.image;
    const { choices, away } = image ? await this.choices.of(image) : { choices: [] };
    if (away) return this.toast.say(AWAY, [], true);
    const chosen = choices[digit - 1];
    if (chosen) await this.#label(target, [chosen.name], { also, new: true }); // its last file may be another's by now
  }

  async none() {
    const target = await this.#target();
    if (target) await this.#label(target, []);
  }

  async confirm() {
    const target = await this.#target();
    if (target && (await this.#sure("Confirm", target))) await this.#do("confirm", target, {}, { mark: "confirmed" });
  }

  async flag() {
    const target = await this.#target();
    if (!target || !(await this.#sure("Flag", target))) return;
    const on = target.where !== undefined || !target.items.every((item) => item.marks.includes("flagged"));
    await this.#do("flag", target, { on }, { mark: "flagged", on, stay: true });
  }

  async remove() {
    const target = await this.#target();
    if (target && (await this.#sure("Remove", target))) await this.#do("remove", target, {}, { gone: true });
  }

  async change() {
    const target = await this.#target();
    const said = target && (await ask("change"));
    if (!said) return;
    const columns = {};
    for (const [name, value] of Object.entries(said)) if (value.trim()) columns[name] = value.trim() === "-" ? null : value.trim();
    if (!Object.keys(columns).length) return;
    const told = Object.entries(columns).map(([name, value]) => `${name} to ${value ?? "none"}`).join(", ");
    if (await this.#sure(`Change ${told} of`, target)) await this.#do("change", target, { columns }, { columns, stay: true });
  }

  undo() {
    return this.#back(() => this.edits.undo(), "Undone");
  }

  undoAll() {
    return this.#back(() => this.edits.undo(true), "Everything of this sitting undone");
  }

  redo() {
    return this.#back(() => this.edits.redo(), "Done again");
  }

  mine() {
    return this.#settle((sides) => sides.find((side) => side.by === this.me));
  }

  theirs() {
    return this.#settle((sides) => sides.findLast((side) => side.by !== this.me));
  }

  next() {
    return this.#go(1);
  }

  previous() {
    return this.#go(-1);
  }

  select() {
    if (!this.panel.open) this.grid.selection.toggle(this.grid.focused);
  }

  all() {
    if (!this.panel.open) this.grid.selection.everything();
  }

  async save() {
    const said = await ask("save");
    const kept = said && (await this.#asked(() => post("/api/filters", { name: said.name, query: location.search })));
    if (!kept) return;
    const list = document.getElementById("kept");
    if (![...list.options].some((one) => one.value === kept.name)) list.add(new Option(kept.name));
    list.hidden = false;
    this.toast.say(`Kept as ${kept.name}`);
  }

  help() {
    help(KEYS.map(([key, , words]) => [key, words]));
  }

  // ---- how

  // What is meant: the open image, else those that are chosen, else the one with the focus.
  async #target() {
    if (this.panel.open) {
      const item = (await this.grid.at(this.at())) ?? (await this.choices.of(this.panel.image)).items[0];
      return item ? { items: [item], count: 1 } : null;
    }
    const { selection, total } = this.grid;
    const count = selection.count(total);
    if (!count) {
      const item = await this.grid.at(this.grid.focused);
      return item && !item.gone ? { items: [item], count: 1 } : null;
    }
    const places = [...selection.places].sort((a, b) => a - b);
    const items = await Promise.all(places.map((place) => this.grid.at(place)));
    if (!selection.all) return { items, count, several: count > 1 };
    const { where, version } = this.grid;
    return { items: [], where, version, without: items.map((item) => item.path), count, several: true };
  }

  async #label(target, classes, more = {}) {
    if (target.several && !(await this.#previewed(target, classes, more))) return;
    await this.#do("label", target, { classes, ...more }, { classes, also: more.also });
  }

  async #previewed(target, classes, more) {
    const preview = await this.#asked(() => this.edits.preview(target, { classes, also: more.also }));
    return preview && agreed(`Label ${number.format(preview.images)} images`, preview, false);
  }

  async #sure(what, target) {
    if (!target.several) return true;
    const preview = await this.#asked(() => this.edits.preview(target, { classes: [], also: true }));
    return preview && agreed(`${what} ${number.format(preview.files)} files`, preview, true);
  }

  // Show it and go on; it is saved meanwhile.
  #do(kind, target, body, shown) {
    const before = target.items;
    const saved = this.edits.edit(kind, target, body);
    this.grid.update(before.map((item) => foreseen(item, shown)));
    if (target.several) this.grid.selection.clear();
    else if (this.panel.open && shown.classes) this.panel.foresee(shown.classes);
    this.#saved(kind, target, body, saved, shown);
    if (!target.several && !shown.stay) return this.#go(1);
    return null;
  }

  // Say what was saved; take back what is shown where it could not be.
  async #saved(kind, target, body, saved, shown) {
    const which = target.count === 1 ? named(target.items[0]) : `${number.format(target.count)} files`;
    let answer;
    try {
      answer = await saved;
    } catch (error) {
      this.grid.update(target.items);
      if (error.away) return this.#away(which, error, () => this.#do(kind, target, body, { ...shown, stay: true }));
      return this.toast.say(`${which}: ${error.message}`, [], true);
    }
    this.#take(answer);
    if (this.#clashed(answer.conflicts)) return;
    const what = kind === "flag" && !body.on ? "not flagged any more" : DONE[kind];
    const into = kind === "label" ? ` ${body.classes.join(" · ") || "no class"}` : "";
    if (answer.edit) this.toast.say(`${which} ${what}${into}`, [["Undo", () => this.undo()]]);
    else this.toast.say(`${which}: it was so already`);
  }

  // All that was lost while the server was away is done again by one button.
  #away(which, { message }, again) {
    this.lost.push(again);
    const what = this.lost.length > 1 ? `${number.format(this.lost.length)} edits, the last of ${which}` : which;
    this.toast.say(`${what}: ${message}`, [["Again", () => { for (const act of this.lost.splice(0)) act(); }]], true);
  }

  #back(act, text) {
    this.#moved(act(), text);
  }

  async #moved(saved, text) {
    const answer = await this.#asked(() => saved);
    if (!answer) return;
    this.#take(answer);
    const other = text === "Done again" ? ["Undo", () => this.undo()] : ["Redo", () => this.redo()];
    this.toast.say(told(text, answer), [other]);
  }

  async #asked(act) {
    try {
      return await act();
    } catch (error) {
      this.toast.say(error.message, [], true);
      return null;
    }
  }

  // What the server says of images takes the place of what was foreseen.
  #take({ items, gone = [], all }) {
    this.choices.forget(items.map((item) => item.image));
    if (all) this.grid.again();
    this.grid.update(items);
    this.grid.drop(gone);
    if (this.panel.open && items.some((item) => item.image === this.panel.image)) this.panel.again();
    this.moved();
  }

  #told(said) {
    this.#take(said);
    this.picker.load();
    this.#clashed(said.conflicts);
  }

  // Tell of the first image of which this person and another say different things.
  #clashed(conflicts) {
    const mine = conflicts.find((one) => one.sides.some((side) => side.by === this.me));
    if (!mine) return false;
    const told = JSON.stringify(mine);
    if (told === this.toldOf) return false;
    this.toldOf = told;
    this.clash = mine;
    const said = mine.sides.map((side) => `${side.by} says '${side.value}'`).join(", ");
    this.toast.say(`At once: ${said}. Both are kept.`, [["Mine (m)", () => this.mine()], ["Theirs (t)", () => this.theirs()]]);
    return true;
  }

  // Of the image that was told of last, else of the one at hand.
  async #settle(choose) {
    const at = this.clash ?? (await this.#target())?.items[0];
    const { items, conflict } = at ? await this.choices.of(at.image) : {};
    const side = conflict && choose(conflict.sides);
    if (!side) return;
    this.clash = null;
    const classes = [side.value];
    this.#do("label", { items: items.slice(0, 1), count: 1 }, { classes }, { classes, stay: true });
  }

  #go(by) {
    if (this.panel.open) return this.panel.go(by);
    const to = this.grid.focused + by;
    if (to >= 0 && to < this.grid.total) this.grid.reveal(to);
    return null;
  }

  async #offer() {
    await this.choices.show((await this.#first())?.image ?? null);
    const beside = await this.grid.at((this.panel.open ? this.at() : this.grid.focused) + 1);
    if (beside) this.choices.of(beside.image); // the next one's are there when it is
  }

  // The first of what is meant: many may be chosen, and are not asked for to offer classes.
  async #first() {
    const { selection, total } = this.grid;
    if (this.panel.open || !selection.count(total)) return (await this.#target())?.items[0];
    return selection.all ? null : this.grid.at([...selection.places].reduce((a, b) => Math.min(a, b)));
  }

  #pressed(event) {
    const top = [...document.querySelectorAll("dialog[open]")].at(-1);
    if (event.defaultPrevented || typing() || (top && top.id !== "panel")) return;
    if (event.key === "Escape" && !top) this.grid.selection.clear();
    const [what, digit] = meant(event) ?? [];
    if (!what) return;
    event.preventDefault();
    if (event.repeat && !WALKS.has(what)) return; // a key that is held would edit what nobody has seen
    const asked = what === "label" ? this.picker.ask(WHICH) : undefined; // at once: text follows
    this.#then(() => (digit ? this.choice(digit, event.shiftKey) : this[what](asked)));
  }

  // A key that follows before the one before it was understood waits for it: it means the next image.
  #then(act) {
    this.turn = (this.turn ?? Promise.resolve()).then(act).catch((error) => this.toast.say(error.message, [], true));
  }

  #clicked(event) {
    const button = event.target.closest("[data-do]");
    if (button) this.#then(() => this[button.dataset.do]());
  }

  // Whether there is a name for edits to carry, after asking for it.
  async #named() {
    this.me = await name(this.toast) ?? this.me;
    return Boolean(this.me);
  }
}

// An item as it will be, once the edit is saved.
function foreseen(item, { classes, also, mark, on = true, gone = false, columns = {} }) {
  const labels = classes === undefined ? item.labels : [...new Set([...(also ? item.labels : []), ...classes])];
  const marks = mark === undefined ? item.marks : [...item.marks.filter((one) => one !== mark), ...(on ? [mark] : [])];
  return { ...item, ...columns, labels, marks, gone };
}
