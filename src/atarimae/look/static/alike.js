// The key K (kin), while an image is open: all images, the most like it first.

import { letter, typing } from "./keys.js";

document.addEventListener("keydown", (event) => {
  if (letter(event) !== "k" || event.ctrlKey || event.metaKey || event.altKey || typing()) return;
  if (document.getElementById("panel")?.open) document.getElementById("alike")?.click();
});
