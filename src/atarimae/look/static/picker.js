// Choose a class by typing a part of its name, whatever its case, its width and its kana.

const MOST = 60; // classes that are listed
const number = new Intl.NumberFormat("en");

// As the server's filters compare, and hiragana as katakana besides.
export function fold(text) {
  return text.normalize("NFKC").toLowerCase().replace(/[\u3041-\u3096]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60));
}

export class Picker {
  constructor() {
    this.dialog = document.getElementById("picker");
    this.input = this.dialog.querySelector("input");
    this.list = this.dialog.querySelector("ul");
    this.input.addEventListener("input", () => this.#list());
    this.input.addEventListener("keydown", (event) => this.#pressed(event));
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) this.#take([...this.list.children].indexOf(row), event.shiftKey);
    });
    this.known = [];
    this.load();
    this.dialog.addEventListener("close", () => this.done?.(null));
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
  }

  // The class that is chosen, as { name, also, isNew }; null where none is. It opens at once: what
  // is typed next is typed into it, and is no key of the page.
  ask(what) {
    this.title(what);
    this.input.value = "";
    this.#list();
    this.dialog.showModal();
    this.input.focus();
    this.loaded.then(() => this.dialog.open && this.#list());
    return new Promise((done) => { this.done = done; });
  }

  title(what) {
    this.dialog.querySelector("h2").textContent = what;
  }

  close() {
    this.dialog.close();
  }

  // All classes as they are now. It begins before anybody asks, so that typing finds them there.
  load() {
    const asked = fetch("/api/classes").then((response) => response.json()).then((said) => {
      this.known = said.classes.map(([name, count]) => ({ name, count, folded: fold(name) }));
    });
    this.loaded = asked.catch(() => {});
  }

  #list() {
    const text = this.input.value.trim();
    const typed = fold(text);
    const found = this.known.filter((one) => one.folded.includes(typed));
    found.sort((a, b) => rank(b, typed) - rank(a, typed) || b.count - a.count || (a.name < b.name ? -1 : 1));
    this.rows = found.slice(0, MOST).map(({ name, count }) => ({ name, isNew: false, count }));
    if (text && !this.known.some((one) => one.name === text)) this.rows.push({ name: text, isNew: true });
    this.sure = false; // a new class is asked about once
    this.#mark(0);
  }

  #mark(active) {
    this.active = active;
    this.list.replaceChildren(...this.rows.map((row, place) => this.#row(row, place === active)));
    this.list.children[active]?.scrollIntoView({ block: "nearest" });
  }

  #row(row, active) {
    const made = document.createElement("li");
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", active);
    const name = document.createElement("b");
    name.textContent = row.name;
    const more = document.createElement("span");
    more.className = "faint number";
    more.textContent = row.isNew ? "" : number.format(row.count);
    if (row.isNew) {
      const ask = active && this.sure ? "Nobody has used this class: Enter again makes it" : "New class";
      made.append(`${ask} `, name);
      made.className = "new";
    } else made.append(name, more);
    return made;
  }

  #pressed(event) {
    if (event.isComposing) return; // Enter ends a Japanese word
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      this.#mark(Math.max(0, Math.min(this.rows.length - 1, this.active + by)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#take(this.active, event.shiftKey);
    }
  }

  #take(place, also) {
    const row = this.rows[place];
    if (!row) return;
    if (row.isNew && !(this.sure && this.active === place)) {
      this.sure = true;
      this.#mark(place);
      return;
    }
    const done = this.done;
    this.done = null;
    this.dialog.close();
    if (row.isNew) this.known.push({ name: row.name, count: 0, folded: fold(row.name) });
    done({ name: row.name, also, isNew: row.isNew });
  }
}

function rank(one, typed) {
  return one.folded === typed ? 2 : one.folded.startsWith(typed) ? 1 : 0;
}
