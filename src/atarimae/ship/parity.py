"""The gate: a fresh process without torch must measure what was measured."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from atarimae import bundle, runlog, store, task, workspace
from atarimae.errors import AtarimaeError
from atarimae.predict import golden
from atarimae.runlog import Run
from atarimae.score.evaluate import Evaluation, evaluate
from atarimae.task import Predictor
from atarimae.types import Array, Floats, Score
from atarimae.workspace import Workspace

SCORE_TOLERANCE = 0.002
TIE = 1e-4  # similarities closer than this may change places
# Of the queries, where answers are discrete: two that nearly tie for one member of an ensemble move
# others by whole places where its lists are fused.
SPARE = 0.02


def check(space: Workspace, run: Run, folder: Path) -> None:
    """Replay the run's validation with the bundle; refuse, naming the first step that differs."""
    command = [sys.executable, "-m", __name__, str(space.root), run.id, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AtarimaeError(
            "The bundle can't be checked.", done.stderr.strip()[-2000:], "Nothing was written."
        )
    found = cast(dict[str, Any], json.loads(done.stdout))
    if "error" in found:
        raise AtarimaeError(**found["error"])
    if found["diverged"]:
        raise _refusal(
            run,
            f"The first step that differs is {found['diverged']}: {found['metric']} is "
            f"{found['value']:.4f}, and {found['recorded']:.4f} was recorded.",
        )


def check_steps(space: Workspace, run: Run, predictor: Predictor, folder: Path) -> None:
    """Refuse where a step differs on the golden pictures; cheap, and before the index is made."""
    step = golden.first_divergence(predictor, folder / "golden", space.max_pixels)
    if step:
        raise _refusal(
            run,
            f"The first step that differs is {step}: its output for the golden "
            "pictures is not what was recorded.",
        )


def _refusal(run: Run, found: str) -> AtarimaeError:
    return AtarimaeError(
        f"The bundle does not reproduce run {run.id}.",
        found,
        "Nothing was written. Fit again with the library versions that are installed now.",
    )


def replay(space: Workspace, run: Run, folder: Path) -> dict[str, object]:
    """Validate again from the pictures on, no cache; which step differs first, if any."""
    shipped = bundle.read(folder)
    chosen = task.load(shipped.task)
    evaluated = runlog.judged_paths(run.folder)
    edit = run.data.edit if run.data else None
    data = store.Store(space).data(edit).where(lambda file: file.path in evaluated)
    found = evaluate(chosen, shipped.model, data, max_pixels=space.max_pixels)
    recorded, again = cast(Score, run.score), found.scores[0]
    step = golden.first_divergence(
        chosen.predictor(shipped.model), folder / "golden", space.max_pixels
    )
    spare = SPARE if shipped.model.settings.get("discrete") is True else 0.0
    if step is None and not _same_answers(run, found, spare):
        step = "top-k"
    if step is None and abs(again.value - recorded.value) > SCORE_TOLERANCE:
        step = "score"
    return {
        "diverged": step,
        "metric": again.metric,
        "value": again.value,
        "recorded": recorded.value,
    }


def _same_answers(run: Run, found: Evaluation, spare: float) -> bool:
    recorded = pd.read_parquet(run.folder / "predictions.parquet")
    again = found.predictions
    if tuple(recorded["key"]) != again.keys:
        return False
    if not len(again):
        return True
    if "match_files" in again.columns:
        return same_rankings(
            np.stack(recorded["match_files"].tolist()),
            np.stack(recorded["similarity"].tolist()).astype(np.float32),
            np.asarray(again.columns["match_files"]),
            np.asarray(again.columns["similarity"], np.float32),
            spare,
        )
    return all(
        _same_column(recorded[name].tolist(), column) for name, column in again.columns.items()
    )


def same_rankings(
    files_then: Array, near_then: Floats, files_now: Array, near_now: Floats, spare: float = 0.0
) -> bool:
    """Whether two (n, k) rankings agree up to swaps between similarities closer than `TIE`.

    A share `spare` of the queries may have others.
    """
    if files_then.shape != files_now.shape:
        return False
    if spare:
        rows = zip(files_then, near_then, files_now, near_now, strict=True)
        unlike = sum(not same_rankings(*(part[None] for part in row)) for row in rows)
        return unlike <= spare * len(files_then)
    both = np.isfinite(near_then) & np.isfinite(near_now)
    if not np.array_equal(np.isfinite(near_then), np.isfinite(near_now)):
        return False
    if np.abs(near_then[both] - near_now[both]).max(initial=0) >= TIE:
        return False
    for row in np.flatnonzero((files_then != files_now).any(1)):
        place = dict(zip(files_then[row], near_then[row], strict=True))
        for name, near in zip(files_now[row], near_now[row], strict=True):
            # A file that was not among the k before must have stood just behind the last one.
            if abs(place.get(name, near_then[row, -1]) - near) >= TIE:
                return False
    return True


def _same_column(recorded: list[object], column: Array) -> bool:
    then = np.stack([np.asarray(value) for value in recorded])
    if np.issubdtype(column.dtype, np.floating):
        now = column.astype(np.float64)
        return bool(np.allclose(then.astype(np.float64), now, atol=TIE, equal_nan=True))
    return bool(np.array_equal(then.astype(str), column.astype(str)))


def _main(root: str, run: str, folder: str) -> None:
    """In a process of its own: torch can't be imported, so nothing can lean on it."""
    sys.modules["torch"] = None  # type: ignore[assignment]
    space = workspace.open_(Path(root))
    try:
        result = replay(space, runlog.find(space, run), Path(folder))
    except AtarimaeError as error:
        result = {"error": error.as_dict()}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    _main(*sys.argv[1:])
