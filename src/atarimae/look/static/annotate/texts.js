// Texts one after another: each upright before the reader, with a field beside it.

import { bounds, inReadingOrder, outline } from "./geometry.js";

const GAP = 14; // px between the text and its field

export class Texts {
  constructor(view, state, form) {
    this.view = view;
    this.state = state;
    this.form = form;
    this.field = form.querySelector("input");
    this.mark = null;
    this.field.addEventListener("keydown", (event) => this.#pressed(event));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.enter(); });
    for (const [name, by] of [["previous", -1], ["next", 1]]) {
      form.querySelector(`[data-text=${name}]`).addEventListener("click", () => this.step(by));
    }
    form.querySelector("[data-text=close]").addEventListener("click", () => this.close());
  }

  get all() {
    return inReadingOrder(this.state.shown().filter((mark) => mark.kind === "text"));
  }

  open(mark) {
    if (!mark) return;
    this.save();
    this.mark = mark;
    this.state.select(mark);
    this.form.hidden = false;
    this.field.value = mark.value;
    this.field.readOnly = !this.state.editable;
    this.view.show(mark, true);
    this.view.redraw();
    this.field.focus({ preventScroll: true });
    this.field.select();
    this.state.told();
  }

  // Whether something is typed that is not kept yet.
  get isTyped() {
    return this.mark !== null && this.state.editable && this.field.value.trim() !== this.mark.value;
  }

  // Keep what was typed: the reader goes on to something else.
  leave() {
    this.save();
    this.close();
  }

  // Without keeping it.
  close() {
    if (!this.mark) return;
    this.mark = null;
    this.form.hidden = true;
    this.state.told();
    this.view.viewer.canvas.focus({ preventScroll: true });
  }

  // Keep what was typed; `sure` says that what a model wrote is right as it stands, too.
  save(sure = false) {
    const { mark } = this;
    const value = this.field.value.trim();
    if (!mark || !this.state.editable || !this.state.marks.all.includes(mark)) return;
    if (value !== mark.value || (sure && value && mark.score !== null)) this.state.commit(mark, { value });
  }

  // Keep it, and go to the next or the one before; from the last to the first.
  step(by) {
    const here = this.all.indexOf(this.mark);
    this.save();
    const { all } = this;
    if (all.length) this.open(all.at((here + by) % all.length) ?? all[0]);
  }

  // Keep it, and go on to what is still to be transcribed.
  enter() {
    this.save(true);
    const { all } = this;
    const here = all.indexOf(this.mark);
    const next = [...all.slice(here + 1), ...all.slice(0, here + 1)].find((mark) => !done(mark));
    if (next) this.open(next);
    else this.close();
  }

  // The first that is to be transcribed, else the first.
  begin() {
    this.save();
    const { all } = this;
    this.open(all.find((mark) => !done(mark)) ?? all[0]);
  }

  // Beside its text, wherever that is on the stage.
  place() {
    if (!this.mark) return;
    if (!this.state.marks.all.includes(this.mark) && !this.#taken()) {
      if (this.isTyped) this.state.trouble(`Somebody else deleted this text meanwhile. You had typed '${this.field.value.trim()}'.`);
      return this.close();
    }
    const [x0, y0, x1, y1] = bounds(outline(this.mark).map((point) => this.view.toStage(point)));
    const { clientWidth: wide, clientHeight: high } = this.view.viewer.canvas;
    const { offsetWidth: own, offsetHeight: tall } = this.form;
    const below = y1 + GAP + tall < high ? y1 + GAP : Math.max(GAP, y0 - GAP - tall);
    const left = Math.max(8, Math.min(wide - own - 8, (x0 + x1 - own) / 2));
    this.form.style.transform = `translate(${Math.round(left)}px, ${Math.round(Math.min(below, high - tall - 8))}px)`;
  }

  // Somebody else has changed the text meanwhile: what is typed here stays, for the mark in its place.
  #taken() {
    const { box, angle } = this.mark;
    const there = this.all.find((mark) => mark.angle === angle && `${mark.box}` === `${box}`);
    if (!there) return false;
    const was = this.mark.value;
    this.mark = there;
    this.state.select(there);
    if (this.field.value.trim() === was) this.field.value = there.value;
    else this.state.trouble(`Somebody else wrote '${there.value}' here meanwhile. Enter puts yours in its place, Escape leaves theirs.`);
    return true;
  }

  #pressed(event) {
    if (event.isComposing) return; // Enter ends a conversion of kana then
    if (event.key === "Tab" && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.step(event.shiftKey ? -1 : 1);
    }
    if (event.key === "Escape") this.close();
    event.stopPropagation();
  }
}

export function done(mark) {
  return mark.score === null && mark.value !== "";
}
