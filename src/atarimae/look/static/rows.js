// A table of any number of rows, of which only those in sight are in the page.
//
// <tbody class="above">, "there" and "below": the first and the last stand for what is not drawn.
// Every row is as high as the table's --row says. Arrow keys go from row to row.

const AROUND = 8; // rows above and below what is in sight

export class Rows {
  constructor(table, draw) {
    this.table = table;
    this.draw = draw;
    this.items = [];
    this.made = new Map(); // id → tr
    [this.above, this.there, this.below] = ["above", "there", "below"].map((name) => table.querySelector(`tbody.${name}`));
    const soon = () => { this.frame ??= requestAnimationFrame(() => { this.frame = null; this.#place(); }); };
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    table.addEventListener("keydown", (event) => this.#pressed(event));
  }

  // Show these items, each with an `id`, in this order.
  show(items) {
    this.items = items;
    this.table.setAttribute("aria-rowcount", items.length + 1);
    this.fresh = new Set(); // ids drawn since
    this.#place();
  }

  #place() {
    const high = parseFloat(getComputedStyle(this.table).getPropertyValue("--row"));
    const top = this.above.getBoundingClientRect().top;
    const first = Math.max(0, Math.min(this.items.length, Math.floor(-top / high) - AROUND));
    const end = Math.min(this.items.length, first + Math.ceil(innerHeight / high) + 2 * AROUND);
    const wanted = this.items.slice(first, end);
    const ids = new Set(wanted.map((item) => item.id));
    for (const row of [...this.there.rows]) if (!ids.has(row.dataset.id)) row.remove();
    let next = this.there.firstElementChild;
    wanted.forEach((item, place) => {
      const row = this.#row(item);
      row.setAttribute("aria-rowindex", first + place + 2);
      if (row === next) next = next.nextElementSibling;
      else this.there.insertBefore(row, next);
    });
    this.#fill(this.above, first * high);
    this.#fill(this.below, (this.items.length - end) * high);
  }

  #row(item) {
    let row = this.made.get(item.id);
    if (!row) {
      row = document.createElement("tr");
      row.dataset.id = item.id;
      this.made.set(item.id, row);
    }
    if (!this.fresh.has(item.id)) this.draw(item, row);
    this.fresh.add(item.id);
    return row;
  }

  #fill(body, high) {
    body.hidden = !high && body === this.below;
    body.rows[0].style.height = `${high}px`;
  }

  #pressed(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest("tbody.there tr");
    if (!by || !row || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = by > 0 ? row.nextElementSibling : row.previousElementSibling;
    if (!to) return;
    event.preventDefault();
    const kind = event.target.matches("input") ? "input" : "a";
    to.querySelector(kind).focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
  }
}
