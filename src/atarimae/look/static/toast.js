// One line at the foot that says what was done, with a button or two.

const LONG = 8000; // ms that it stays

export class Toast {
  constructor() {
    this.box = document.getElementById("toast");
    this.box.addEventListener("pointerenter", () => clearTimeout(this.timer));
  }

  // `actions` are [text, what it does].
  say(text, actions = [], bad = false) {
    clearTimeout(this.timer);
    const words = document.createElement("span");
    words.textContent = text;
    const buttons = actions.map(([name, act]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.addEventListener("click", () => { this.hide(); act(); });
      return button;
    });
    this.box.replaceChildren(words, ...buttons);
    this.box.classList.toggle("wrong", bad);
    this.home();
    this.box.hidden = false;
    this.timer = setTimeout(() => this.hide(), LONG);
  }

  hide() {
    this.box.hidden = true;
  }

  // What is outside an open dialog can't be pressed: so it goes into the one on top.
  home() {
    const open = [...document.querySelectorAll("dialog[open]")];
    const into = open.at(-1) ?? document.body;
    if (this.box.parentElement !== into) into.append(this.box);
  }
}
