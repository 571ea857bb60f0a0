// One class's entry in the guide: its text is saved, pictures and edge cases come and go.

const entry = document.getElementById("entry");
const name = entry.dataset.class;
const isNew = entry.dataset.new === "yes";
const text = document.getElementById("text");
const before = text.value;
let saved = false;

document.getElementById("define").addEventListener("submit", (event) => {
  event.preventDefault();
  saved = true; // nothing is lost when the page is read again
  const why = document.getElementById("why").value;
  send("define", { text: text.value, seen: Number(entry.dataset.seen), why }, document.getElementById("said")).then((done) => { saved = done; });
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
});
addEventListener("beforeunload", (event) => {
  if (text.value !== before && !saved) event.preventDefault();
});
entry.addEventListener("click", ({ target }) => {
  const { take, add, change } = target.dataset;
  if (take) send("take", { id: Number(take) }, document.getElementById("said"));
  if (add) picker.open(add);
  if (change) picker.open("edge", { ...target.dataset, instead: Number(change) });
});

// Tells the server, and reads the page again; what it refuses is said in `where`.
async function send(what, body, where) {
  where.hidden = true;
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`/api/guide/${what}`, { method: "POST", headers, body: JSON.stringify({ class: name, ...body, ...(what !== "take" && { new: isNew }) }) }).catch(() => null);
  if (response?.ok) {
    saved ||= text.value === before;
    location.replace(`/guide?class=${encodeURIComponent(name)}`);
    return true;
  }
  const said = (await response?.json().catch(() => null))?.error;
  where.textContent = said ? [said.what, said.found, said.fix].filter(Boolean).join(" ") : "The page's server does not answer.";
  where.hidden = false;
  return false;
}

class Picker {
  constructor() {
    this.dialog = document.getElementById("picker");
    this.choices = document.getElementById("choices");
    this.canvas = document.getElementById("canvas");
    this.sides = [...document.querySelectorAll("#sides input")];
    this.image = null;
    let typing;
    document.getElementById("close").addEventListener("click", () => this.dialog.close());
    document.getElementById("find").addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.find(), 150);
    });
    document.getElementById("find").addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    this.choices.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button) this.choose(button.dataset.image);
    });
    document.getElementById("whole").addEventListener("click", () => { this.box = null; this.draw(); });
    for (const side of this.sides) side.addEventListener("input", () => this.typed());
    document.getElementById("show").addEventListener("submit", (event) => { event.preventDefault(); this.save(); });
  }

  open(kind, { instead, case: told = "", note = "", image = "", box = "" } = {}) {
    this.kind = kind;
    this.instead = instead;
    this.image = this.box = null;
    this.canvas.replaceChildren(Object.assign(document.createElement("p"), { className: "faint", textContent: "Choose a picture. Then draw a box in it, if only a part is meant." }));
    document.getElementById("sides").hidden = true;
    const edge = kind === "edge";
    document.getElementById("adding").textContent = { example: `This is ${name}`, counterexample: `This is not ${name}`, edge: "An edge case" }[kind];
    for (const id of ["case", "case-label"]) document.getElementById(id).hidden = !edge;
    document.getElementById("case").value = told;
    document.getElementById("note").value = note;
    document.getElementById("note-label").textContent = edge ? "What was decided" : "Remark";
    document.getElementById("refused").hidden = true;
    this.dialog.showModal();
    this.find();
    if (image) this.choose(image, box ? box.split(",").map(Number) : null);
  }

  // Pictures of the class; others where something is asked for. A hash is one of its own.
  async find() {
    const asked = document.getElementById("find").value.trim();
    const of = asked ? { text: asked } : this.kind === "counterexample" ? {} : { label: name };
    if (/^[0-9a-f]{64}$/.test(asked)) return this.choose(asked);
    const turn = this.turn = (this.turn ?? 0) + 1;
    const response = await fetch(`/api/images?${new URLSearchParams({ ...of, count: 120 })}`);
    if (!response.ok || turn !== this.turn) return;
    const { items } = await response.json();
    const images = new Map(items.map((item) => [item.image, item]));
    this.choices.replaceChildren(...[...images.values()].map((item) => {
      const button = Object.assign(document.createElement("button"), { type: "button", title: item.path });
      button.dataset.image = item.image;
      button.role = "option";
      button.ariaSelected = item.image === this.image;
      button.append(Object.assign(document.createElement("img"), { src: `/thumbnail/${item.image}.webp`, alt: item.path, loading: "lazy" }));
      return button;
    }));
  }

  async choose(image, box = null) {
    this.image = image;
    this.box = box;
    for (const button of this.choices.children) button.ariaSelected = button.dataset.image === image;
    const response = await fetch(`/image/${image}`);
    if (!response.ok) {
      this.canvas.textContent = "This image is not in the store.";
      this.image = null;
      return;
    }
    const large = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("large");
    this.width = Number(large.getAttribute("width"));
    this.height = Number(large.getAttribute("height"));
    const picture = Object.assign(document.createElement("div"), { className: "picture" });
    const img = Object.assign(document.createElement("img"), { src: `/picture/${image}.webp`, alt: large.alt, draggable: false });
    this.shape = Object.assign(document.createElement("div"), { className: "box", hidden: true });
    picture.append(img, this.shape);
    await img.decode().catch(() => {}); // so that a box is drawn in what is seen
    if (this.image !== image) return; // another was chosen meanwhile
    this.canvas.replaceChildren(picture);
    document.getElementById("sides").hidden = false;
    this.#drawn(picture);
    this.draw();
  }

  #drawn(picture) {
    const at = (event) => {
      const { left, top, width, height } = picture.getBoundingClientRect();
      const within = (share) => Math.min(1, Math.max(0, share));
      return [within((event.clientX - left) / width) * this.width, within((event.clientY - top) / height) * this.height];
    };
    picture.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      picture.setPointerCapture(event.pointerId);
      const [x, y] = at(event);
      const move = (moved) => {
        const [u, v] = at(moved);
        this.box = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)].map((one) => Math.round(one));
        this.draw();
      };
      const end = () => {
        picture.removeEventListener("pointermove", move);
        if (this.box && (this.box[0] >= this.box[2] || this.box[1] >= this.box[3])) { this.box = null; this.draw(); }
      };
      picture.addEventListener("pointermove", move);
      picture.addEventListener("pointerup", end, { once: true });
      picture.addEventListener("pointercancel", end, { once: true });
    });
  }

  typed() {
    const sides = this.sides.map((side) => side.value.trim());
    this.box = sides.every((side) => side && Number.isFinite(Number(side))) ? sides.map(Number) : null;
    this.draw(false);
  }

  draw(write = true) {
    if (write) this.sides.forEach((side, place) => { side.value = this.box ? this.box[place] : ""; });
    this.shape.hidden = !this.box;
    if (!this.box) return;
    const [x0, y0, x1, y1] = this.box;
    const share = (from, to, of) => [`${(100 * from) / of}%`, `${(100 * (to - from)) / of}%`];
    [this.shape.style.left, this.shape.style.width] = share(x0, x1, this.width);
    [this.shape.style.top, this.shape.style.height] = share(y0, y1, this.height);
  }

  save() {
    const said = { image: this.image, box: this.box, note: document.getElementById("note").value, instead: this.instead };
    if (this.kind === "edge") said.case = document.getElementById("case").value;
    else said.against = this.kind === "counterexample";
    send("show", said, document.getElementById("refused"));
  }
}

const picker = new Picker();
if (entry.dataset.picked) picker.open("example", { image: entry.dataset.picked });
