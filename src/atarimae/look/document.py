"""The report: one HTML file that needs no server, no network and no script."""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from markupsafe import Markup

from atarimae import files, runlog
from atarimae.errors import AtarimaeError
from atarimae.look import frame
from atarimae.look.brink import Brink, brink
from atarimae.look.checks import Beside, Finding, beside
from atarimae.look.checks.finding import by_image
from atarimae.look.counts import Counts, count
from atarimae.look.crops import Cut, crop
from atarimae.look.pictures import Queries, all_rows, chosen
from atarimae.look.queue import Queue, queue
from atarimae.look.site import THREADS
from atarimae.look.thumbnails import SMALL, thumbnail
from atarimae.store import Store
from atarimae.types import Data, Progress, silent
from atarimae.web.frame import stylesheet
from atarimae.workspace import Workspace

MOSAIC = 28  # pictures
FIRST = 12  # findings at the head of the queue
BOXED = 2 * SMALL  # px, the longer side of a picture of boxes

T = TypeVar("T")


@dataclass(frozen=True)
class Table:
    """A table of one's own, above the runs: rows are dicts with the same keys."""

    title: str
    rows: Sequence[Mapping[str, object]]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """A written report and what it says."""

    path: Path
    counts: Counts
    queue: Queue = field(repr=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, also those not shown in the file, check by check."""
        return self.queue.findings

    def as_dict(self) -> dict[str, object]:
        """JSON values: the counts, and every finding by what a fix is worth."""
        told = {"report": str(self.path), "counts": self.counts.as_dict()}
        return told | self.queue.as_dict()


def report(
    workspace: Workspace,
    path: Path,
    *,
    title: str | None = None,
    extra_runs_table: Table | None = None,
    progress: Progress = silent,
) -> Report:
    """Write the report of the newest data and all runs to `path`."""
    store = Store(workspace)
    data = store.data()
    known = beside(workspace, store, progress)
    todo = queue(data, known)
    groups = frame.groups(todo.findings)
    best = runlog.find_best(workspace)
    queries, edge = _answers(data, known, workspace, best)
    first = todo.entries[:FIRST]
    told = [one for group in groups for one in group.shown] + [one.finding for one in first]
    cuts = _cuts(workspace, data, known, told)
    shown = {image for one in told if one not in cuts for image in one.pictures}
    mosaic = _mosaic(data)
    shown |= queries.images | set(mosaic) | (edge.images if edge else set())
    pictures = inlined(workspace, data, shown)
    counts = count(data)
    html = frame.pages().text(
        "report.html",
        title=title or f"A look at {workspace.root.name}",
        style=style(),
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        data=data,
        counts=counts,
        findings=len(todo.findings),
        groups=groups,
        todo=todo,
        first=first,
        table=frame.runs_table(runlog.runs(workspace), best, newest_first=False),
        best=best,
        queries=queries,
        brink=edge,
        extra=extra_runs_table,
        mosaic=mosaic,
        src=pictures.get,
        cut=cuts.get,
    )
    save(path, html)
    return Report(path, counts, todo)


def _answers(
    data: Data, known: Beside, workspace: Workspace, best: runlog.Run | None
) -> tuple[Queries, Brink | None]:
    if best is None:
        return Queries(), None
    rows = all_rows(known.then(data, workspace, best), best)
    return chosen(rows), brink(rows, best)


def _mosaic(data: Data) -> list[str]:
    """Images from all over the data, at most one a label, for the head of the report."""
    first: dict[str, str] = {}
    for file in data.files:
        first.setdefault(data.label(file) or file.image, file.image)
    images = sorted(set(first.values()))  # by hash: as good as at random, and always the same
    return images[:MOSAIC] if len(images) >= MOSAIC else []


def inlined(workspace: Workspace, data: Data, images: Iterable[str]) -> dict[str, str]:
    """Small pictures as data URIs, by image; one whose content is gone is left out."""
    wanted = set(images)
    places = by_image(file for file in data.files if file.image in wanted)
    return _inlined(
        sorted(wanted), lambda image: thumbnail(workspace, data, places.get(image, []), SMALL)
    )


def _cuts(
    workspace: Workspace, data: Data, known: Beside, told: Iterable[Finding]
) -> dict[Finding, str]:
    """The same of the boxes of findings that are of some."""
    places = known.places(data)

    def made(one: Finding) -> Path | None:
        return crop(workspace, data, places.get(one.images[0], []), Cut(one.own, one.box), BOXED)

    return _inlined(dict.fromkeys(one for one in told if one.own or one.box), made)


def _inlined(wanted: Iterable[T], made: Callable[[T], Path | None]) -> dict[T, str]:
    def uri(one: T) -> tuple[T, str] | None:
        path = made(one)
        if path is None:
            return None
        return one, "data:image/webp;base64," + base64.b64encode(path.read_bytes()).decode()

    with ThreadPoolExecutor(THREADS) as pool:
        return dict(found for found in pool.map(uri, wanted) if found)


def style() -> Markup:
    """The style sheets, to stand in a page of its own."""
    own = (frame.HERE / "static" / "look.css").read_text(encoding="utf-8")
    return Markup(stylesheet() + own)


def save(path: Path, html: str) -> None:
    """Write the page, whole or not at all."""
    try:
        files.write(path, html)
    except OSError as error:
        raise AtarimaeError(
            f"The report can't be written to {path}.",
            f"{error.strerror}.",
            "Name a file in a folder that you may write to.",
        ) from None
