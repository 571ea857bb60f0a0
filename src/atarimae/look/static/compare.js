// The curves of two to six runs over each other; those that go on are asked for again.

import { Chart, ordered } from "./chart.js";

const SOON = 2000; // ms until asked again
const ids = document.getElementById("sides").dataset.runs.split(",");
const log = document.getElementById("log");
const charts = new Map(); // metric → chart
const known = ids.map(() => ({ curves: {} }));

log.checked = new URLSearchParams(location.search).has("log");
log.addEventListener("change", () => {
  const address = new URL(location);
  if (log.checked) address.searchParams.set("log", "");
  else address.searchParams.delete("log");
  history.replaceState(null, "", address);
  draw();
});
ids.forEach(follow);

async function follow(id, place) {
  for (;;) {
    try {
      const response = await fetch(`/api/runs/${encodeURIComponent(id)}`);
      if (response.ok) known[place] = await response.json();
      draw();
      if (known[place].run?.status !== "running") return;
    } catch {
      // the server is gone for now: what is known stays
    }
    await new Promise((later) => setTimeout(later, SOON));
  }
}

function draw() {
  const names = ordered(new Set(known.flatMap((said) => Object.keys(said.curves))));
  const list = document.getElementById("curves");
  document.getElementById("curves-part").hidden = !names.length;
  names.forEach((name, place) => {
    if (!charts.has(name)) charts.set(name, new Chart(name));
    const chart = charts.get(name);
    if (list.children[place] !== chart.figure) list.insertBefore(chart.figure, list.children[place] ?? null);
    const lines = known.map((said, number) => ({ label: "ABCDEF"[number], colour: number, points: said.curves[name] }));
    chart.show(lines.filter((line) => line.points), log.checked);
  });
}
