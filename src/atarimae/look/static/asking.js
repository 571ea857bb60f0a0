// Dialogs of the desk: a form in a <dialog>, and what was said in it.

import { post } from "./edits.js";

// The form's values when it is sent, null when it is left.
export function ask(id) {
  const dialog = document.getElementById(id);
  const form = dialog.querySelector("form");
  form.reset?.();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      done(dialog.returnValue === "do" ? Object.fromEntries(new FormData(form)) : null);
    }, { once: true });
  });
}

// On a shared page an edit carries its author's name, which is asked for once; null where none is given.
export async function name(toast) {
  try {
    return await given();
  } catch (error) {
    toast.say(error.message, [], true);
    return null;
  }
}

// As `post`; where a shared page lacks the author's name it is asked for first.
export async function signed(path, body) {
  try {
    return await post(path, body);
  } catch (error) {
    if (error.status !== 401 || await given() === null) throw error;
    return post(path, body);
  }
}

async function given() {
  const said = await ask("name");
  return said?.name.trim() ? (await post("/api/name", { name: said.name })).name : null;
}

// What an edit of many would change, with pictures; whether it is to be done.
export async function agreed(title, preview, same) {
  const dialog = document.getElementById("bulk");
  const number = new Intl.NumberFormat("en");
  dialog.querySelector("h2").textContent = title;
  const many = preview.changes.filter((one) => same || String(one.before) !== String(one.after));
  const rest = preview.images - many.reduce((sum, one) => sum + one.count, 0);
  const rows = many.slice(0, 20).map((one) => {
    const row = document.createElement("li");
    const words = document.createElement("p");
    const from = one.before.join(" · ") || "no class";
    words.textContent = same ? `${number.format(one.count)} of ${from}` : `${number.format(one.count)} from ${from} to ${one.after.join(" · ") || "no class"}`;
    row.append(words, ...one.images.map(thumbnail));
    return row;
  });
  dialog.querySelector("ol").replaceChildren(...rows);
  const left = [];
  if (many.length > 20) left.push(`and ${number.format(many.length - 20)} more kinds of change`);
  if (rest) left.push(`${number.format(rest)} stay as they are`);
  if (preview.new.length && !same) left.push(`'${preview.new.join("', '")}' is a new class`);
  dialog.querySelector(".rest").textContent = left.join("; ");
  return (await ask("bulk")) !== null;
}

function thumbnail(image) {
  const made = document.createElement("img");
  made.src = `/thumbnail/${image}.webp`;
  made.alt = "";
  made.width = made.height = 64;
  made.className = "thumb";
  made.loading = "lazy";
  return made;
}
