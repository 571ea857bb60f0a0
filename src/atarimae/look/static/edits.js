// Edits are sent one after the other, each with the version that its author saw.

export class Edits {
  // `named` asks for a name where the page has none, and gives whether there is one.
  constructor({ version, workspace, named }) {
    this.named = named;
    this.own = new Map(); // path → version of this person's latest edit of it
    this.queue = Promise.resolve();
    const key = `sitting ${workspace}`; // of this tab: a reload goes on with it
    const kept = Number(sessionStorage.getItem(key) ?? version);
    this.since = Math.min(kept, version);
    sessionStorage.setItem(key, this.since);
  }

  // Of items as the grid has them, or of all that `where` (an address's query) shows.
  edit(kind, target, more = {}) {
    const seen = target.items.length ? Math.min(...target.items.map((item) => this.#seen(item))) : target.version;
    const paths = target.where === undefined ? target.items.map((item) => item.path) : [];
    return this.#send(kind, { paths, where: target.where, without: target.without, seen, ...more });
  }

  undo(everything = false) {
    return this.#send("undo", { since: this.since, everything });
  }

  redo() {
    return this.#send("redo", { since: this.since });
  }

  // What an edit would change; it waits for nobody.
  preview(target, more) {
    const paths = target.items.map((item) => item.path);
    return post("/api/edits/preview", { paths, where: target.where, without: target.without, ...more });
  }

  #seen(item) {
    return Math.max(item.version, this.own.get(item.path) ?? 0);
  }

  #send(kind, body) {
    const sent = this.queue.then(() => this.#asked(kind, body));
    this.queue = sent.catch(() => {});
    return sent;
  }

  async #asked(kind, body) {
    const path = `/api/edits/${kind}`;
    const answer = await post(path, body).catch(async (error) => {
      if (error.status === 401 && await this.named()) return post(path, body);
      throw error;
    });
    for (const item of answer.items) this.own.set(item.path, answer.version);
    return answer;
  }
}

export function named(item) {
  return item?.path.split("/").pop();
}

// What an undo or a redo did: why it was made, else what it touched; an edit's number says nothing here.
export function told(text, { edit: { why }, items }) {
  const which = items.length > 1 ? `${items.length} files` : named(items[0]);
  return [text, why && !/^edit \d+$/.test(why) ? why : which].filter(Boolean).join(": ");
}

export const AWAY = "The server can't be reached. Nothing was saved.";

const SMALL = 20_000; // letters of a change that a browser still sends when its page is left

// The answer as JSON, null for none; an error is thrown with what the server said, or that it is away.
export function post(path, value) {
  const body = JSON.stringify(value);
  return get(path, { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: body.length < SMALL });
}

export async function get(path, options) {
  const response = await fetch(path, options).catch(() => { throw Object.assign(new Error(AWAY), { away: true }); });
  if (response.status === 204) return null;
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  const { what = `The server answered ${response.status}.`, found = "", fix = "" } = said.error ?? {};
  throw Object.assign(new Error([what, found, fix].filter(Boolean).join(" ")), { status: response.status });
}
