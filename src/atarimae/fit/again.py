"""Run a run again, from the same recipe, seed, data and threads: does the same come out?"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from atarimae import bundle, files, runlog
from atarimae.errors import AtarimaeError
from atarimae.fit.fit import fit, recipe_of
from atarimae.runlog import Run
from atarimae.task import Task
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("parts.parquet", "predictions.parquet")
NAMED = 20  # differences of the environment that are named


@dataclass(frozen=True)
class Again:
    """How far a run came out as the one that it repeats."""

    run: str
    of: str
    same: bool  # scores, parts and predictions, bit for bit
    metric: str
    first: float
    second: float
    parts: int
    unlike: int  # parts that differ
    largest: float  # difference of a part, without sign
    predictions: int
    moved: int  # predictions that differ
    weights: bool | None  # the same, bit for bit; None where one run has kept none
    changed: tuple[str, ...]  # what differs between the two starts: packages, code, machine

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {**asdict(self), "changed": list(self.changed)}


def again(workspace: Workspace, task: Task, name: str, *, progress: Progress = silent) -> Again:
    """Fit once more what a done run was fitted from, as a new run with that one as its parent."""
    old = runlog.find(workspace, name)
    if old.data is None or old.seed is None or old.status != "done" or old.score is None:
        why = "It was logged by a loop of its own." if old.seed is None else f"It is {old.status}."
        raise AtarimaeError(
            f"Run {old.id} can't be run again.", why, "Name a run of 'fit' that is done."
        )
    run = fit(
        workspace, task, recipe_of(task, old), because=f"again: {old.because}",
        stage=old.stage, seed=old.seed, device=old.device or "auto", parent=old.id,
        folds=old.folds or 3, edit=old.data.edit, threads=old.threads, progress=progress,
    )  # fmt: skip
    found = compare(old, run)
    files.write_json(run.folder / "again.json", found.as_dict())
    return found


def compare(old: Run, run: Run) -> Again:
    """Compare the files of two runs, number by number."""
    assert old.score is not None
    assert run.score is not None
    (parts, unlike, largest), (predictions, moved, _) = (_table(old, run, name) for name in TABLES)
    scores = [[(s.metric, s.value) for s in one.scores] for one in (old, run)]
    return Again(
        run=run.id,
        of=old.id,
        same=scores[0] == scores[1] and not unlike and not moved,
        metric=run.score.metric,
        first=old.score.value,
        second=run.score.value,
        parts=parts,
        unlike=unlike,
        largest=largest,
        predictions=predictions,
        moved=moved,
        weights=_weights(old, run),
        changed=tuple(_changed(old, run)),
    )


def _table(old: Run, run: Run, name: str) -> tuple[int, int, float]:
    """Rows, rows that differ, and the largest difference of a number."""
    import pandas as pd

    there = [one.folder / name for one in (old, run) if (one.folder / name).is_file()]
    tables = [pd.read_parquet(path).set_index("key").sort_index() for path in there]
    if len(tables) < 2:
        rows = sum(map(len, tables))
        return rows, rows, 0.0
    first, second = tables
    if not first.index.equals(second.index) or list(first) != list(second):
        return len(first), max(len(first), len(second)), 0.0
    unlike = sum(
        any(_bits(first[column].iloc[row]) != _bits(second[column].iloc[row]) for column in first)
        for row in range(len(first))
    )
    return len(first), unlike, _largest(first, second)


def _bits(value: object) -> object:
    """Equal for equal values alone, NaN and lists of numbers among them."""
    if not isinstance(value, np.ndarray | np.generic):
        return value
    return value.tolist() if value.dtype.hasobject else value.tobytes()


def _largest(first: "pd.DataFrame", second: "pd.DataFrame") -> float:
    numbers = first.select_dtypes("number").columns
    apart = (first[numbers].astype(float) - second[numbers].astype(float)).abs()
    return float(apart.max().fillna(0).max()) if len(numbers) and len(first) else 0.0


def _weights(old: Run, run: Run) -> bool | None:
    kept = [one.model / "weights.safetensors" for one in (old, run)]
    if not all(path.is_file() for path in kept):
        return None
    return bundle.digest(kept[0]) == bundle.digest(kept[1])


def _changed(old: Run, run: Run) -> list[str]:
    """What the snapshots say is not as it was: the first places to look for a difference."""
    first, second = (_start(one.folder / "snapshot") for one in (old, run))
    if not first:
        return ["the first run has no snapshot"]
    changed = [
        f"{name} {first.get(name, 'none')} → {second.get(name, 'none')}"
        for name in sorted({*first, *second})
        if first.get(name) != second.get(name)
    ]
    more = len(changed) - NAMED
    return changed[:NAMED] + ([f"and {more} more"] if more > 0 else [])


def _start(snapshot: Path) -> dict[str, str]:
    """Machine, packages and code of a start, as one flat table."""
    if not (snapshot / "environment.json").is_file():
        return {}
    told = files.read_json(snapshot / "environment.json")
    flat = {name: str(told[name]) for name in ("python", "system", "nvidia_driver")}
    for name in ("cpu", "torch", "variables", "packages"):
        inside = cast(dict[str, object] | None, told[name]) or {}
        flat |= {
            key if name == "packages" else f"{name} {key}": str(v) for key, v in inside.items()
        }
    if (snapshot / "manifest.sha256").is_file():
        lines = (snapshot / "manifest.sha256").read_text(encoding="utf-8", errors="replace")
        flat |= {line[66:]: line[:12] for line in lines.splitlines()}
    return flat
