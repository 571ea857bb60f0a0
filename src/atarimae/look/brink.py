"""What a run's threshold for "unknown" cuts: the queries on both sides of it, and what it costs.

Constants of the run's model name it: `confidence_threshold` where its predictions have a column
`confidence`, else `threshold` of the similarity, with `…_low` and `…_high` as its interval. A task
without them has no such section.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from atarimae import files
from atarimae.look.pictures import QueryRow
from atarimae.runlog import Run
from atarimae.score.coverage import Bin, Coverage, calibration_error, reliability, risk_coverage

EACH = 6  # queries on either side


@dataclass(frozen=True)
class Brink:
    """A threshold, and every query that was answered or rejected by it."""

    by: str  # confidence or similarity
    threshold: float
    low: float | None
    high: float | None
    rows: tuple[QueryRow, ...]  # the surest first

    @cached_property
    def curve(self) -> Coverage:
        """Of the first answers."""
        return risk_coverage([_sure(row) for row in self.rows], [row.right for row in self.rows])

    @cached_property
    def table(self) -> Sequence[Bin]:
        """How true confidence is told; empty where there is none."""
        if self.by != "confidence":
            return ()
        return reliability([_sure(row) for row in self.rows], [row.right for row in self.rows])

    @property
    def error(self) -> float:
        """The mean distance of what is told from what is right."""
        return calibration_error(self.table)

    def covered(self, threshold: float) -> float:
        """The share of queries that are answered with a threshold."""
        return sum(_sure(row) >= threshold for row in self.rows) / len(self.rows)

    @property
    def coverage(self) -> float:
        """The share that is answered."""
        return self.covered(self.threshold)

    @property
    def risk(self) -> float | None:
        """The share of first answers that are wrong, of those answered."""
        answered = [row for row in self.rows if _sure(row) >= self.threshold]
        return sum(not row.right for row in answered) / len(answered) if answered else None

    @property
    def rejections(self) -> tuple[int, int, int]:
        """How many are rejected; of them those without a match, and those answered rightly."""
        out = [row for row in self.rows if _sure(row) < self.threshold]
        return len(out), sum(not row.known for row in out), sum(row.right for row in out)

    @property
    def answered(self) -> tuple[QueryRow, ...]:
        """Those just above the threshold, the nearest to it first."""
        return tuple([row for row in reversed(self.rows) if _sure(row) >= self.threshold][:EACH])

    @property
    def rejected(self) -> tuple[QueryRow, ...]:
        """Those just below it, the nearest to it first."""
        return tuple([row for row in self.rows if _sure(row) < self.threshold][:EACH])

    @property
    def images(self) -> set[str]:
        """Every image that is shown."""
        rows = (*self.answered, *self.rejected)
        return {row.file.image for row in rows} | {
            match.file.image for row in rows for match in row.matches[:1]
        }


def brink(rows: Sequence[QueryRow], run: Run) -> Brink | None:
    """None where the run has no threshold, or a fold of it each."""
    known = [row for row in rows if row.sure is not None]
    if not known:
        return None
    constants = _constants(run)
    calibrated = "confidence_threshold" in constants
    name = "confidence_threshold" if calibrated else "threshold"
    if name not in constants:
        return None
    return Brink(
        "confidence" if calibrated else "similarity",
        constants[name],
        constants.get(f"{name}_low"),
        constants.get(f"{name}_high"),
        tuple(sorted(known, key=lambda row: (-_sure(row), row.file.path))),
    )


def said(row: QueryRow, *, rejected: bool) -> tuple[str, bool]:
    """What became of a query, in words, and whether that was right."""
    if rejected:
        if not row.known:
            return "rightly unknown: nothing there is the same thing", True
        if row.right:
            return "wrongly rejected: the answer was right", False
        return "rejected; what it asks for is there, but another thing came first", False
    if row.right:
        return "rightly answered", True
    if row.known:
        return "wrongly answered: the same thing is there and did not come first", False
    return "wrongly answered: nothing there is the same thing", False


def _sure(row: QueryRow) -> float:
    return cast(float, row.sure)


def _constants(run: Run) -> Mapping[str, float]:
    path = run.folder / "model" / "model.json"
    if not path.is_file():
        return {}
    found = files.read_json(path).get("constants")
    return cast(Mapping[str, float], found) if isinstance(found, Mapping) else {}
