// On a shared page who answers is who every edit is by: the name is given once, and kept in a cookie.

import { post } from "./edits.js";

const form = document.querySelector("[data-naming]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await post("/api/name", { name: form.elements.who.value });
    location.reload();
  } catch (error) {
    const note = document.getElementById("refused");
    note.textContent = error.message;
    note.hidden = false;
  }
});
