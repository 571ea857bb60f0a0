// What the pointer does on the stage: choose, move, resize and turn a mark, or draw a new one.

import { area, centre, distance, dragged, edges, moved, polygon, resized, touches, turned } from "./geometry.js";
import { grips } from "./paint.js";

const NEAR = 9; // px of the screen
const LEAST = 4; // px of the screen that a new box has at least

export class Tools {
  constructor(view, state) {
    this.view = view;
    this.state = state; // of the page: tool, selected, shown, draft, and what it does with them
    this.hold = null; // what a press began
    const on = (name, act) => view.viewer.addHandler(name, act);
    on("canvas-press", (event) => this.#press(event.position));
    on("canvas-drag", (event) => {
      if (!this.hold) return;
      event.preventDefaultAction = true;
      this.#drag(event.position, event.originalEvent.shiftKey);
    });
    on("canvas-drag-end", (event) => { if (this.held) event.preventDefaultAction = true; });
    on("canvas-release", () => this.#release());
    on("canvas-click", (event) => { if (event.quick) this.#click(event.position); });
    on("canvas-double-click", () => this.#twice());
    view.viewer.canvas.addEventListener("pointermove", (event) => this.#hover(event));
  }

  // Take back what is half drawn; whether there was something.
  cancel() {
    const was = Boolean(this.state.draft);
    this.state.draft = null;
    this.hold = null;
    this.view.redraw();
    return was;
  }

  // End an outline that is being drawn.
  close() {
    const { draft } = this.state;
    if (!draft || draft.kind !== "polygon") return;
    this.state.draft = null;
    if (draft.fixed.length > 2) this.state.create("polygon", polygon(draft.fixed, this.view.size));
    this.view.redraw();
  }

  #press(position) {
    const { state, view } = this;
    const at = [position.x, position.y];
    this.held = false;
    this.hold = null;
    if (!state.editable) return;
    if (state.tool === "box" || state.tool === "text") this.hold = { draws: true, from: view.toImage(at) };
    if (state.tool !== "select" || !state.selected || !state.shown().includes(state.selected)) return;
    const grip = this.#grip(at);
    if (grip) this.hold = { mark: state.selected, grip, from: view.toImage(at) };
    else if (touches(state.selected, view.toImage(at), NEAR / view.scale)) this.hold = { mark: state.selected, from: view.toImage(at) };
  }

  #drag(position, snap) {
    const { state, view, hold } = this;
    const to = view.toImage([position.x, position.y]);
    this.held = true;
    if (hold.draws) state.draft = { kind: state.tool, next: dragged(hold.from, to, -view.turn, view.size) };
    else state.draft = { mark: hold.mark, next: this.#changed(hold, to, snap) };
    view.redraw();
  }

  #changed({ mark, grip, from }, to, snap) {
    const { size } = this.view;
    if (!grip) return moved(mark, to[0] - from[0], to[1] - from[1], size);
    if (grip.side) return resized(mark, grip.side, to, size);
    if (grip.turns) {
      const [x, y] = centre(mark);
      const angle = (Math.atan2(to[0] - x, y - to[1]) * 180) / Math.PI;
      return turned(mark, (snap ? Math.round(angle / 15) * 15 : angle) - mark.angle, size);
    }
    return polygon(mark.points.map((point, number) => (number === grip.number ? to : point)), size);
  }

  #release() {
    const { state, view } = this;
    const draft = this.held ? state.draft : null;
    if (this.hold) state.draft = null;
    const draws = this.hold?.draws;
    this.hold = null;
    if (!draft) return;
    const [x0, y0, x1, y1] = draft.next.box;
    if (!draws) state.commit(draft.mark, draft.next);
    else if (Math.min(x1 - x0, y1 - y0) * view.scale >= LEAST) state.create(draft.kind, draft.next);
    view.redraw();
  }

  #click(position) {
    const { state, view } = this;
    const point = view.toImage([position.x, position.y]);
    if (state.tool === "polygon" && state.editable) return this.#corner(point);
    if (state.tool === "select") state.select(this.at(point));
  }

  #corner(point) {
    const { state, view } = this;
    const fixed = state.draft?.fixed ?? [];
    const first = fixed[0];
    if (fixed.length > 2 && Math.hypot(point[0] - first[0], point[1] - first[1]) * view.scale < NEAR) return this.close();
    const last = fixed.at(-1);
    if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) * view.scale > 2) fixed.push(point);
    state.draft = { kind: "polygon", fixed, points: [...fixed] };
    view.redraw();
  }

  // A double click ends an outline; on an edge of a chosen one it makes a corner, on a corner it takes it.
  #twice() {
    const { state, view } = this;
    if (state.draft?.fixed) return this.close();
    const mark = state.selected;
    if (!state.editable || state.tool !== "select" || mark?.kind !== "polygon" || !this.last) return;
    const grip = this.#grip(this.last);
    const point = view.toImage(this.last);
    let points = [...mark.points];
    if (grip) points = points.filter((_, number) => number !== grip.number);
    else {
      const far = edges(points).map(([a, b]) => distance(point, a, b));
      const nearest = far.indexOf(Math.min(...far));
      if (far[nearest] * view.scale > NEAR) return;
      points.splice(nearest + 1, 0, point);
    }
    if (points.length > 2) state.commit(mark, polygon(points, view.size));
  }

  // The smallest mark at a point of the image.
  at(point) {
    const slack = NEAR / 2 / this.view.scale;
    const found = this.state.shown().filter((mark) => touches(mark, point, slack));
    return found.sort((a, b) => area(a) - area(b))[0] ?? null;
  }

  #grip([x, y]) {
    const { selected } = this.state;
    if (!selected || selected.score !== null) return null;
    return grips(this.view, selected).find(({ at }) => Math.hypot(at[0] - x, at[1] - y) <= NEAR) ?? null;
  }

  #hover(event) {
    const { state, view } = this;
    if (!view.matrix) return;
    const frame = view.viewer.canvas.getBoundingClientRect();
    this.last = [event.clientX - frame.x, event.clientY - frame.y];
    if (state.draft?.fixed) {
      state.draft.points = [...state.draft.fixed, view.toImage(this.last)];
      view.redraw();
    }
    if (event.buttons) return;
    const draws = state.tool !== "select" && state.editable;
    const grip = !draws && state.editable && this.#grip(this.last);
    const mark = !draws && !grip && this.at(view.toImage(this.last));
    view.viewer.canvas.style.cursor = draws ? "crosshair" : grip ? (grip.turns ? "grab" : "move") : mark ? (mark === state.selected ? "move" : "pointer") : "";
  }
}
