// Draws marks on the canvas. All of one look are one path, so that thousands stay smooth.

import { bounds, outline, rotate, centre } from "./geometry.js";

const NAMED = 150; // marks in sight of which names are drawn at most
const CROWD = 400; // marks in sight from which on lines are thin
const GRIP = 5; // px, half a handle's side
export const STEM = 26; // px from the upper edge to the handle that turns

const SIDES = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]];

// A colour for each class, the same on every machine; dark enough for paper, with a light edge on photographs.
export function colour(mark) {
  if (mark.kind === "text") return mark.value ? "#1f7a4d" : "#b25e00";
  let hash = 7;
  for (const letter of mark.value) hash = (hash * 31 + letter.codePointAt(0)) % 1_000_003;
  return mark.value ? `hsl(${(hash * 137) % 360} 75% 38%)` : "#555";
}

export function paint(pen, view, { marks, selected, draft }) {
  const sight = view.sight;
  const seen = [];
  const looks = new Map();
  for (const mark of marks) {
    const shape = draft?.mark === mark ? { ...mark, ...draft.next } : mark;
    const points = outline(shape);
    const [x0, y0, x1, y1] = bounds(points);
    if (x1 < sight[0] || y1 < sight[1] || x0 > sight[2] || y0 > sight[3]) continue;
    seen.push(shape);
    const look = `${colour(mark)}|${mark.score === null ? "" : "dashed"}|${mark === selected ? "selected" : ""}`;
    if (!looks.has(look)) looks.set(look, new Path2D());
    trace(looks.get(look), points.map((point) => view.toStage(point)));
  }
  for (const [look, path] of looks) stroke(pen, path, ...look.split("|"), seen.length > CROWD);
  if (seen.length <= NAMED) for (const mark of seen) name(pen, view, mark);
  if (draft && !draft.mark) sketch(pen, view, draft);
  if (selected && marks.includes(selected)) handles(pen, view, draft?.mark === selected ? { ...selected, ...draft.next } : selected);
  return seen.length;
}

function trace(path, points, closed = true) {
  points.forEach(([x, y], number) => (number ? path.lineTo(x, y) : path.moveTo(x, y)));
  if (closed) path.closePath();
}

function stroke(pen, path, ink, dashed = "", selected = "", thin = false) {
  pen.setLineDash([]);
  pen.strokeStyle = "rgb(255 255 255 / .75)";
  pen.lineWidth = selected ? 6 : 4;
  if (selected || !thin) pen.stroke(path);
  pen.setLineDash(dashed ? [6, 4] : []);
  pen.strokeStyle = ink;
  pen.lineWidth = selected ? 3 : thin ? 1 : 2;
  pen.stroke(path);
  pen.setLineDash([]);
  if (selected) {
    pen.fillStyle = "rgb(255 129 99 / .12)";
    pen.fill(path);
  }
}

function name(pen, view, mark) {
  const points = outline(mark).map((point) => view.toStage(point));
  const [x0, y0, x1] = bounds(points);
  const words = [mark.value, mark.score === null ? "" : mark.score.toFixed(2)].filter(Boolean).join(" ");
  if (!words || x1 - x0 < 24) return;
  pen.font = "12px system-ui, sans-serif";
  const text = words.length > 28 ? `${words.slice(0, 27)}…` : words;
  const wide = pen.measureText(text).width + 8;
  pen.fillStyle = colour(mark);
  pen.fillRect(x0 - 1, y0 - 18, wide, 17);
  pen.fillStyle = "#fff";
  pen.fillText(text, x0 + 3, y0 - 5);
}

// What is being drawn and is no mark yet.
function sketch(pen, view, draft) {
  const path = new Path2D();
  const points = draft.next ? outline({ kind: draft.kind, ...draft.next }) : draft.points;
  trace(path, points.map((point) => view.toStage(point)), Boolean(draft.next));
  stroke(pen, path, "#c5341a", "", "selected");
  for (const point of draft.next ? [] : draft.points) grip(pen, view.toStage(point));
}

// Where the handles of a mark are, on the stage: corners and sides, or an outline's points.
export function grips(view, mark) {
  if (mark.kind === "polygon") return mark.points.map((point, number) => ({ number, at: view.toStage(point) }));
  const [x0, y0, x1, y1] = mark.box;
  const middle = centre(mark);
  const at = ([sx, sy]) => view.toStage(rotate([middle[0] + (sx * (x1 - x0)) / 2, middle[1] + (sy * (y1 - y0)) / 2], mark.angle, middle));
  const small = Math.min(x1 - x0, y1 - y0) * view.scale < 24; // the sides would lie on each other
  const found = SIDES.filter(([sx, sy]) => !small || (sx && sy)).map((side) => ({ side, at: at(side) }));
  const [top, low] = [at([0, -1]), view.toStage(middle)];
  const long = Math.hypot(top[0] - low[0], top[1] - low[1]) || 1;
  const stem = [top[0] + ((top[0] - low[0]) / long) * STEM, top[1] + ((top[1] - low[1]) / long) * STEM];
  return [...found, { turns: true, at: stem, from: top }];
}

function handles(pen, view, mark) {
  for (const one of grips(view, mark)) {
    if (one.turns) {
      const stem = new Path2D();
      trace(stem, [one.from, one.at], false);
      stroke(pen, stem, "#c5341a");
    }
    grip(pen, one.at, one.turns);
  }
}

function grip(pen, [x, y], round = false) {
  pen.beginPath();
  if (round) pen.arc(x, y, GRIP + 1, 0, 2 * Math.PI);
  else pen.rect(x - GRIP, y - GRIP, 2 * GRIP, 2 * GRIP);
  pen.fillStyle = "#fff";
  pen.strokeStyle = "#c5341a";
  pen.lineWidth = 2;
  pen.fill();
  pen.stroke();
}
