// Choose a class by typing a part of its name; a name that is not there yet makes a new one.

import { fold } from "../picker.js";
import { ask } from "./marks.js";

const MOST = 40; // classes that are listed

export class Classes {
  constructor(dialog) {
    this.dialog = dialog;
    this.field = dialog.querySelector("input");
    this.list = dialog.querySelector("ul");
    this.known = []; // names, the most frequent first
    this.field.addEventListener("input", () => this.#draw());
    this.field.addEventListener("keydown", (event) => this.#pressed(event));
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) this.#take([...this.list.children].indexOf(row));
    });
    dialog.addEventListener("close", () => { this.chosen?.(this.answer); this.chosen = null; });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }

  async load() {
    this.known = (await ask("/api/mark-classes")).classes.map(([name]) => name);
  }

  // The class that is chosen, "" for none, null where the dialog was left.
  choose() {
    this.answer = null;
    this.field.value = "";
    this.#draw();
    this.dialog.showModal();
    this.field.focus();
    return new Promise((chosen) => { this.chosen = chosen; });
  }

  // A class that was used just now comes to be known, too.
  used(name) {
    if (name && !this.known.includes(name)) this.known.push(name);
  }

  #draw() {
    const typed = fold(this.field.value.trim());
    const found = this.known.filter((name) => fold(name).includes(typed));
    found.sort((a, b) => fold(b).startsWith(typed) - fold(a).startsWith(typed));
    const exact = found.some((name) => name === this.field.value.trim());
    this.rows = found.slice(0, MOST).map((name) => [name, name]);
    if (typed && !exact) this.rows.push([this.field.value.trim(), `${this.field.value.trim()} (a new class)`]);
    if (!typed) this.rows.push(["", "no class"]);
    this.#mark(0);
  }

  #mark(active) {
    this.active = (active + this.rows.length) % this.rows.length;
    this.list.replaceChildren(...this.rows.map(([, words], number) => {
      const row = document.createElement("li");
      row.textContent = words;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", number === this.active);
      return row;
    }));
    this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
  }

  #pressed(event) {
    if (event.isComposing) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) this.#mark(this.active + by);
    if (event.key === "Enter") this.#take(this.active);
    if (by || event.key === "Enter") event.preventDefault();
    event.stopPropagation();
  }

  #take(number) {
    this.answer = this.rows[number][0];
    this.dialog.close();
  }
}
