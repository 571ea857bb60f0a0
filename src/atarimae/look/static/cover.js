// A button with data-cover says that its image was looked through for the classes of the round.

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-cover]");
  if (!button) return;
  button.disabled = true;
  const body = JSON.stringify({ images: [button.dataset.cover] });
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("/api/cover", { method: "POST", headers, body }).catch(() => null);
  if (response?.ok) {
    button.replaceWith(Object.assign(document.createElement("span"), { className: "good", textContent: `✓ ${button.textContent}` }));
    return;
  }
  button.disabled = false;
  const said = await response?.json().catch(() => null);
  button.after(` ${said?.error?.what ?? "The page's server does not answer."}`);
});
