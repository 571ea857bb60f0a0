// The key K (kin), while an image is open: all images, the most like it first.

document.addEventListener("keydown", (event) => {
  if (event.key !== "k" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
  if (document.getElementById("panel")?.open) document.getElementById("alike")?.click();
});
