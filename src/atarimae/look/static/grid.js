// A grid of any number of images, of which only the rows in sight are in the page.
//
// Tiles stand at absolute places in a box as high as all rows. Rows of data come in blocks from
// /api/images as they come into sight; a thumbnail is asked for only when its tile stayed a moment.

import { leave, watch } from "./seen.js";
import { Selection } from "./selection.js";

const BLOCK = 200; // images that are asked for at once
const AROUND = 3; // rows above and below what is in sight
const CAPTION = 26; // px below a picture
const GAP = 10; // px
const AGAIN = 2000; // ms until what the server did not answer is asked for again
const PATIENCE = 70; // ms that a tile stays before its thumbnail is asked for
const MARKS = {
  flagged: ["⚑", "Flagged: to be looked at again", "mark flag"],
  confirmed: ["✓", "Confirmed: somebody looked, and it is right", "mark fine"],
  conflict: ["≠", "Two people say different things", "mark clash"],
};

export class Grid {
  // `moved` is told when another tile has the focus, or others are chosen.
  constructor(box, { open, counted, failed = () => {}, moved = () => {} }) {
    this.box = box;
    this.open = open;
    this.counted = counted;
    this.failed = failed;
    this.moved = moved;
    this.selection = new Selection(() => { this.#marked(); this.moved(); });
    this.tiles = new Map(); // place → element
    this.filter = new URLSearchParams();
    this.focused = 0;
    this.#forget();
    const draw = () => this.#soon();
    addEventListener("scroll", draw, { passive: true });
    new ResizeObserver(draw).observe(box);
    box.addEventListener("click", (event) => this.#clicked(event));
    box.addEventListener("keydown", (event) => this.#pressed(event));
    box.addEventListener("focusin", (event) => this.#focused(event));
  }

  // The query that gives this grid again, as it was found.
  get where() {
    const asked = new URLSearchParams(this.filter);
    asked.set("before", this.before);
    asked.set("version", this.version);
    return `${asked}`;
  }

  // From now on a tap chooses instead of opening, or the other way round: for fingers.
  picking() {
    this.picks = !this.picks;
    this.box.classList.toggle("picking", this.picks);
    if (!this.picks) this.selection.clear();
  }

  // Items that are other than they were, known by their path.
  update(items) {
    for (const item of items) {
      for (const place of this.places.get(item.path) ?? []) {
        this.ready.get(Math.floor(place / BLOCK))[place % BLOCK] = item;
        const tile = this.tiles.get(place);
        if (tile) fill(tile, item);
      }
    }
  }

  // Files that left the data.
  drop(paths) {
    const there = paths.flatMap((path) => this.places.get(path) ?? []).map((place) => this.#item(place));
    this.update(there.map((item) => ({ ...item, gone: true })));
  }

  // Everything that was loaded is asked for again: the same images, as they are now.
  again() {
    this.turn++;
    this.blocks = new Map();
    this.ready = new Map();
    this.places = new Map(); // what is not loaded again is nowhere
    for (const tile of this.tiles.values()) tile.item = null;
    this.#soon();
  }

  // Show what the filter asks for. `find` is an image whose place is given back.
  async show(filter, find = "") {
    this.filter = new URLSearchParams(filter);
    this.#forget();
    const mine = this.turn;
    const first = await this.#load(0, find);
    if (mine !== this.turn) return null;
    this.#clear();
    this.#draw();
    return first?.position ?? null;
  }

  // The image at a place, asked for if need be; null beyond the ends.
  async at(place) {
    if (place < 0 || place >= this.total) return null;
    await this.#load(Math.floor(place / BLOCK));
    return this.#item(place);
  }

  // Scroll so that the place is in sight, and put the focus there.
  reveal(place, focus = true) {
    this.focused = place;
    const top = Math.floor(place / this.across) * this.high + this.#top();
    const header = this.#covered();
    if (top < scrollY + header) scrollTo(0, top - header - GAP);
    else if (top + this.high > scrollY + innerHeight) scrollTo(0, top + this.high - innerHeight);
    this.#draw();
    if (focus) this.tiles.get(place)?.focus({ preventScroll: true });
  }

  #forget() {
    this.turn = (this.turn || 0) + 1;
    this.blocks = new Map(); // number → promise of a block
    this.ready = new Map(); // number → its images
    this.total = 0;
    this.focused = 0;
    this.before = "";
    this.version = 0;
    this.places = new Map(); // path → its places
    this.selection?.clear();
  }

  #clear() {
    for (const tile of this.tiles.values()) {
      leave(tile);
      tile.remove();
    }
    this.tiles.clear();
  }

  #item(place) {
    return this.ready.get(Math.floor(place / BLOCK))?.[place % BLOCK] ?? null;
  }

  #load(number, find = "") {
    if (!this.blocks.has(number)) this.blocks.set(number, this.#fetch(number, find));
    return this.blocks.get(number);
  }

  async #fetch(number, find) {
    const mine = this.turn;
    const asked = new URLSearchParams(this.filter);
    asked.set("start", number * BLOCK);
    asked.set("count", BLOCK);
    if (find) asked.set("find", find);
    if (this.before) asked.set("before", this.before); // what is seen from here on stays in the grid
    if (this.version) asked.set("version", this.version); // and what is edited
    try {
      const said = await (await fetch(`/api/images?${asked}`)).json();
      if (mine !== this.turn) return null;
      if (said.error) {
        this.failed(said.error);
        return null;
      }
      this.ready.set(number, said.items);
      this.total = said.total;
      this.before = said.before;
      this.version = said.version;
      said.items.forEach((item, nth) => this.#known(item.path, said.start + nth));
      this.counted(said.total, said.all, said.seen, said.near);
      this.#soon();
      return said;
    } catch {
      if (mine !== this.turn) return null;
      this.failed({ what: "The server can't be reached.", found: "", fix: "It is asked again until it answers." });
      setTimeout(() => {
        if (mine !== this.turn) return;
        this.blocks.delete(number);
        this.#load(number);
      }, AGAIN);
      return null;
    }
  }

  #known(path, place) {
    const known = this.places.get(path) ?? [];
    if (!known.includes(place)) this.places.set(path, [...known, place]);
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#draw();
    });
  }

