// The marks of one image, in step with the server: every change is one edit there, in turn.
//
// A mark here has an `id` of this page, what it looks like, and `said`, its form in the store, which
// the server wants back when it goes.

import { signed } from "../asking.js";
import { get } from "../edits.js";

const EVERY = 4000; // ms between two looks for what others did
const AGAIN = 1000; // ms until what the server did not hear is sent again
const FIELDS = ["kind", "value", "box", "angle", "points", "by", "score"];

export class Marks {
  constructor(image, { changed, trouble }) {
    this.address = `/api/marks/${image}`;
    this.changed = changed;
    this.trouble = trouble;
    this.all = [];
    this.version = 0;
    this.done = []; // edits of this page that can be undone, and the address that does it
    this.undone = [];
    this.atOnce = [];
    this.next = 1;
    this.queue = Promise.resolve();
    this.waiting = 0;
    this.unsent = false; // the server can't be reached, and changes wait for it
    setInterval(() => this.#look(), EVERY);
    document.addEventListener("visibilitychange", () => this.#look());
  }

  // Whether changes would be lost with the page; one that is on its way arrives.
  get isBehind() {
    return this.unsent || this.waiting > 1;
  }

  // `back` is whether an edit was taken back or made again: a mark that lay elsewhere is the same one.
  async load(back = false) {
    this.#take(await ask(this.address), back);
  }

  // Say marks anew: pairs of a mark and what it becomes, null where it goes. One edit.
  change(pairs) {
    for (const [mark, next] of pairs) {
      if (next) Object.assign(mark, { score: null, ...next });
      if (next && !this.all.includes(mark)) this.all.push(mark);
      if (!next) this.all = this.all.filter((one) => one !== mark);
    }
    this.changed();
    const wanted = pairs.map(([mark, next]) => [mark, next && fields(mark)]);
    return this.#queued(() => this.#send(wanted));
  }

  add(mark) {
    const made = { id: this.next++, said: null, kind: "box", value: "", angle: 0, points: [], by: "", score: null };
    this.change([[made, mark]]);
    return made;
  }

  // Note an edit that another address made and can take back: a decision on a proposal.
  made(edit, address) {
    this.done.push([edit, address]);
    this.undone = [];
    return this.#queued(() => this.#afresh());
  }

  undo() {
    return this.#back("done", "undone");
  }

  redo() {
    return this.#back("undone", "done");
  }

  #back(from, to) {
    return this.#queued(async () => {
      const last = this[from].at(-1);
      if (!last) return;
      const [edit, address] = last;
      const said = await ask(address, { edit }).catch((error) => {
        if (!error.away) this[from].pop();
        throw error;
      });
      this[from].pop();
      const made = said.edit?.id ?? said.edit;
      if (address === `${this.address}/undo`) this[to].push([made, address]);
      await this.#afresh(true);
    });
  }

  async #send(wanted) {
    const here = wanted.filter(([mark, next]) => next || mark.said);
    const old = here.flatMap(([mark]) => (mark.said ? [mark.said] : []));
    const fresh = here.filter(([, next]) => next);
    if (!here.length) return;
    const said = await ask(this.address, { old, new: fresh.map(([, next]) => next), seen: this.version });
    fresh.forEach(([mark], number) => this.#kept(mark, said.marks[number]));
    for (const [mark, next] of here) if (!next) mark.said = null;
    if (said.edit) {
      this.done.push([said.edit, `${this.address}/undo`]);
      this.undone = [];
    }
    if (said.gone) this.trouble("Somebody else has changed this meanwhile: both are kept.");
    if (said.gone || said.version > this.version + 1) await this.#afresh();
    else this.version = said.version;
    this.changed();
  }

  // As the server keeps it; but what was changed here since then is sent later, and stays.
  #kept(mark, said) {
    mark.said = said;
    if (this.waiting <= 1) Object.assign(mark, said);
    else mark.by = said.by;
  }

  #queued(job) {
    this.waiting++;
    this.queue = this.queue.then(() => this.#heard(job)).catch(async (error) => {
      this.trouble(error.message);
      await this.#afresh();
    }).finally(() => { this.waiting--; });
    return this.queue;
  }

  // Until the server hears it: what was drawn and typed while it was away is lost only with the page.
  async #heard(job) {
    for (;;) {
      try {
        await job();
        if (this.unsent) this.trouble("The server is there again, and has all changes.");
        this.unsent = false;
        return;
      } catch (error) {
        if (!error.away) throw error;
        this.unsent = true;
        this.trouble("The server can't be reached. What you change is kept on this page, and sent as soon as it is back.");
        await new Promise((over) => { setTimeout(over, AGAIN); });
      }
    }
  }

  // What fails here comes with the next look.
  #afresh(back = false) {
    return this.load(back).catch(() => {});
  }

  async #look() {
    if (document.hidden || this.waiting) return;
    const said = await ask(`${this.address}?after=${this.version}`).catch(() => null);
    if (said && !this.waiting) this.#take(said);
  }

  // All marks as the store has them; those that were here already stay the same objects.
  #take(said, back = false) {
    if (said.version < this.version) return;
    const known = new Map(this.all.map((mark) => [key(mark.said ?? mark), mark]));
    const found = said.marks.map((one) => {
      const mark = known.get(key(one));
      known.delete(key(one));
      return mark;
    });
    if (back && known.size === 1 && found.filter((mark) => !mark).length === 1) {
      found[found.indexOf(undefined)] = [...known.values()][0];
    }
    this.all = said.marks.map((one, number) => Object.assign(found[number] ?? { id: this.next++ }, one, { said: one }));
    this.version = said.version;
    this.atOnce = said.at_once;
    this.changed();
  }
}

function key(mark) {
  return JSON.stringify(fields(mark));
}

function fields(mark) {
  return Object.fromEntries(FIELDS.map((name) => [name, mark[name]]));
}

// The answer as JSON, null for none. With a body it is a change.
export function ask(address, body) {
  return body === undefined ? get(address) : signed(address, body);
}
