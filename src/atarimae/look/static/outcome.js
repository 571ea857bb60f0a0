// Disagreements one after the other: a key chooses whose answer is right, and it becomes a label.

import { signed } from "./asking.js";
import { elsewhere } from "./keys.js";

const list = document.getElementById("apart");
const number = document.getElementById("outcome").dataset.number;
const left = document.getElementById("left");
let current = 0;

const items = () => [...(list?.children ?? [])];

for (const item of items()) {
  item.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(item, button);
  });
  item.addEventListener("focusin", () => mark(items().indexOf(item), false));
}
mark(0);

document.addEventListener("keydown", (event) => {
  if (elsewhere(event)) return;
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step) mark(current + step);
  else if (/^[0-9]$/.test(event.key)) items()[current]?.querySelector(`[data-key="${event.key}"]`)?.click();
  else return;
  event.preventDefault();
});

document.getElementById("take")?.addEventListener("click", async (event) => {
  event.target.disabled = true;
  const told = await post("take", {});
  if (told) location.reload();
  else event.target.disabled = false;
});

function mark(to, scroll = true) {
  const all = items();
  if (!all.length) return;
  current = Math.max(0, Math.min(to, all.length - 1));
  all.forEach((item, place) => item.classList.toggle("current", place === current));
  if (scroll && to !== 0) all[current].scrollIntoView({ block: "nearest" });
}

async function choose(item, button) {
  const told = await post("choose", { image: item.dataset.image, said: JSON.parse(button.dataset.said) });
  if (!told) return;
  for (const other of item.querySelectorAll("button")) other.setAttribute("aria-pressed", other === button);
  const fresh = !item.classList.contains("settled");
  item.classList.add("settled");
  item.querySelector(".became").textContent = told.edit ? `Labelled so: edit ${told.edit}.` : "It was labelled so.";
  if (fresh) left.textContent = Number(left.textContent) - 1;
  mark(items().indexOf(item) + 1);
}

async function post(what, value) {
  const note = document.getElementById("refused");
  note.hidden = true;
  try {
    return await signed(`/api/agree/${number}/${what}`, value);
  } catch (error) {
    note.textContent = error.message;
    note.hidden = false;
    return null;
  }
}
