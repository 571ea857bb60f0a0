// The keys of the page: what each does is said here, and shown by `?`.

export const KEYS = [
  ["l", "label", "Label: choose a class by typing"],
  ["1 – 9", "choice", "The likeliest classes, as the bar has them; with Shift beside those it has"],
  ["0", "none", "No class"],
  ["c", "confirm", "Confirm: looked at, and right"],
  ["f", "flag", "Flag: to be looked at again; once more takes it away"],
  ["d", "remove", "Remove from the data (Delete does it too)"],
  ["e", "change", "Change split, role, group or source"],
  ["u", "undo", "Undo your latest edit (Ctrl Z)"],
  ["r", "redo", "Redo (Ctrl Shift Z)"],
  ["U", "undoAll", "Undo all edits of this sitting"],
  ["n", "next", "Next image (→)"],
  ["p", "previous", "Previous image (←)"],
  ["x", "select", "Choose the image, or not; Shift and arrows choose several, Ctrl and a click one"],
  ["a", "all", "Choose all that the filter found"],
  ["m", "mine", "Two people at once: what you said counts"],
  ["t", "theirs", "Two people at once: what the other said counts"],
  ["s", "save", "Keep this filter under a name, for everybody"],
  ["/", "find", "Go to the filter"],
  ["?", "help", "These keys"],
];

const OTHERS = { Delete: "remove" };

// What a key press asks for, as [name, digit]; null where it asks for nothing.
export function meant(event) {
  if (event.isComposing || event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    return event.code === "KeyZ" ? [event.shiftKey ? "redo" : "undo"] : null;
  }
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (digit) return digit[1] === "0" ? (event.shiftKey ? null : ["none"]) : ["choice", Number(digit[1])];
  if (event.key in OTHERS) return [OTHERS[event.key]];
  const key = letter(event);
  const found = KEYS.find(([letter]) => letter === key);
  return found ? [found[1]] : null;
}

// With a Japanese input method on, a letter comes as "Process", and full width as ｌ.
export function letter(event) {
  if (event.key !== "Process") return event.key.normalize("NFKC");
  const letter = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1] ?? "";
  return event.shiftKey ? letter : letter.toLowerCase();
}

// Whether somebody is typing text.
export function typing() {
  const at = document.activeElement;
  return at?.matches("input, select, textarea") && !at.matches("input[type=checkbox], input[type=range]");
}

// Whether a key press is meant for something else than the page: a field, a dialog, the browser.
export function elsewhere(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing() || Boolean(document.querySelector("dialog[open]"));
}

// Do what a key press asks for on a page whose keys are [key, words, act]; whether it asked for something.
export function obey(keys, event) {
  const act = elsewhere(event) ? undefined : keys.find(([key]) => key === letter(event))?.[2];
  if (!act) return false;
  event.preventDefault();
  act();
  return true;
}

// Each key of a page with what it does, as [key, words].
export function help(keys) {
  const dialog = document.getElementById("keys");
  const rows = keys.map(([key, words]) => {
    const row = document.createElement("tr");
    const [name, what] = [document.createElement("th"), document.createElement("td")];
    const cap = document.createElement("kbd");
    cap.textContent = key;
    name.append(cap);
    what.textContent = words;
    row.append(name, what);
    return row;
  });
  dialog.querySelector("tbody").replaceChildren(...rows);
  dialog.showModal();
  dialog.scrollTop = 0; // the button that has the focus is at its end
}
