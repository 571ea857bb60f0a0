// The classes of the number keys, for the image at hand.

const NONE = { choices: [], items: [] };

export class Choices {
  constructor(boxes, chosen) {
    this.boxes = boxes; // elements that show them
    this.kept = new Map(); // image → promise of what the server said
    for (const box of boxes) {
      box.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button) chosen(Number(button.dataset.digit), event.shiftKey);
      });
    }
  }

  // Show those of an image; the last one that was asked for wins.
  async show(image) {
    this.image = image;
    if (!image) return this.#draw([]);
    const said = await this.of(image);
    if (this.image === image) this.#draw(said.choices);
  }

  // What the server says of an image: { choices, items }.
  of(image) {
    if (!this.kept.has(image)) {
      if (this.kept.size > 300) this.kept.clear();
      const asked = fetch(`/api/choices/${image}`)
        .then((response) => (response.ok ? response.json() : NONE))
        .catch(() => { // the server or this page goes: it is asked again
          this.kept.delete(image);
          return { ...NONE, away: true };
        });
      this.kept.set(image, asked);
    }
    return this.kept.get(image);
  }

  // They are others after an edit.
  forget(images) {
    for (const image of images) this.kept.delete(image);
  }

  #draw(choices) {
    for (const box of this.boxes) {
      box.replaceChildren(...choices.map(({ name, why }, place) => {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.digit = place + 1;
        button.title = why;
        const key = document.createElement("kbd");
        key.textContent = place + 1;
        const words = document.createElement("span");
        words.textContent = ` ${name}`;
        button.append(key, words);
        return button;
      }));
    }
  }
}
