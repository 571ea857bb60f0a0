// The points of a map, drawn by Apache ECharts: wheel and pinch zoom, a drag moves, a lasso chooses.
//
// Points come in one series a colour, and one a colour for those that are chosen, so that 100,000 of
// them are drawn in few strokes.

import * as echarts from "/look/vendor/echarts-6.1.0/echarts.esm.min.js";

const ROOM = 1.06; // of the map's extent, so that no point lies on the rim
const DIM = 0.18; // opacity of what is not chosen, where something is
const LEAST = 0.2; // percent of the map that fill the box at the nearest zoom
const SIZES = [[20000, 3], [3000, 4.5], [500, 7], [0, 10]]; // px of a point, by how many there are

export class Plot {
  constructor(box, { hovered, opened, lassoed }) {
    this.box = box;
    this.places = new Float32Array(0);
    this.series = []; // of each the numbers of its points
    this.zoom = { x: [0, 100], y: [0, 100] }; // percent
    this.lasso = { held: false, on: false, how: "replace" };
    this.chart = echarts.init(box, null, { renderer: "canvas" });
    this.chart.setOption(frame());
    this.chart.on("mousemove", (event) => hovered(this.#number(event), event.event?.event?.buttons > 0));
    this.chart.on("mouseout", () => hovered(-1));
    this.chart.on("globalout", () => hovered(-1));
    this.chart.on("click", (event) => { if (!this.drawing) opened(this.#number(event)); });
    this.chart.on("datazoom", (event) => this.#zoomed(event.batch ?? [event]));
    this.chart.on("brushEnd", ({ areas }) => this.#drawn(areas, lassoed));
    new ResizeObserver(() => { this.chart.resize(); this.#fit(); }).observe(box);
    this.#keys();
  }

  get drawing() {
    return this.lasso.on || this.lasso.held;
  }

  // Other places: x, y, x, y, …
  show(places) {
    this.places = places;
    this.whole();
    this.#fit();
  }

  // Draw them. `shade[i]` is the colour's number in `palette`, -1 hides the point.
  draw(shade, palette, chosen) {
    const count = shade.length;
    const groups = new Map(); // 2 × colour, + 1 where chosen → numbers
    for (let number = 0; number < count; number++) {
      if (shade[number] < 0) continue;
      const group = 2 * shade[number] + (chosen.has(number) ? 1 : 0);
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(number);
    }
    const size = SIZES.find(([least]) => count >= least)[1];
    const some = chosen.size > 0;
    const keys = [...groups.keys()].sort((a, b) => (a % 2) - (b % 2) || a - b);
    this.series = keys.map((key) => groups.get(key));
    const series = keys.map((key, place) =>
      points(this.#of(this.series[place]), palette[key >> 1], size, key % 2 ? 1 : some ? DIM : 0.85, key % 2));
    this.chart.setOption({ series }, { replaceMerge: ["series"] });
  }

  // Draw with the next drags, or move with them.
  draws(on) {
    this.lasso.on = on;
    this.#cursor();
  }

  whole() {
    this.#turn({ x: [0, 100], y: [0, 100] });
  }

  // Zoom by a factor about the middle and move by shares of the box.
  go(factor, across = 0, up = 0) {
    const turned = (range, by) => {
      const span = Math.min(100, Math.max(LEAST, (range[1] - range[0]) * factor));
      const middle = (range[0] + range[1]) / 2 + by * span;
      const low = Math.min(100 - span, Math.max(0, middle - span / 2));
      return [low, low + span];
    };
    this.#turn({ x: turned(this.zoom.x, across), y: turned(this.zoom.y, up) });
  }

  // The corners of what is in sight, as a polygon.
  sight() {
    const [x0, x1] = this.zoom.x.map((share) => this.left + (share / 100) * this.wide);
    const [y0, y1] = this.zoom.y.map((share) => this.low + (share / 100) * this.high);
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  }

  // Where a point stands in the box, in px.
  pixel(number) {
    return this.chart.convertToPixel("grid", [this.places[2 * number], this.places[2 * number + 1]]);
  }

  #number(event) {
    return this.series[event.seriesIndex]?.[event.dataIndex] ?? -1;
  }

  #of(numbers) {
    const found = new Float32Array(2 * numbers.length);
    numbers.forEach((number, place) => {
      found[2 * place] = this.places[2 * number];
      found[2 * place + 1] = this.places[2 * number + 1];
    });
    return found;
  }

  // One unit is as long across as up: a map of distances is not stretched.
  #fit() {
    if (!this.places.length || !this.box.clientWidth) return;
    const [x0, x1] = ends(this.places, 0);
    const [y0, y1] = ends(this.places, 1);
    const { clientWidth: across, clientHeight: up } = this.box;
    const unit = ROOM * Math.max((x1 - x0) / across, (y1 - y0) / up, 1e-9);
    [this.wide, this.high] = [unit * across, unit * up];
    [this.left, this.low] = [(x0 + x1 - this.wide) / 2, (y0 + y1 - this.high) / 2];
    this.chart.setOption({
      xAxis: { min: this.left, max: this.left + this.wide },
      yAxis: { min: this.low, max: this.low + this.high },
    });
  }

  #turn(zoom) {
    const batch = ["x", "y"].map((name) => ({ dataZoomId: name, start: zoom[name][0], end: zoom[name][1] }));
    this.zoom = zoom;
    this.chart.dispatchAction({ type: "dataZoom", batch });
  }

  #zoomed(batch) {
    for (const { dataZoomId, start, end } of batch) if (dataZoomId in this.zoom) this.zoom[dataZoomId] = [start, end];
  }

  // Shift or Alt make a drag a lasso for as long as they are held.
  #keys() {
    const held = (event) => {
      const on = event.type !== "blur" && (event.shiftKey || event.altKey);
      if (on === this.lasso.held) return;
      if (event.key === "Alt") event.preventDefault(); // else some browsers open their menu
      this.lasso.held = on;
      this.#cursor();
    };
    for (const name of ["keydown", "keyup", "blur"]) addEventListener(name, held);
    this.box.addEventListener("pointerdown", (event) => {
      this.lasso.how = event.altKey ? "remove" : event.shiftKey ? "add" : "replace";
    }, { capture: true });
  }

  #cursor() {
    this.box.classList.toggle("drawing", this.drawing);
    const brushOption = this.drawing ? { brushType: "polygon", brushMode: "single" } : { brushType: false };
    this.chart.dispatchAction({ type: "takeGlobalCursor", key: "brush", brushOption });
  }

  #drawn(areas, lassoed) {
    const polygon = areas[0]?.coordRange;
    if (!polygon) return;
    lassoed(polygon, this.lasso.how);
    this.chart.dispatchAction({ type: "brush", areas: [] });
  }
}

function frame() {
  const axis = { type: "value", show: false };
  const zoom = { type: "inside", filterMode: "none", minSpan: LEAST, throttle: 16 };
  return {
    animation: false,
    grid: { left: 0, right: 0, top: 0, bottom: 0 },
    xAxis: { ...axis },
    yAxis: { ...axis },
    toolbox: { show: false },
    dataZoom: [{ ...zoom, id: "x", xAxisIndex: 0 }, { ...zoom, id: "y", yAxisIndex: 0 }],
    brush: {
      toolbox: [], xAxisIndex: 0, seriesIndex: "none", transformable: false, removeOnClick: true,
      brushStyle: { color: "rgba(197, 52, 26, .12)", borderColor: "rgb(197, 52, 26)", borderWidth: 2 },
    },
  };
}

function points(data, color, size, opacity, above) {
  return {
    type: "scatter", data, dimensions: ["x", "y"], large: true, largeThreshold: 0, progressive: 0,
    symbolSize: above ? size + 1.5 : size, itemStyle: { color, opacity }, emphasis: { disabled: true }, z: 2 + above,
  };
}

function ends(places, axis) {
  let [low, high] = [Infinity, -Infinity];
  for (let at = axis; at < places.length; at += 2) {
    if (places[at] < low) low = places[at];
    if (places[at] > high) high = places[at];
  }
  return [low, high];
}
