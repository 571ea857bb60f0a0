// Shapes of marks, in pixels of the image: x to the right, y down, angles clockwise in degrees.
//
// A mark's `box` has the corners that it had before it was turned about its centre by `angle`.

import { crossings } from "../inside.js";

const SMALLEST = 2; // px that a side has at least

export function rotate([x, y], degrees, [cx, cy]) {
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  return [cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos];
}

export function centre({ box: [x0, y0, x1, y1] }) {
  return [(x0 + x1) / 2, (y0 + y1) / 2];
}

// What is drawn: four corners, clockwise from the one that is top left before turning; or a polygon.
export function outline(mark) {
  if (mark.kind === "polygon") return mark.points;
  const [x0, y0, x1, y1] = mark.box;
  const corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  return mark.angle ? corners.map((one) => rotate(one, mark.angle, centre(mark))) : corners;
}

export function bounds(points) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

// Whether the point is in the shape, or within `slack` of its edge.
export function touches(mark, point, slack) {
  const points = outline(mark);
  const [x0, y0, x1, y1] = bounds(points);
  if (point[0] < x0 - slack || point[0] > x1 + slack || point[1] < y0 - slack || point[1] > y1 + slack) return false;
  return crossings(points, ...point) % 2 === 1 || edges(points).some(([a, b]) => distance(point, a, b) <= slack);
}

export function edges(points) {
  return points.map((point, number) => [point, points[(number + 1) % points.length]]);
}

export function distance([x, y], [ax, ay], [bx, by]) {
  const long = (bx - ax) ** 2 + (by - ay) ** 2;
  const along = long ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long)) : 0;
  return Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay));
}

export function area(mark) {
  const [x0, y0, x1, y1] = mark.box;
  return (x1 - x0) * (y1 - y0);
}

// The shape moved, but no further than the picture goes.
export function moved(mark, dx, dy, [width, height]) {
  const upright = mark.kind === "polygon" || !mark.angle;
  const [x0, y0, x1, y1] = upright ? mark.box : [...centre(mark), ...centre(mark)];
  const x = Math.max(-x0, Math.min(width - x1, dx));
  const y = Math.max(-y0, Math.min(height - y1, dy));
  const box = mark.box.map((side, number) => side + (number % 2 ? y : x));
  return { box, angle: mark.angle, points: mark.points.map(([px, py]) => [px + x, py + y]) };
}

// The box with the handle at (sx, sy), each −1, 0 or 1 from its centre, dragged to a point.
export function resized(mark, [sx, sy], point, size) {
  const about = centre(mark);
  const [x, y] = rotate(mark.angle ? point : within(point, size), -mark.angle, about);
  let [x0, y0, x1, y1] = mark.box;
  if (sx < 0) x0 = Math.min(x, x1 - SMALLEST);
  if (sx > 0) x1 = Math.max(x, x0 + SMALLEST);
  if (sy < 0) y0 = Math.min(y, y1 - SMALLEST);
  if (sy > 0) y1 = Math.max(y, y0 + SMALLEST);
  const half = [(x1 - x0) / 2, (y1 - y0) / 2];
  const [cx, cy] = rotate([(x0 + x1) / 2, (y0 + y1) / 2], mark.angle, about); // the other side stays
  return { box: [cx - half[0], cy - half[1], cx + half[0], cy + half[1]], angle: mark.angle, points: [] };
}

// The box turned about its centre; an outline turned as a whole.
export function turned(mark, degrees, size) {
  if (mark.kind !== "polygon") return { box: mark.box, angle: (mark.angle + degrees + 720) % 360, points: [] };
  return polygon(mark.points.map((point) => rotate(point, degrees, centre(mark))), size);
}

export function polygon(points, size) {
  const cut = points.map((point) => within(point, size));
  return { box: bounds(cut), angle: 0, points: cut };
}

// A box that is upright on a screen which shows the image turned by `angle`: between two points.
export function dragged(from, to, angle, size) {
  const about = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  const [a, b] = [from, to].map((point) => rotate(angle ? point : within(point, size), -angle, about));
  return { box: bounds([a, b]), angle: (angle + 360) % 360, points: [] };
}

export function within([x, y], [width, height]) {
  return [Math.max(0, Math.min(width, x)), Math.max(0, Math.min(height, y))];
}

// Marks as one reads a page: row by row, each from left to right. A row holds what begins above the
// middle of its first.
export function inReadingOrder(marks) {
  const left = [...marks].sort((a, b) => centre(a)[1] - centre(b)[1]);
  const rows = [];
  for (const mark of left) {
    const row = rows.at(-1);
    const first = row?.[0];
    if (first && centre(mark)[1] < bounds(outline(first))[3]) row.push(mark);
    else rows.push([mark]);
  }
  return rows.flatMap((row) => row.sort((a, b) => centre(a)[0] - centre(b)[0]));
}
