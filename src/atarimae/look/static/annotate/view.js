// The image in OpenSeadragon, with a canvas over it, and the way from pixels of one to the other.

import { bounds, centre, outline, rotate } from "./geometry.js";
import { ask } from "./marks.js";

const PATIENCE = 250; // ms between two questions how far the tiles are
const CLOSEST = 8; // px of the screen that one of the image takes at most
const READING = 4; // the same where a mark is brought into the middle

// Wait until the image is cut into tiles, which happens once. `told` hears how far it is, 0 to 1.
export async function ready(image, told) {
  for (;;) {
    const said = await ask(`/api/sheet/${image}`);
    told(said.share);
    if (said.share === 1) return said;
    await new Promise((done) => { setTimeout(done, PATIENCE); });
  }
}

export class View {
  constructor(stage, image, sheet, draw) {
    this.size = [sheet.width, sheet.height];
    this.canvas = document.createElement("canvas");
    this.canvas.className = "marks";
    this.draw = draw;
    this.viewer = OpenSeadragon({
      element: stage,
      drawer: "canvas",
      tileSources: {
        width: sheet.width,
        height: sheet.height,
        tileSize: sheet.tile,
        minLevel: Math.min(8, sheet.levels),
        maxLevel: sheet.levels,
        getTileUrl: (level, x, y) => `/tile/${image}/${level}/${x}_${y}`,
      },
      showNavigationControl: false,
      showNavigator: true,
      navigatorPosition: "BOTTOM_LEFT",
      animationTime: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 0.25,
      maxZoomPixelRatio: CLOSEST,
      minZoomImageRatio: 0.5,
      visibilityRatio: 0.2,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false },
      gestureSettingsPen: { clickToZoom: false, dblClickToZoom: false },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: false },
    });
    this.opened = new Promise((done) => { this.viewer.addOnceHandler("open", done); });
    this.viewer.canvas.append(this.canvas);
    this.viewer.addHandler("canvas-key", (event) => { event.preventDefaultAction = true; }); // keys are ours
    for (const name of ["update-viewport", "resize", "open"]) this.viewer.addHandler(name, () => this.redraw());
  }

  // Draw at the next frame.
  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#paint();
    });
  }

  #paint() {
    const item = this.viewer.world.getItemAt(0);
    if (!item) return;
    const { clientWidth: wide, clientHeight: high } = this.viewer.canvas;
    const dots = devicePixelRatio;
    if (this.canvas.width !== Math.round(wide * dots) || this.canvas.height !== Math.round(high * dots)) {
      this.canvas.width = Math.round(wide * dots);
      this.canvas.height = Math.round(high * dots);
    }
    this.#measure(item);
    const pen = this.canvas.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, wide, high);
    this.draw(pen, this);
  }

  #measure(item) {
    const at = (x, y) => item.imageToViewerElementCoordinates(new OpenSeadragon.Point(x, y));
    const [zero, right, down] = [at(0, 0), at(1000, 0), at(0, 1000)];
    this.matrix = [
      (right.x - zero.x) / 1000, (right.y - zero.y) / 1000, (down.x - zero.x) / 1000, (down.y - zero.y) / 1000, zero.x, zero.y,
    ];
    this.scale = Math.hypot(this.matrix[0], this.matrix[1]); // px of the screen that one of the image takes
  }

  // From pixels of the image to those of the stage.
  toStage([x, y]) {
    const [a, b, c, d, e, f] = this.matrix;
    return [a * x + c * y + e, b * x + d * y + f];
  }

  toImage([x, y]) {
    const [a, b, c, d, e, f] = this.matrix;
    const by = a * d - b * c;
    return [(d * (x - e) - c * (y - f)) / by, (a * (y - f) - b * (x - e)) / by];
  }

  // What of the image is in sight, as upright bounds.
  get sight() {
    const { clientWidth: wide, clientHeight: high } = this.viewer.canvas;
    return bounds([[0, 0], [wide, 0], [0, high], [wide, high]].map((corner) => this.toImage(corner)));
  }

  // How much the sheet is turned on the screen, clockwise in degrees.
  get turn() {
    return this.viewer.viewport.getRotation(true);
  }

  // Bring a mark into the middle. With `reading` it is turned upright, and fills a part of the stage.
  show(mark, reading = false) {
    const { viewport } = this.viewer;
    const turn = mark.kind === "polygon" ? 0 : -mark.angle;
    if (reading) viewport.setRotation(turn, true);
    const points = outline(mark).map((point) => (reading ? rotate(point, turn, centre(mark)) : point));
    const [x0, y0, x1, y1] = bounds(points);
    const { clientWidth: wide, clientHeight: high } = this.viewer.canvas;
    const scale = Math.min((0.6 * wide) / Math.max(x1 - x0, 1), (0.25 * high) / Math.max(y1 - y0, 1), READING / devicePixelRatio);
    const now = viewport.viewportToImageZoom(viewport.getZoom());
    if (reading || now < scale / 8 || now > scale) viewport.zoomTo(viewport.imageToViewportZoom(scale), null, reading);
    viewport.panTo(viewport.imageToViewportCoordinates(...centre(mark)), reading);
  }

  whole() {
    this.viewer.viewport.setRotation(0, true);
    this.viewer.viewport.goHome();
  }

  rotate(degrees) {
    this.viewer.viewport.setRotation((this.viewer.viewport.getRotation() + degrees + 360) % 360, true);
  }

  zoom(by) {
    this.viewer.viewport.zoomBy(by).applyConstraints();
  }

  pan(x, y) {
    this.viewer.viewport.panBy(this.viewer.viewport.deltaPointsFromPixels(new OpenSeadragon.Point(x, y))).applyConstraints();
  }
}
