// What narrows and sorts the grid without a field to type in: a chosen set, and an image that the
// others are like. Both are hidden fields of the filter, so that they are in the address.

document.getElementById("filter")?.addEventListener("click", (event) => {
  const name = event.target.closest("[data-drop]")?.dataset.drop;
  if (!name) return;
  const form = event.currentTarget;
  form.elements[name].value = "";
  form.dispatchEvent(new Event("input"));
});

// On this page "more like this" is one more field of the filter that is there.
document.addEventListener("click", (event) => {
  const link = event.target.closest("#alike");
  const form = document.getElementById("filter");
  if (!link || !form || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  form.elements.near.value = new URL(link.href).searchParams.get("near");
  document.getElementById("panel").close();
  form.dispatchEvent(new Event("input"));
});

// Show what is on. `near` is what /api/images says of the order.
export function narrowed(form, near) {
  document.getElementById("set").hidden = !form.elements.set.value;
  const chip = document.getElementById("near");
  chip.hidden = !near;
  if (!near) return;
  const [picture, words] = chip.children;
  picture.src = `/thumbnail/${near.image}.webp`;
  words.textContent = said(near);
}

function said({ by, left }) {
  if (!by) return "Nothing to compare this image by yet: open Findings, which looks at every image";
  const rest = left ? `; ${new Intl.NumberFormat("en").format(left)} that can't be compared come last` : "";
  return `Most alike first, by ${by}${rest}`;
}
