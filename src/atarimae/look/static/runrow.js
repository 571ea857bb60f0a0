// One run as a row of the table. Text goes in as text: a reason `<script>` is shown, not run.

const SCALE = 112; // px of an interval's line

// By metric: the ends of the scale on which its intervals are drawn. The worst tenth may fall off
// its left end, so that one bad run does not press all others together.
export function scales(runs) {
  const ends = {};
  for (const run of runs) {
    if (run.value === null) continue;
    const { lows, highs } = (ends[run.metric] ??= { lows: [], highs: [] });
    lows.push(run.low ?? run.value);
    highs.push(run.high ?? run.value);
  }
  const found = {};
  for (const [metric, { lows, highs }] of Object.entries(ends)) {
    lows.sort((a, b) => a - b);
    found[metric] = { low: lows[Math.floor(lows.length / 10)], high: highs.reduce((a, b) => Math.max(a, b)) };
  }
  return found;
}

export function draw(run, row, { best, scale, picked, several }) {
  row.className = [best ? "best" : "", picked ? "chosen" : ""].join(" ").trim();
  const cells = [
    cell("pick-cell", box(run, picked)),
    cell("id", link(run), ...(best ? [tag("best")] : []), ...(run.status === "done" ? [] : [tag(run.status, "plain")])),
    cell("because", because(run)),
    cell("stage", run.stage),
    cell("score", ...score(run, scale, several)),
    cell("verdict", ...(run.verdict ? [make("span", { helped: "good", hurt: "bad" }[run.verdict] ?? "faint", run.verdict)] : [])),
    cell("number seconds", duration(run.seconds ?? run.live?.seconds)),
    cell("number ms", run.ms === null ? "" : run.ms.toPrecision(3)),
    cell("number when", when(run.created)),
  ];
  // A row that has the focus keeps it when it is drawn again.
  const focused = row.contains(document.activeElement) ? document.activeElement.tagName : null;
  row.replaceChildren(...cells);
  if (focused) row.querySelector(focused)?.focus({ preventScroll: true });
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${seconds.toFixed(0)} s`;
  return seconds < 6000 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export function make(name, classes, ...content) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...content);
  return made;
}

function cell(classes, ...content) {
  return make("td", classes, ...content);
}

function box(run, picked) {
  const made = make("input", "tick");
  Object.assign(made, { type: "checkbox", value: run.id, checked: picked });
  made.setAttribute("aria-label", `Compare ${run.because.slice(0, 80)}`);
  return make("label", "", made);
}

function link(run) {
  const made = make("a", "", run.id.slice(run.id.lastIndexOf("-") + 1));
  made.href = `/runs/${encodeURIComponent(run.id)}`;
  made.title = run.id;
  return made;
}

function because(run) {
  const made = make("a", "reason", run.because, ...run.tags.map((text) => tag(text, "plain")));
  made.href = `/runs/${encodeURIComponent(run.id)}`;
  made.tabIndex = -1; // the run's mark beside it is the same link
  made.title = [run.because, run.conclusion && `→ ${run.conclusion}`, run.settings].filter(Boolean).join("\n\n");
  return made;
}

function tag(text, more = "") {
  return make("span", `tag ${more}`, text);
}

function score(run, scale, several) {
  if (run.status === "running") return going(run);
  if (run.value === null) return [];
  const value = make("b", "number", run.value.toFixed(3));
  value.title = run.metric;
  const known = run.low !== null && run.high !== null;
  const ends = known ? `${run.low.toFixed(3)} – ${run.high.toFixed(3)}` : "";
  const words = make("span", "faint number", several ? [run.metric, ends].filter(Boolean).join(" ") : ends);
  return [make("span", "worth", value, words), interval(run, scale)];
}

function going(run) {
  const { share, epoch, name, value } = run.live ?? {};
  const bar = make("progress", "live");
  if (share !== null && share !== undefined) bar.value = share;
  bar.setAttribute("aria-label", "How far the run is");
  const said = [value == null ? "" : `${name} ${value.toPrecision(3)}`, epoch == null ? "" : `epoch ${epoch}`];
  return [bar, make("span", "faint number", said.filter(Boolean).join(", "))];
}

function interval({ value, low, high }, scale) {
  const share = (number) => (number - scale.low) / (scale.high - scale.low || 1);
  const at = (number) => 4 + SCALE * Math.min(1, Math.max(0, share(number)));
  const picture = svg("svg", { class: "interval", viewBox: "0 0 120 14", width: 120, height: 14, "aria-hidden": "true" });
  if (low !== null && high !== null) picture.append(svg("line", { x1: at(low), x2: at(high), y1: 7, y2: 7 }));
  picture.append(svg("circle", { cx: at(value), cy: 7, r: 4 }));
  return picture;
}

export function svg(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const CLOCK = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });

function when(created) {
  const time = new Date(created);
  if (isNaN(time)) return "";
  const made = make("time", "", Date.now() - time < 12 * 3600e3 ? CLOCK.format(time) : DAY.format(time));
  made.dateTime = created;
  made.title = time.toLocaleString();
  return made;
}
