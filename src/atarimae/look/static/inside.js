// Which points lie in a polygon, by the even-odd rule.

// `places` are x, y, x, y, …; `polygon` is [[x, y], …], closed by itself. Gives the points' numbers.
export function inside(places, polygon) {
  const found = [];
  if (polygon.length < 3) return found;
  const [left, right] = ends(polygon, 0);
  const [low, high] = ends(polygon, 1);
  for (let at = 0; at < places.length; at += 2) {
    const x = places[at];
    const y = places[at + 1];
    if (x >= left && x <= right && y >= low && y <= high && crossings(polygon, x, y) % 2) found.push(at / 2);
  }
  return found;
}

function ends(polygon, axis) {
  let [low, high] = [Infinity, -Infinity];
  for (const corner of polygon) {
    low = Math.min(low, corner[axis]);
    high = Math.max(high, corner[axis]);
  }
  return [low, high];
}

// How many of its sides a ray to the right of the point crosses.
export function crossings(polygon, x, y) {
  let number = 0;
  let [ax, ay] = polygon[polygon.length - 1];
  for (const [bx, by] of polygon) {
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) number++;
    [ax, ay] = [bx, by];
  }
  return number;
}
