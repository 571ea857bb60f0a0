"""Images that runs judge differently: what each run answered first, and how good that was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atarimae.look.pictures import QueryRow, answers
from atarimae.runlog import Run, parts
from atarimae.score.verdict import shared_parts
from atarimae.types import Data, File

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 12  # images of each kind


@dataclass(frozen=True, slots=True)
class Moved:
    """One query: its part of the main metric in each run, and what each run found."""

    key: str
    file: File | None  # None where the query is no file of the data
    label: str | None
    parts: tuple[float, ...]
    answers: tuple[QueryRow | None, ...]
    change: float  # of two runs the second minus the first, of more the largest minus the smallest


@dataclass(frozen=True, slots=True)
class Moves:
    """The queries that moved most, and how many moved at all. Of more than two only `gained`."""

    gained: tuple[Moved, ...] = ()
    lost: tuple[Moved, ...] = ()
    better: int = 0
    worse: int = 0
    of: int = 0  # queries that all of the runs were judged by


def moves(data: Data, runs: Sequence[Run]) -> Moves:
    """Compare runs that can be compared, by the queries that all of them were judged by."""
    both = _parts(runs)
    change = both.iloc[:, 1] - both.iloc[:, 0]
    if len(runs) > 2:
        change = both.max(axis=1) - both.min(axis=1)
    gained, lost = _most(change, 1), _most(change, -1)
    known = [answers(data, run, [*gained, *lost]) for run in runs]
    files = {file.path: file for file in data.files}
    return Moves(
        gained=tuple(_moved(key, both, change, known, files, data) for key in gained),
        lost=tuple(_moved(key, both, change, known, files, data) for key in lost),
        better=int((change > 0).sum()),
        worse=int((change < 0).sum()),
        of=len(both),
    )


def _parts(runs: Sequence[Run]) -> "pd.DataFrame":
    """The main metric's parts: a row a query that all runs have, a column a run.

    Two runs on different data versions are judged anew, as their verdict is.
    """
    import pandas as pd

    if len(runs) == 2:
        return shared_parts(runs[0], runs[1]).set_index("key")[["first", "second"]]
    columns = []
    for run in runs:
        assert run.score is not None, "runs without a score can't be compared"
        columns.append(parts(run).set_index("key")[run.score.metric].dropna())
    return pd.concat(columns, axis=1, join="inner", keys=range(len(runs)))


def _most(change: "pd.Series[float]", sign: int) -> list[str]:
    """Keys of the queries that moved furthest up (1) or down (-1); equal ones by key."""
    moved = (change * sign)[change * sign > 0].sort_index()
    return [str(key) for key in moved.sort_values(ascending=False, kind="stable").index[:SHOWN]]


def _moved(
    key: str,
    both: "pd.DataFrame",
    change: "pd.Series[float]",
    known: Sequence[Mapping[str, QueryRow]],
    files: Mapping[str, File],
    data: Data,
) -> Moved:
    file = files.get(key)
    return Moved(
        key=key,
        file=file,
        label=data.label(file) if file else None,
        parts=tuple(both.loc[[key]].to_numpy(float)[0].tolist()),
        answers=tuple(rows.get(key) for rows in known),
        change=float(change[key]),
    )
