// Tells the server which pictures were looked at: thumbnails that stayed in sight, and large ones.

const LONG = 1000; // ms in sight that are a look
const TOGETHER = 400; // ms that looks wait for each other
const MOST = 500; // images in one request

const told = new Set();
const waiting = new Set();
const timers = new WeakMap(); // element → its timer
let sending = null;

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(timers.get(target));
      if (isIntersecting && !document.hidden) timers.set(target, setTimeout(() => see(target.dataset.image), LONG));
    }
  },
  { threshold: 0.5 },
);

// The element shows the image of that hash, from now until `leave`.
export function watch(element, image) {
  element.dataset.image = image;
  watcher.observe(element);
}

export function leave(element) {
  clearTimeout(timers.get(element));
  watcher.unobserve(element);
}

export function see(image) {
  if (!image || told.has(image) || document.body.dataset.shared) return; // shared: for reading only
  told.add(image);
  waiting.add(image);
  sending ??= setTimeout(send, TOGETHER);
}

function send() {
  clearTimeout(sending);
  sending = null;
  const images = [...waiting].slice(0, MOST);
  if (!images.length) return;
  for (const image of images) waiting.delete(image);
  const body = JSON.stringify({ images });
  fetch("/seen", { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: true }).catch(() => {
    for (const image of images) told.delete(image);
  });
  if (waiting.size) sending = setTimeout(send, TOGETHER);
}

addEventListener("pagehide", send);
