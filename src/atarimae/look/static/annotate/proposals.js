// What models propose: accepted or rejected by a key, where this server has an address for it.

import { ask } from "./marks.js";

export class Proposals {
  constructor(image, marks, trouble) {
    this.address = `/api/proposals?image=${image}`;
    this.marks = marks;
    this.trouble = trouble;
  }

  // Say yes or no to one that is chosen; whether it could be said.
  async decide(mark, word) {
    const found = await this.#id(mark).catch(() => null);
    if (found === null) {
      this.trouble("This proposal can't be decided on here: change it, and it is yours.");
      return false;
    }
    try {
      const said = await ask(`/api/proposals/${word}`, { ids: [found], seen: this.marks.version });
      if (said.edit) await this.marks.made(said.edit.id, "/api/proposals/undo");
      return true;
    } catch (error) {
      this.trouble(error.message);
      return false;
    }
  }

  async #id(mark) {
    const { proposals } = await ask(this.address);
    const same = ({ kind, label, model, box, fate }) =>
      fate === "untouched" && kind === mark.kind && label === mark.value && model === mark.by &&
      box && [box.x0, box.y0, box.x1, box.y1].every((side, place) => side === mark.box[place]);
    return proposals.find(same)?.id ?? null;
  }
}
