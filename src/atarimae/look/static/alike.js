// The key K (kin), while an image is open: all images, the most like it first.

import { typing } from "./keys.js";

document.addEventListener("keydown", (event) => {
  if (event.key !== "k" || event.ctrlKey || event.metaKey || event.altKey || typing()) return;
  if (document.getElementById("panel")?.open) document.getElementById("alike")?.click();
});
