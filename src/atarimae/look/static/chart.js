// A picture of one metric's curves: one line a run, values under the pointer, linear or log.
//
// Lines are { label, colour, faint, points: [[x, y], …] }; a y of null is no number, and is marked
// at the foot. Colours are the style sheet's --line-0 to --line-5.

import { make, svg } from "./runrow.js";

const LEFT = 46; // px for the numbers beside the picture
const FOOT = 20; // px for those below it
const TOP = 8;

export class Chart {
  constructor(name) {
    this.name = name;
    this.lines = [];
    this.log = false;
    this.at = null; // x under the pointer
    this.value = make("b", "number");
    this.title = make("button", "chart-title", name);
    this.title.type = "button";
    this.title.title = "Larger or smaller";
    this.title.setAttribute("aria-expanded", "false");
    this.picture = svg("svg", { class: "plot", role: "img", tabindex: 0 });
    this.said = make("p", "chart-said faint number");
    this.said.setAttribute("aria-live", "polite");
    this.figure = make("li", "card chart", make("div", "chart-head", this.title, this.value), this.picture, this.said);
    this.title.addEventListener("click", () => {
      const large = this.figure.classList.toggle("large");
      this.title.setAttribute("aria-expanded", String(large));
      this.#draw();
    });
    for (const name of ["pointermove", "pointerdown"]) this.picture.addEventListener(name, (event) => this.#point(event));
    this.picture.addEventListener("pointerleave", () => { this.at = null; this.#draw(); });
    this.picture.addEventListener("keydown", (event) => this.#pressed(event));
    new ResizeObserver(() => this.#draw()).observe(this.figure);
  }

  show(lines, log = this.log) {
    this.lines = lines;
    this.log = log;
    this.#draw();
  }

  #draw() {
    const wide = this.picture.clientWidth || 300;
    const high = this.picture.clientHeight || 150;
    const scale = this.#scale(wide, high);
    const parts = scale ? [...this.#grid(scale, wide, high), ...this.lines.flatMap((line) => this.#line(line, scale, high)), ...this.#cursor(scale, high)] : [];
    this.picture.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    this.picture.replaceChildren(...parts);
    this.#say();
  }

  // Where a point is drawn; null while there is none.
  #scale(wide, high) {
    const xs = this.lines.flatMap((line) => line.points.map(([x]) => x));
    const ys = this.lines.flatMap((line) => line.points.map(([, y]) => y).filter((y) => this.#drawn(y)));
    if (!xs.length) return null;
    const way = this.log ? Math.log10 : (y) => y;
    let [left, right, low, high_] = [least(xs), most(xs), way(ys.length ? least(ys) : 1), way(ys.length ? most(ys) : 1)];
    if (low === high_) [low, high_] = [low - (Math.abs(low) * 0.1 || 0.5), high_ + (Math.abs(low) * 0.1 || 0.5)];
    const room = high - TOP - FOOT;
    return {
      left, right, low, high: high_,
      x: (x) => LEFT + 4 + ((wide - LEFT - 12) * (x - left)) / (right - left || 1),
      y: (y) => TOP + room * (1 - (way(y) - low) / (high_ - low)),
      from: (px) => left + ((px - LEFT - 4) / (wide - LEFT - 12)) * (right - left || 1),
    };
  }

  #drawn(y) {
    return y !== null && (!this.log || y > 0);
  }

  #grid(scale, wide, high) {
    const parts = [];
    for (const y of this.log ? powers(scale.low, scale.high) : ticks(scale.low, scale.high, 4)) {
      const at = scale.y(y);
      parts.push(svg("line", { class: "rule", x1: LEFT, x2: wide - 4, y1: at, y2: at }));
      parts.push(text(LEFT - 6, at + 4, "end", short(y)));
    }
    parts.push(text(LEFT + 4, high - 4, "start", short(scale.left)));
    if (scale.right > scale.left) parts.push(text(wide - 6, high - 4, "end", short(scale.right)));
    return parts;
  }

  #line(line, scale, high) {
    let path = "";
    let down = false;
    const parts = [];
    for (const [x, y] of line.points) {
      const drawn = this.#drawn(y);
      if (drawn) path += `${down ? "L" : "M"}${scale.x(x).toFixed(1)} ${scale.y(y).toFixed(1)}`;
      else parts.push(svg("path", { class: "gap", d: `M${scale.x(x) - 3} ${high - FOOT - 6}l6 6m0-6l-6 6` }));
      down = drawn;
    }
    const style = `stroke: var(--line-${line.colour})`;
    parts.unshift(svg("path", { class: line.faint ? "curve faint" : "curve", d: path, style }));
    const last = line.points.findLast(([, y]) => this.#drawn(y));
    if (last && !line.faint) parts.push(svg("circle", { cx: scale.x(last[0]), cy: scale.y(last[1]), r: 3.5, style: `fill: var(--line-${line.colour})` }));
    return parts;
  }

  #cursor(scale, high) {
    if (this.at === null) return [];
    const parts = [];
    for (const line of this.lines) {
      const point = nearest(line.points, this.at);
      if (!point) continue;
      if (!parts.length) parts.push(svg("line", { class: "cursor", x1: scale.x(point[0]), x2: scale.x(point[0]), y1: TOP, y2: high - FOOT }));
      if (this.#drawn(point[1])) parts.push(svg("circle", { class: "under", cx: scale.x(point[0]), cy: scale.y(point[1]), r: 4, style: `stroke: var(--line-${line.colour})` }));
    }
    return parts;
  }

  #say() {
    const first = this.lines.find((line) => !line.faint);
    const last = first?.points.at(-1);
    this.value.textContent = this.lines.filter((line) => !line.faint).length === 1 && last ? long(last[1]) : "";
    this.picture.setAttribute("aria-label", `${this.name}: ${this.lines.map((line) => `${line.label} ${long(line.points.at(-1)?.[1])}`).join(", ")}`);
    this.said.replaceChildren();
    if (this.at === null || !first) return;
    const place = nearest(first.points, this.at) ?? [];
    this.said.append(`at ${short(place[0])} `);
    for (const line of this.lines) {
      const dot = make("i", "dot");
      dot.style.background = `var(--line-${line.colour})`;
      if (line.faint) dot.classList.add("faint");
      this.said.append(" ", dot, ` ${line.label} `, make("b", "", long(nearest(line.points, this.at)?.[1])));
    }
  }

  #point(event) {
    const box = this.picture.getBoundingClientRect();
    const scale = this.#scale(box.width, box.height);
    if (!scale) return;
    this.at = scale.from(event.clientX - box.left);
    this.#draw();
  }

  #pressed(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const points = this.lines.find((line) => !line.faint)?.points;
    if (!by || !points?.length) return;
    event.preventDefault();
    const here = this.at === null ? (by > 0 ? -1 : points.length) : points.indexOf(nearest(points, this.at));
    this.at = points[Math.max(0, Math.min(points.length - 1, here + by))][0];
    this.#draw();
  }
}

// Metrics in order: what is measured, then losses, then the rest of the machinery.
export function ordered(names) {
  const rank = (name) => (/^lr\b|learning.rate/i.test(name) ? 2 : /loss/i.test(name) ? 1 : 0);
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function nearest(points, x) {
  let found = null;
  for (const point of points) if (!found || Math.abs(point[0] - x) < Math.abs(found[0] - x)) found = point;
  return found;
}

function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((wide) => wide * power >= rough) * power;
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(n * step);
  return found;
}

// Between these exponents: powers of ten, or where there are not two of them, the ends.
function powers(low, high) {
  const found = [];
  for (let n = Math.ceil(low); n <= high; n++) found.push(10 ** n);
  return found.length > 1 ? found : [10 ** low, 10 ** ((low + high) / 2), 10 ** high];
}

function text(x, y, anchor, content) {
  const made = svg("text", { x, y, "text-anchor": anchor });
  made.textContent = content;
  return made;
}

function short(value) {
  if (value === undefined) return "";
  const size = Math.abs(value);
  if (size && (size < 0.001 || size >= 1e6)) return value.toExponential(0);
  return size >= 10000 ? `${Math.round(value / 100) / 10}k` : String(Number(value.toPrecision(3)));
}

function long(value) {
  return value === null ? "NaN" : value === undefined ? "–" : String(Number(value.toPrecision(4)));
}

// Math.min(...many) takes each as an argument, of which there may not be too many.
const least = (values) => values.reduce((a, b) => (b < a ? b : a));
const most = (values) => values.reduce((a, b) => (b > a ? b : a));
