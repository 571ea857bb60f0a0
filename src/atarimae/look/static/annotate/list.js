// Beside the sheet: classes as filters, all marks as a list, and how many texts are transcribed.

import { inReadingOrder } from "./geometry.js";
import { colour } from "./paint.js";
import { done } from "./texts.js";

const MOST = 400; // marks that are listed; a filter brings the others
const NONE = "no class";
const number = new Intl.NumberFormat("en");

// What a mark is filtered by: its class, or that it is a text.
export function group(mark) {
  return mark.kind === "text" ? "texts" : `class ${mark.value}`;
}

const named = (one) => (one === "texts" ? "Texts" : one.slice(6) || NONE);

export class List {
  constructor(side, { only, filtered, choose }) {
    this.filters = side.querySelector("#filters");
    this.list = side.querySelector("#marks");
    this.count = side.querySelector("#transcribed");
    this.more = side.querySelector("#more");
    this.none = side.querySelector("#none");
    this.only = only; // groups that are shown; all where it is empty
    this.filters.addEventListener("click", (event) => {
      const chip = event.target.closest("button");
      if (chip) this.#filter(chip.dataset.group, event.shiftKey || event.ctrlKey || event.metaKey, filtered);
    });
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("button");
      if (row) choose(Number(row.dataset.mark));
    });
  }

  shows(mark) {
    return !this.only.size || this.only.has(group(mark));
  }

  draw(marks, selected) {
    this.#chips(marks);
    const shown = inReadingOrder(marks.filter((mark) => this.shows(mark)));
    this.#rows(shown.slice(0, MOST), selected);
    this.more.hidden = shown.length <= MOST;
    this.more.textContent = `and ${number.format(shown.length - MOST)} more on the sheet`;
    const texts = marks.filter((mark) => mark.kind === "text");
    this.count.parentElement.hidden = !texts.length;
    this.none.hidden = marks.length > 0;
    this.count.textContent = `${number.format(texts.filter(done).length)} of ${number.format(texts.length)} transcribed`;
  }

  // Rows that say the same as before stay: with hundreds a key would wait for all of them.
  #rows(marks, selected) {
    const there = [...this.list.children];
    marks.forEach((mark, place) => {
      const made = told(mark);
      const old = there[place];
      if (old?.made === made) return;
      const fresh = Object.assign(row(mark, mark === selected), { made });
      if (old) old.replaceWith(fresh);
      else this.list.append(fresh);
    });
    for (const old of there.slice(marks.length)) old.remove();
  }

  // The chosen one alone, without building the list anew.
  point(selected) {
    for (const one of this.list.querySelectorAll("[aria-current]")) one.removeAttribute("aria-current");
    const found = selected && this.list.querySelector(`[data-mark="${selected.id}"]`);
    found?.setAttribute("aria-current", "true");
    if (found) this.#scrollTo(found);
  }

  // Inside the list alone: the page itself stays where it is.
  #scrollTo(found) {
    const box = this.list.getBoundingClientRect();
    const own = found.getBoundingClientRect();
    if (own.top < box.top) this.list.scrollTop -= box.top - own.top;
    else if (own.bottom > box.bottom) this.list.scrollTop += own.bottom - box.bottom;
  }

  #filter(group_, beside, filtered) {
    const alone = this.only.has(group_) && this.only.size === 1;
    if (beside && this.only.has(group_)) this.only.delete(group_);
    else if (beside) this.only.add(group_);
    else {
      this.only.clear();
      if (!alone) this.only.add(group_);
    }
    filtered();
  }

  #chips(marks) {
    const counts = new Map();
    for (const mark of marks) counts.set(group(mark), (counts.get(group(mark)) ?? 0) + 1);
    for (const one of this.only) if (!counts.has(one)) counts.set(one, 0);
    const order = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    this.filters.replaceChildren(...order.map(([one, count]) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.dataset.group = one;
      chip.setAttribute("aria-pressed", this.only.has(one));
      const swatch = document.createElement("i");
      swatch.style.background = colour({ kind: one === "texts" ? "text" : "box", value: named(one) === NONE ? "" : named(one) });
      const words = document.createElement("span");
      words.textContent = `${named(one)} ${number.format(count)}`;
      chip.append(swatch, words);
      return chip;
    }));
  }
}

function told({ id, kind, value, angle, by, score }) {
  return JSON.stringify([id, kind, value, angle, by, score]);
}

// Text goes in as text: a label `<script>` is shown, not run.
function row(mark, current) {
  const made = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.mark = mark.id;
  if (current) button.setAttribute("aria-current", "true");
  const swatch = document.createElement("i");
  swatch.style.background = colour(mark);
  const words = document.createElement("span");
  words.textContent = mark.value || (mark.kind === "text" ? "to be transcribed" : NONE);
  words.classList.toggle("faint", !mark.value);
  const facts = document.createElement("small");
  const turned = mark.angle ? ` ${Math.round(mark.angle)}°` : "";
  facts.textContent = mark.score === null ? `${mark.kind}${turned}` : `${mark.by}, ${mark.score.toFixed(2)}`;
  button.append(swatch, words, facts);
  made.append(button);
  return made;
}
