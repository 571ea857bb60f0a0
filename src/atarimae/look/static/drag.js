// Boxes on a picture: drawn with a mouse, a pen or a finger, shown as SVG over it.
//
// `figure` holds an <img> and an <svg> above it; `size` is the image's own, in px.

const SVG = "http://www.w3.org/2000/svg";
const LEAST = 4; // px on the screen: less was a click

export class Drag {
  constructor(figure, { done }) {
    this.picture = figure.querySelector("img");
    this.svg = figure.querySelector("svg");
    this.done = done;
    this.begun = null;
    this.size = [1, 1];
    this.svg.addEventListener("pointerdown", (event) => this.#down(event));
    this.svg.addEventListener("pointermove", (event) => this.#move(event));
    this.svg.addEventListener("pointerup", (event) => this.#up(event));
    this.svg.addEventListener("pointercancel", () => this.#forget());
  }

  // Show boxes, each [name, [x0, y0, x1, y1]], on an image of that size.
  show(size, boxes) {
    this.size = size;
    this.svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    this.svg.replaceChildren(...boxes.map(([name, box]) => drawn(box, name)));
  }

  #place(event) {
    // The picture may be letterboxed in its frame, and the SVG is then too: its own matrix knows.
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [x, y].map((side, axis) => Math.min(Math.max(side, 0), this.size[axis]));
  }

  #down(event) {
    if (event.button) return;
    event.preventDefault();
    this.svg.setPointerCapture(event.pointerId);
    this.begun = { at: this.#place(event), x: event.clientX, y: event.clientY };
    this.begun.shape = drawn([...this.begun.at, ...this.begun.at], "");
    this.svg.append(this.begun.shape);
  }

  #move(event) {
    if (this.begun) put(this.begun.shape, this.#box(event));
  }

  #up(event) {
    if (!this.begun) return;
    const box = this.#box(event);
    const moved = Math.min(Math.abs(event.clientX - this.begun.x), Math.abs(event.clientY - this.begun.y));
    this.#forget();
    if (moved >= LEAST) this.done(box);
  }

  #box(event) {
    const [[a, b], [c, d]] = [this.begun.at, this.#place(event)];
    return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)].map((side) => Math.round(side * 10) / 10);
  }

  #forget() {
    this.begun?.shape.remove();
    this.begun = null;
  }
}

function drawn(box, name) {
  const shape = document.createElementNS(SVG, "rect");
  put(shape, box);
  const title = document.createElementNS(SVG, "title");
  title.textContent = name;
  shape.append(title);
  return shape;
}

function put(shape, [x0, y0, x1, y1]) {
  for (const [name, value] of Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) {
    shape.setAttribute(name, value);
  }
}
