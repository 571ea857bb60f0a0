// The colours of a map with their names and how many images have them; a click hides or shows one.

const CYCLE = [
  "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#b07aa1", "#edc948", "#9c755f", "#ff9da7", "#1f77b4",
  "#8cd17d", "#d37295", "#b6992d", "#499894", "#d4a6c8", "#86bcb6", "#79706e", "#f1ce63", "#a0cbe8", "#d7b5a6",
]; // Tableau's
const NONE = "#8f8a82";
const NAMED = {
  suspicion: { "75% or more": "#c2185b", "50% or more": "#e8593a", "25% or more": "#f0a93b", "no suspicion": NONE },
  seen: { seen: "#4e79a7", "not seen yet": "#f28e2b" },
};
const MANY = 20; // names from which there is a field to look for one
const DRAWN = 200; // names that are in the page at once
const number = new Intl.NumberFormat("en");

export class Legend {
  constructor(box, changed) {
    this.list = box.querySelector("ul");
    this.search = box.querySelector("input");
    this.changed = changed;
    this.hidden = new Set();
    this.search.addEventListener("input", () => this.#list());
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("button");
      if (row) this.#toggle(Number(row.dataset.code), row);
    });
    box.querySelector(".all").addEventListener("click", () => this.#every(true));
    box.querySelector(".none").addEventListener("click", () => this.#every(false));
  }

  // `said` is what /api/map/…/colours gives.
  show(by, said) {
    this.said = { ...said, by };
    this.hidden.clear();
    this.search.value = "";
    this.search.hidden = said.names.length < MANY;
    this.palette = [...CYCLE, NONE];
    this.shades = said.names.map((name, code) => this.#shade(by, name, code));
    this.#list();
  }

  // The colour's number of each image, -1 where it is hidden.
  shade() {
    const of = this.shades.map((shade, code) => (this.hidden.has(code) ? -1 : shade));
    return Int16Array.from(this.said.codes, (code) => of[code]);
  }

  #shade(by, name, code) {
    if (by in NAMED) {
      this.palette.push(NAMED[by][name] ?? NONE);
      return this.palette.length - 1;
    }
    return code === this.said.none ? CYCLE.length : code % CYCLE.length;
  }

  #list() {
    const wanted = this.search.value.trim().toLowerCase();
    const codes = [...this.said.names.keys()].filter((code) => this.#name(code).toLowerCase().includes(wanted));
    this.list.replaceChildren(...codes.slice(0, DRAWN).map((code) => this.#row(code)));
    if (codes.length <= DRAWN) return;
    const rest = document.createElement("li");
    rest.className = "faint";
    rest.textContent = `and ${number.format(codes.length - DRAWN)} more`;
    this.list.append(rest);
  }

  #name(code) {
    return code === this.said.none ? `no ${this.said.by}` : this.said.names[code];
  }

  #row(code) {
    const row = document.createElement("li");
    row.innerHTML = '<button type="button"><i></i><span class="name"></span><span class="number"></span></button>';
    const button = row.firstChild;
    button.dataset.code = code;
    button.setAttribute("aria-pressed", !this.hidden.has(code));
    button.children[0].style.background = this.palette[this.shades[code]];
    button.children[1].textContent = this.#name(code);
    button.children[2].textContent = number.format(this.said.counts[code]);
    return row;
  }

  #toggle(code, row) {
    if (!this.hidden.delete(code)) this.hidden.add(code);
    row.setAttribute("aria-pressed", !this.hidden.has(code));
    this.changed();
  }

  #every(shown) {
    this.hidden = new Set(shown ? [] : this.said.names.keys());
    this.#list();
    this.changed();
  }
}
