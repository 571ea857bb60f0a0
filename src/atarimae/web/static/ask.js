// A place to drop, choose, paste or photograph a picture, and the answer beside it.
//
// <section class="ask" data-ask="/search" data-thumbnail="/thumbnail/"> holds .drop (with
// input[type=file] and .asked, an img) and .answer. Without data-thumbnail no pictures are shown.
// An answer with `matches` becomes a grid; any other is shown as the JSON that it is.
"use strict";

document.querySelectorAll("[data-ask]").forEach((ask) => {
  const drop = ask.querySelector(".drop");
  const answer = ask.querySelector(".answer");
  const asked = ask.querySelector(".asked");
  let turn = 0; // an answer that comes late must not replace a newer one

  const question = async (file) => {
    const mine = ++turn;
    if (asked.src) URL.revokeObjectURL(asked.src);
    asked.src = URL.createObjectURL(file);
    asked.hidden = false;
    ask.classList.add("busy");
    const form = new FormData();
    form.append("image", file);
    const started = performance.now();
    let shown;
    try {
      const response = await fetch(ask.dataset.ask, { method: "POST", body: form });
      const said = await response.json();
      const took = performance.now() - started;
      shown = said.error ? refusal(said.error) : result(said, took, ask.dataset.thumbnail);
    } catch (error) {
      shown = refusal({ what: "No answer came.", found: String(error.message || error), fix: "Is the server still there?" });
    }
    if (mine !== turn) return;
    answer.replaceChildren(...shown);
    ask.classList.remove("busy");
  };

  asked.addEventListener("error", () => { asked.hidden = true; });
  ask.querySelectorAll("input[type=file]").forEach((input) =>
    input.addEventListener("change", () => {
      if (input.files.length) question(input.files[0]);
      input.value = ""; // so that the same file can be asked again
    }));
  for (const event of ["dragover", "dragleave", "drop"]) {
    ask.addEventListener(event, (moved) => {
      moved.preventDefault();
      drop.classList.toggle("over", event === "dragover");
      if (event === "drop" && moved.dataTransfer.files.length) question(moved.dataTransfer.files[0]);
    });
  }
  document.addEventListener("paste", (pasted) => {
    const file = [...pasted.clipboardData.files].find((one) => one.type.startsWith("image/"));
    if (file) question(file);
  });
});

function make(tag, classes, text) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text !== undefined) made.textContent = text;
  return made;
}

function refusal(error) {
  const note = make("div", "note");
  note.setAttribute("role", "alert");
  note.append(make("p", "bad", error.what), make("p", "", error.found), make("p", "faint", error.fix));
  return [note];
}

function result(said, took, thumbnails) {
  const sure = typeof said.confidence === "number" ? `, ${(100 * said.confidence).toFixed(0)}% sure of the first` : "";
  const time = make("p", "faint", `Answered in ${took.toFixed(0)} ms${sure}`);
  if (!Array.isArray(said.matches)) return [time, make("pre", "", JSON.stringify(said, null, 2))];
  const parts = [time];
  if (said.unknown) {
    const note = make("div", "note unknown");
    note.append(make("p", "", "Unknown: nothing here is the same thing. The nearest are below."));
    parts.push(note);
  }
  const list = make("ol", "grid matches");
  list.append(...said.matches.map((one, place) => match(one, place, thumbnails)));
  parts.push(list);
  return parts;
}

function match(one, place, thumbnails) {
  const card = make("li", "card match");
  if (thumbnails) {
    const picture = make("img", "picture");
    picture.alt = "";
    picture.loading = "lazy";
    picture.src = thumbnails + encodeURIComponent(one.id);
    picture.addEventListener("error", () => picture.remove());
    card.append(picture);
  }
  const row = make("div", "row faint");
  const score = Number(one.score);
  row.append(make("span", "number", `#${place + 1}`), make("span", "number", score.toFixed(3)));
  const bar = make("div", "bar");
  bar.append(make("i"));
  bar.firstChild.style.width = `${Math.max(0, Math.min(1, score)) * 100}%`;
  card.append(make("div", "label", one.label || one.id), bar, row);
  return card;
}
