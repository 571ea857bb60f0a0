"""An open run of a training loop of one's own: what `at.log` gives."""

import atexit
import os
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

import tomli_w

from atarimae import files, runlog
from atarimae.errors import AtarimaeError, UsageError
from atarimae.runlog import Log, Run
from atarimae.score import notebook
from atarimae.score.intervals import interval
from atarimae.score.verdict import obstacle, verdict
from atarimae.types import Predictions, Score
from atarimae.workspace import Workspace

if TYPE_CHECKING:
    from atarimae.runlog.png import Picture

CONVENTION = {"measured by": "a loop of one's own"}


class OpenRun:
    """Log to it until `finish`; a `with` statement finishes it too, also where an error ends it.

    What is still open when the process ends is marked as interrupted. In a notebook a cell that
    logs to it and then fails or is stopped finishes it.
    """

    def __init__(self, workspace: Workspace, log: Log) -> None:
        self.id = log.id
        self.folder = log.folder
        self._workspace = workspace
        self._log: Log | None = log
        self._scores: list[Score] = []
        self._process = os.getpid()
        atexit.register(self._end)
        notebook.watch(self)

    def metric(
        self, name: str, value: float, *, step: int | None = None, epoch: int | None = None
    ) -> None:
        """Append one value. It is in the file when this returns."""
        self._open().metric(name, value, step=step, epoch=epoch)

    def metrics(
        self, values: Mapping[str, float], *, step: int | None = None, epoch: int | None = None
    ) -> None:
        """Append several values of one step."""
        for name, value in values.items():
            self.metric(name, value, step=step, epoch=epoch)

    def settings(self, values: Mapping[str, object]) -> None:
        """Add to the run's settings, or change some; they are searched and shown like a recipe's.

        Tables may hold tables. None is left out; what TOML does not know is kept as text.
        """
        log = self._open()
        known = {**runlog.read(log.folder).recipe, **_plain(values)}
        files.write(log.folder / "recipe.toml", tomli_w.dumps(known))

    def picture(self, name: str, picture: "Picture") -> Path:
        """Keep a picture under a name of yours; see `runlog.png` for what it may be."""
        from atarimae.runlog.png import png  # Pillow

        return self._open().picture(name, png(picture))

    def score(
        self,
        metric: str,
        value: float | None = None,
        *,
        parts: Mapping[str, float] | None = None,
        clusters: Mapping[str, Hashable] | None = None,
        convention: Mapping[str, str | int | float | bool] | None = None,
    ) -> None:
        """What the run comes to; of several metrics the first is the main one. Higher is better.

        With `parts`, one value an image (or query) by its name, the value is their mean, and it
        gets an interval and a verdict. `clusters` names what each image shares with others: those
        of one class or group are not independent. Without it each stands for itself. Runs are
        compared only where metric, stage and `convention` are the same.
        """
        self._open()
        said = {**CONVENTION, **(convention or {})}
        known = [score for score in self._scores if score.metric != metric]
        self._scores = [*known, _score(metric, value, parts, clusters, said)]

    def scores(self, scores: Sequence[Score], predictions: Predictions | None = None) -> None:
        """Write the parts of scores, and the predictions that they judge, as Parquet."""
        self._open().scores(scores, predictions)

    def finish(
        self,
        status: str = "done",
        *,
        scores: Sequence[Score] = (),
        costs: Mapping[str, float] | None = None,
        error: str | None = None,
    ) -> None:
        """Write the result, and the verdict against the parent. Nothing can be logged after it."""
        log = self._open()
        self._log = None
        atexit.unregister(self._end)
        if self._scores:
            log.scores(self._scores)
        log.finish(status, scores=[*self._scores, *scores], costs=costs, error=error)
        if status == "done":
            self._judge(log)

    @property
    def finished(self) -> bool:
        """Whether nothing can be logged any more."""
        return self._log is None

    def _open(self) -> Log:
        if self._log is None:
            raise AtarimaeError(
                f"Run {self.id} is finished.",
                "Nothing can be logged to it any more.",
                "Start another with at.log(because=…).",
            )
        return self._log

    def _judge(self, log: Log) -> None:
        run = runlog.read(log.folder)
        if run.score is None:
            return
        parent = runlog.get(self._workspace, run.parent) if run.parent else None
        if parent is None and (parent := _best(self._workspace, run)):
            path = log.folder / "run.json"
            files.write_json(path, files.read_json(path) | {"parent": parent.id})
        seen = verdict(parent, runlog.read(log.folder)) if parent else None
        if seen is not None:
            log.verdict(seen.as_dict())

    def _end(self) -> None:
        """The process ends; a forked one leaves the run to its parent."""
        if self._log is not None and os.getpid() == self._process:
            self.finish("interrupted", error="The process ended before the run was finished.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.finished:
            self.close(error)

    def close(self, error: BaseException | None = None) -> None:
        """Finish as done, failed or stopped, by the error that ended the loop."""
        if error is None:
            self.finish()
            return
        log = self._open()
        log.__exit__(type(error), error, error.__traceback__)
        self._log = None
        atexit.unregister(self._end)

    def _repr_html_(self) -> str:
        return runlog.read(self.folder)._repr_html_()

    def __repr__(self) -> str:
        return f"<run {self.id}, {runlog.read(self.folder).status}>"


def _best(workspace: Workspace, run: Run) -> Run | None:
    """The best run before this one that it can be compared with."""
    assert run.score is not None
    before = [other for other in runlog.runs(workspace) if other.id != run.id]
    done = [other for other in before if other.status == "done" and obstacle(other, run) is None]
    return max(done, key=lambda other: cast(Score, other.score).value, default=None)


def _score(
    metric: str,
    value: float | None,
    parts: Mapping[str, float] | None,
    clusters: Mapping[str, Hashable] | None,
    convention: Mapping[str, str | int | float | bool],
) -> Score:
    if (value is None) == (parts is None):
        raise UsageError(
            f"{metric} needs a value or parts.",
            "Both are given." if parts is not None else "Neither is given.",
            "Give the value alone, or parts={image: value, …}, whose mean it is.",
        )
    if parts is None:
        return Score(metric, float(cast(float, value)), convention)
    import numpy as np

    told = {str(key): float(part) for key, part in dict(parts).items()}
    groups = {str(key): str(group) for key, group in dict(clusters or {}).items()}
    wrong = [key for key, part in told.items() if part != part]
    lost = [key for key in told if key not in groups] if clusters is not None else []
    if not told or wrong or lost:
        raise UsageError(
            f"The parts of {metric} can't be used.",
            f"{len(wrong)} are NaN, {len(lost)} have no cluster: {', '.join((wrong + lost)[:5])}."
            if told
            else "There are none.",
            "Give each image that was judged a number, and a cluster if there are any.",
        )
    numbers = np.array(list(told.values()), np.float32)
    names = tuple(groups.get(key, key) for key in told)
    mean = float(numbers.mean(dtype=np.float64))
    return interval(Score(metric, mean, convention, tuple(told), numbers, names))


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Settings as TOML has them."""
    return {str(key): _value(value) for key, value in values.items() if value is not None}


def _value(value: object) -> object:
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(item) for item in value if item is not None]
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:  # a number of NumPy's
        return _value(value.item())
    return str(value)
