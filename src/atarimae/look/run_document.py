"""One run as one HTML file to send: no server, no network, no script."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from atarimae import files, runlog
from atarimae.look import charts, document, frame
from atarimae.look.brink import brink
from atarimae.look.pictures import all_rows, chosen
from atarimae.runlog import Run
from atarimae.runlog.costs import by_cost
from atarimae.runlog.settings import differing, flat
from atarimae.store import Store
from atarimae.types import Data
from atarimae.workspace import Workspace

WORST = 12  # files that are shown where a task has no rows of queries


@dataclass(frozen=True, slots=True)
class Worst:
    """A file that the run did badly on."""

    path: str
    image: str | None  # None where the data has no such file
    part: float


def run_report(workspace: Workspace, run: Run, path: Path) -> Path:
    """Write the run to `path`: why, what it showed, settings, curves, cases, notes, costs."""
    data = Store(workspace).data(run.data.edit if run.data else None)
    rows = all_rows(data, run)
    queries, edge = chosen(rows), brink(rows, run)
    worst = () if queries else _worst(data, run)
    images = queries.images | {one.image for one in worst if one.image}
    images |= edge.images if edge else set()
    parent = runlog.get(workspace, run.parent) if run.parent else None
    html = frame.pages().text(
        "run-report.html",
        run=run,
        parent=parent,
        style=document.style(),
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        settings=_settings(run, parent),
        curves=_curves(workspace, run, parent),
        costs=_costs(run, parent),
        queries=queries,
        brink=edge,
        worst=worst,
        environment=_environment(run),
        src=document.inlined(workspace, data, images).get,
    )
    document.save(path, html)
    return path


def _settings(run: Run, parent: Run | None) -> list[tuple[str, object, object, bool]]:
    """Name, value, the parent's value, and whether they differ: those that do come first."""
    changed = differing([parent.recipe, run.recipe]) if parent else {}
    rest = {name: value for name, value in flat(run.recipe).items() if name not in changed}
    return [
        *((name, ours, theirs, True) for name, (theirs, ours) in changed.items()),
        *((name, value, value, False) for name, value in rest.items()),
    ]


def _costs(run: Run, parent: Run | None) -> list[tuple[str, object, object]]:
    both = by_cost([run.costs, parent.costs if parent else {}])
    return [(key, ours, theirs) for key, (ours, theirs) in both.items()]


def _curves(workspace: Workspace, run: Run, parent: Run | None) -> dict[str, str]:
    """Each metric as an SVG, the parent's behind it where it has one of that name."""
    found = runlog.curves(workspace, [run, *([parent] if parent else [])])
    behind = found[parent.id] if parent else {}
    return {
        name: charts.curve(name, [points, *([behind[name]] if name in behind else [])])
        for name, points in found[run.id].items()
    }


def _worst(data: Data, run: Run) -> tuple[Worst, ...]:
    """The files with the lowest parts of the main metric, equal ones by path."""
    if run.score is None or not (run.folder / "parts.parquet").is_file():
        return ()
    table = runlog.parts(run)
    if run.score.metric not in table:
        return ()
    images = {file.path: file.image for file in data.files}
    lowest = table.sort_values([run.score.metric, "key"]).head(WORST)
    rows = zip(lowest["key"], lowest[run.score.metric], strict=True)
    return tuple(Worst(str(key), images.get(str(key)), float(part)) for key, part in rows)


def _environment(run: Run) -> Mapping[str, object]:
    told = files.read_json(run.folder / "run.json").get("environment")
    found = cast(Mapping[str, object], told) if isinstance(told, Mapping) else {}
    return {name: value for name, value in flat(found).items() if value is not None}