  #top() {
    return this.box.getBoundingClientRect().top + scrollY;
  }

  #covered() {
    const filter = document.getElementById("filter");
    return GAP + (getComputedStyle(filter).position === "sticky" ? filter.getBoundingClientRect().height : 0);
  }

  #measure() {
    const width = this.box.clientWidth;
    const wish = width < 500 ? 104 : 148;
    this.across = Math.max(2, Math.floor((width + GAP) / (wish + GAP)));
    this.wide = (width - GAP * (this.across - 1)) / this.across;
    this.high = this.wide + CAPTION + GAP;
    this.box.style.height = `${Math.ceil(this.total / this.across) * this.high}px`;
  }

  #draw() {
    this.#measure();
    const above = scrollY - this.#top();
    const first = Math.max(0, Math.floor(above / this.high) - AROUND) * this.across;
    const rows = Math.ceil(innerHeight / this.high) + 2 * AROUND + 1;
    const end = Math.min(this.total, first + rows * this.across);
    for (const [place, tile] of this.tiles) {
      if (place < first || place >= end) {
        clearTimeout(tile.waiting);
        leave(tile);
        tile.remove();
        this.tiles.delete(place);
      }
    }
    for (let place = first; place < end; place++) this.#place(place);
    for (let block = Math.floor(first / BLOCK); block * BLOCK < end; block++) this.#load(block);
  }

  #place(place) {
    let tile = this.tiles.get(place);
    if (!tile) {
      tile = make(place);
      this.tiles.set(place, tile);
      this.box.append(tile);
    }
    const x = (place % this.across) * (this.wide + GAP);
    const y = Math.floor(place / this.across) * this.high;
    tile.style.transform = `translate(${x}px, ${y}px)`;
    tile.style.width = `${this.wide}px`;
    tile.tabIndex = place === this.focused ? 0 : -1;
    const item = this.#item(place);
    if (item && tile.item !== item) fill(tile, item);
    this.#mark(tile, place);
  }

  #marked() {
    for (const [place, tile] of this.tiles) this.#mark(tile, place);
  }

  #mark(tile, place) {
    const is = this.selection.has(place);
    tile.classList.toggle("chosen", is);
    if (is) tile.setAttribute("aria-selected", "true");
    else tile.removeAttribute("aria-selected");
  }

  #focused(event) {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    this.focused = Number(tile.dataset.place);
    this.moved();
  }

  #clicked(event) {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    event.preventDefault();
    const place = Number(tile.dataset.place);
    this.focused = place;
    if (event.shiftKey) this.selection.reach(place);
    else if (event.ctrlKey || event.metaKey || this.picks) this.selection.toggle(place);
    else this.open(place);
  }

  #pressed(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.across, ArrowDown: this.across };
    const ends = { Home: 0, End: this.total - 1 };
    const to = event.key in steps ? this.focused + steps[event.key] : ends[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (to < 0 || to >= this.total) return;
    if (event.shiftKey) {
      if (!this.selection.count(this.total)) this.selection.anchor = this.focused;
      this.selection.reach(to);
    }
    this.reveal(to);
  }
}

function make(place) {
  const tile = document.createElement("a");
  tile.className = "tile";
  tile.dataset.place = place;
  tile.setAttribute("role", "listitem");
  tile.innerHTML = '<span class="frame"></span><span class="caption"></span>';
  return tile;
}

// Text goes in as text: a label `<script>` is shown, not run.
function fill(tile, item) {
  const [frame, caption] = tile.children;
  const same = tile.item?.image === item.image;
  tile.item = item;
  tile.href = `/?open=${item.image}`;
  caption.textContent = item.labels.join(" · ") || item.path.split("/").pop();
  caption.classList.toggle("faint", !item.labels.length);
  tile.classList.toggle("removed", item.gone);
  tile.title = item.path;
  tile.setAttribute("aria-label", [caption.textContent, ...item.marks, item.path].join(", "));
  for (const old of frame.querySelectorAll(".badge")) old.remove();
  if (item.files > 1) badge(frame, `×${item.files}`, `${item.files} files hold this picture`);
  if (item.labels.length > 1) badge(frame, `${item.labels.length} labels`, "Several labels");
  for (const mark of item.marks) badge(frame, ...MARKS[mark]);
  if (item.gone) badge(frame, "removed", "Not in the data any more", "mark");
  if (same) return;
  clearTimeout(tile.waiting);
  frame.querySelector("img")?.remove();
  tile.waiting = setTimeout(() => picture(tile, frame, item), PATIENCE);
}

function badge(frame, text, title, kind = "") {
  const made = document.createElement("span");
  made.className = `badge ${kind}`;
  made.textContent = text;
  made.title = title;
  frame.append(made);
}

function picture(tile, frame, item) {
  const image = document.createElement("img");
  image.alt = "";
  image.decoding = "async";
  image.addEventListener("load", () => {
    frame.classList.add("there");
    if (tile.isConnected) watch(tile, item.image);
  });
  image.addEventListener("error", () => { image.remove(); frame.classList.add("gone"); });
  image.src = `/thumbnail/${item.image}.webp`;
  frame.prepend(image);
}
