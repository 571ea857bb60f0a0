// The search page beyond static/ask.js: a drop counts anywhere, and a match opens.

import { Panel } from "./panel.js";

const panel = new Panel();
const drop = document.querySelector(".drop");
const input = drop.querySelector("input[type=file]");

for (const name of ["dragover", "dragleave", "drop"]) {
  addEventListener(name, (event) => {
    if (event.defaultPrevented) return; // ask.js has it
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name !== "drop" || !event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    input.dispatchEvent(new Event("change"));
  });
}

document.querySelector(".answer").addEventListener("click", (event) => {
  const picture = event.target.closest(".match")?.querySelector("img");
  if (picture) panel.show(new URL(picture.src).pathname.split("/").pop());
});
