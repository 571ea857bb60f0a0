"""Walk the seven steps: add, look, fit a few ideas, compare, ship, and judge on the test split.

What is done already is kept: runs of the same reason and recipe, embeddings, the bundle.
"""

import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atarimae import api, bundle, runlog, task, workspace
from atarimae.demo.ideas import IDEAS, Idea
from atarimae.errors import AtarimaeError
from atarimae.look.document import Table as ReportTable
from atarimae.look.document import report
from atarimae.progress import bar
from atarimae.runlog import Run
from atarimae.score.evaluate import Evaluation, evaluate
from atarimae.score.intervals import Difference, paired
from atarimae.store import Store

if TYPE_CHECKING:
    from rich.console import RenderableType

TITLE = "The same emoji, drawn by four vendors"


@dataclass(frozen=True)
class Walk:
    """What the demo made, and what it measured on the test classes."""

    workspace: Path
    runs: tuple[Run, ...]
    best: Run
    bundle: Path
    report: Path
    baseline: Evaluation
    whitened: Evaluation
    chosen: Evaluation
    gain: Difference

    def as_dict(self) -> dict[str, object]:
        """The shape of `demo --json`."""
        return {
            "workspace": str(self.workspace),
            "runs": [run.row() for run in self.runs],
            "best": self.best.id,
            "bundle": str(self.bundle),
            "report": str(self.report),
            "test": {
                "baseline": self.baseline.scores[0].value,
                "whitened": self.whitened.scores[0].value,
                "best": self.chosen.scores[0].value,
                "difference": self.gain.value,
                "low": self.gain.low,
                "high": self.gain.high,
            },
        }

    def table(self) -> "RenderableType":
        """The runs, and below them the test classes."""
        from rich.console import Group
        from rich.text import Text

        from atarimae.compare.table import runs_table

        rows = [f"  {row['model']:<24} {row['test score']}" for row in _test_rows(self)]
        told = Text("\n".join([
            "", f"On the test classes ({self.chosen.scores[0].metric}; chosen on val):",
            *rows,
            f"  best − baseline {self.gain.value:+.3f}, 95 % [{self.gain.low:+.3f}, "
            f"{self.gain.high:+.3f}]", "",
            f"Report:  {self.report}", f"Bundle:  {self.bundle}",
            f"Next:    atarimae -C {self.workspace} look",
            f"         atarimae serve {self.bundle}",
        ]))  # fmt: skip
        return Group(runs_table(self.runs), told)


def run(folder: Path) -> Walk:
    """Walk the path in `folder`, which is made, or gone on with."""
    space = _opened(folder)
    _say("add: the emoji that ship with atarimae")
    added = space.add(_unpacked(space.folder.root))
    _say(f"     {added.added:,} added, {added.present:,} already there")
    runs = tuple(_tried(space, idea) for idea in IDEAS)
    best = max(
        (run for run in runs if run.stage == "holdout"),
        key=lambda run: run.score.value if run.score else 0.0,
    )
    shipped = _shipped(space, best)
    baseline, whitened, chosen = (_tested(space, run) for run in (runs[0], runs[1], best))
    first, last = baseline.scores[0], chosen.scores[0]
    assert first.keys == last.keys, "the same queries, in the same order"
    walk = Walk(
        space.folder.root, runs, best, shipped, space.folder.root / "report.html",
        baseline, whitened, chosen, paired(first.parts, last.parts, first.clusters),
    )  # fmt: skip
    _say("look: writing the report")
    note = "The recipe was chosen on val; no idea was chosen by these."
    extra = ReportTable("On the test classes", _test_rows(walk), note)
    with bar("look") as progress:
        report(
            space.folder, walk.report, title=TITLE, extra_runs_table=extra, progress=progress
        )  # fmt: skip
    return walk


def _opened(folder: Path) -> api.Workspace:
    if (folder / workspace.SETTINGS).is_file():
        return api.open(folder)
    if folder.exists() and any(folder.iterdir()):
        raise AtarimaeError(
            f"{folder} is not empty.", "It holds something else than the demo.", "Name another."
        )
    return api.init(folder)


def _unpacked(root: Path) -> Path:
    """The archive's labels, beside its pictures."""
    target = root / "emoji"
    if not (target / "labels.csv").is_file():
        with as_file(files("atarimae.demo") / "emoji.zip") as packed, zipfile.ZipFile(packed) as z:
            z.extractall(target)
    return target / "labels.csv"


def _tried(space: api.Workspace, idea: Idea) -> Run:
    """The idea's run: the one that is there with the same reason and recipe, or a new one."""
    recipe = task.load(space.folder.task).recipe.of(idea.recipe).model_dump(mode="json")
    now = Store(space.folder).data().version.hash
    for known in runlog.runs(space.folder):
        same = (known.because, known.stage, dict(known.recipe)) == (
            idea.because, idea.stage, recipe,
        )  # fmt: skip
        if same and known.status == "done" and known.data and known.data.hash == now:
            return known
    _say(f"fit: {idea.because}")
    return space.fit(because=idea.because, stage=idea.stage, **dict[str, Any](idea.recipe))


def _shipped(space: api.Workspace, best: Run) -> Path:
    out = space.folder.root / "bundle"
    if _is_of(out, best):
        return out
    _say(f"ship: {best.because}")
    space.ship(best, out)
    return out


def _is_of(folder: Path, run: Run) -> bool:
    try:
        return bundle.read(folder).run == run.id
    except AtarimaeError:  # there is none, or not a whole one
        return False


def _tested(space: api.Workspace, run: Run) -> Evaluation:
    data = Store(space.folder).data().split("test")
    model = bundle.read_model(run.model)
    with bar("test") as progress:
        return evaluate(
            task.load(space.folder.task), model, data, cache=space.folder.cache, progress=progress
        )


def _test_rows(walk: Walk) -> list[Mapping[str, object]]:
    named = (
        ("baseline", walk.baseline), ("baseline, whitened", walk.whitened),
        ("best on val", walk.chosen),
    )  # fmt: skip
    rows: list[Mapping[str, object]] = []
    for name, found in named:
        row: dict[str, object] = {"model": name}
        for number, score in enumerate(found.scores):
            title = "test score" if not number else score.metric
            row[title] = f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
        rows.append(row)
    return rows


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
