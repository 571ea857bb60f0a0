// One image in detail. `step(by)` gives the hash of the image that many places on, or null.

import "./alike.js";
import "./cover.js";
import { see } from "./seen.js";

export class Panel {
  // `shown` is told when another image is open.
  constructor({ step = null, closed = () => {}, shown = () => {} } = {}) {
    this.shown = shown;
    this.dialog = document.getElementById("panel");
    this.detail = document.getElementById("detail");
    this.step = step;
    this.turn = 0;
    for (const [name, by] of [["previous", -1], ["next", 1]]) {
      const button = document.getElementById(name);
      button.hidden = !step;
      button.addEventListener("click", () => this.go(by));
    }
    document.getElementById("close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => { this.turn++; closed(); });
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
    this.dialog.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        this.go(by);
      }
    });
  }

  get open() {
    return this.dialog.open;
  }

  async show(image, place = "") {
    const mine = ++this.turn;
    this.image = image;
    document.getElementById("place").textContent = place;
    if (!this.dialog.open) {
      this.detail.replaceChildren();
      this.dialog.showModal();
    }
    this.shown();
    const response = await fetch(`/image/${image}`).catch(() => null); // the server is away
    const said = response?.ok ? await response.text() : null;
    if (mine !== this.turn) return; // another image was asked for meanwhile
    if (!response) this.detail.textContent = "The server can't be reached.";
    else if (said === null) this.detail.textContent = "This image is no longer in the store.";
    else this.detail.innerHTML = said; // made and escaped by our own server
    this.detail.dataset.image = image;
    this.detail.scrollTop = 0;
    document.getElementById("large")?.addEventListener("load", () => see(image));
    document.getElementById("large")?.addEventListener("error", (event) => event.target.classList.add("gone"));
  }

  // The same image as it is now.
  again() {
    return this.show(this.image, document.getElementById("place").textContent);
  }

  // Its classes as they will be, once an edit is saved.
  foresee(classes) {
    const title = this.detail.querySelector("h2");
    if (title) title.textContent = classes.join(" · ") || "No label";
  }

  // The image before or after this one, where there is one.
  async go(by) {
    const to = this.step && await this.step(by);
    if (to) this.show(to.image, to.place);
  }
}
