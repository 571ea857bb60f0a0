"""What a run answered, query by query, with the pictures: hits, misses, and rightly unknown ones.

Read from `predictions.parquet` (`key`, `match_files`, and where they are there `similarity`,
`confidence` and `unknown`) and the main metric's column of `parts.parquet`. A task that writes
other columns has no such rows, and nothing is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from atarimae.runlog import Run
from atarimae.types import Data, File

SHOWN_MATCHES = 8

Column = list[object]


@dataclass(frozen=True, slots=True)
class Match:
    """One file that was found for a query; `right` if they share a label."""

    file: File
    label: str | None
    right: bool
    similarity: float | None


@dataclass(frozen=True, slots=True)
class QueryRow:
    """One query with its first matches. `rank` is the main metric's part for it, 0 to 1."""

    file: File
    label: str | None
    matches: tuple[Match, ...]
    rank: float | None
    unknown: bool
    known: bool  # something else with its label could have been found
    sure: float | None  # confidence, or where there is none the first answer's similarity

    @property
    def right(self) -> bool:
        """Whether the first answer shares a label with it."""
        return bool(self.matches) and self.matches[0].right


@dataclass(frozen=True, slots=True)
class Queries:
    """Chosen rows of a run. Each may be empty."""

    hits: tuple[QueryRow, ...] = ()
    misses: tuple[QueryRow, ...] = ()  # the worst, those that were surest of it first
    rejected: tuple[QueryRow, ...] = ()  # have no match, and were said to be unknown

    def __bool__(self) -> bool:
        return bool(self.hits or self.misses or self.rejected)

    @property
    def images(self) -> set[str]:
        """Every image that is shown."""
        rows = (*self.hits, *self.misses, *self.rejected)
        return {row.file.image for row in rows} | {
            match.file.image for row in rows for match in row.matches
        }


def query_rows(data: Data, run: Run, each: int = 6) -> Queries:
    """At most `each` hits, misses and rejected unknowns. `data` is that of the run's version."""
    return chosen(all_rows(data, run), each)


def all_rows(data: Data, run: Run) -> list[QueryRow]:
    """Every query of the run that was answered or rejected, where it tells."""
    columns = _table(run.folder / "predictions.parquet")
    if not {"key", "match_files"} <= columns.keys():
        return []
    return [row for row in _rows(data, columns, _ranks(run)) if row.matches or row.unknown]


def chosen(rows: Sequence[QueryRow], each: int = 6) -> Queries:
    """At most `each` of a kind."""
    judged = [row for row in rows if row.known and row.rank is not None]
    hits = [row for row in judged if row.rank == 1 and not row.unknown]
    misses = sorted(
        (row for row in judged if cast(float, row.rank) < 1),
        key=lambda row: (cast(float, row.rank), -_sureness(row), row.file.path),
    )
    rejected = [row for row in rows if row.unknown and not row.known]
    return Queries(
        _spread(_one_a_label(hits), each),
        tuple(_one_a_label(misses)[:each]),
        _spread(_one_a_label(rejected), each),
    )


def answers(data: Data, run: Run, keys: Sequence[str]) -> dict[str, QueryRow]:
    """What the run answered to the queries of these keys, where it tells."""
    columns = _table(run.folder / "predictions.parquet", keys)
    if not {"key", "match_files"} <= columns.keys():
        return {}
    return {row.file.path: row for row in _rows(data, columns, {})}


def _table(path: Path, keys: Sequence[str] | None = None) -> Mapping[str, Column]:
    """The columns of a Parquet file, of the rows with these keys alone if there are any."""
    if not path.is_file():
        return {}
    import pyarrow as pa  # 0.3 s to import: only when there is something to read
    import pyarrow.parquet as pq

    chosen = None if keys is None else [("key", "in", list(keys))]
    try:
        return cast(dict[str, Column], pq.read_table(path, filters=chosen).to_pydict())
    except (OSError, pa.ArrowException):
        return {}


def _ranks(run: Run) -> dict[str, float]:
    columns = _table(run.folder / "parts.parquet")
    metric = run.score.metric if run.score else ""
    if not {"key", metric} <= columns.keys():
        return {}
    pairs = zip(columns["key"], columns[metric], strict=True)
    return {str(key): float(cast(float, value)) for key, value in pairs if value is not None}


def _rows(
    data: Data, columns: Mapping[str, Column], ranks: Mapping[str, float]
) -> Iterable[QueryRow]:
    by_path = {file.path: file for file in data.files}
    found_by_label: dict[str, set[tuple[str, str | None]]] = {}
    for file in data.files:
        if file.role != "query":
            for label in data.classes(file):
                found_by_label.setdefault(label, set()).add((file.path, file.source))
    count = len(columns["key"])
    similarities = columns.get("similarity") or [None] * count
    unknowns = columns.get("unknown") or [False] * count
    confidences = columns.get("confidence") or [None] * count
    for key, files, similarity, unknown, confidence in zip(
        columns["key"], columns["match_files"], similarities, unknowns, confidences, strict=True
    ):
        query = by_path.get(str(key))
        if query is None:
            continue
        matches = _matches(data, by_path, query, files, similarity)
        first = matches[0].similarity if matches else None
        yield QueryRow(
            query,
            data.label(query),
            matches,
            ranks.get(query.path),
            bool(unknown),
            _known(query, data.classes(query), found_by_label),
            first if confidence is None else float(cast(float, confidence)),
        )


def _matches(
    data: Data, by_path: Mapping[str, File], query: File, files: object, similarity: object
) -> tuple[Match, ...]:
    if not isinstance(files, list):
        return ()
    sure = similarity if isinstance(similarity, list) else []
    wanted = set(data.classes(query))
    return tuple(
        Match(
            by_path[path],
            data.label(by_path[path]),
            bool(wanted.intersection(data.classes(by_path[path]))),
            float(sure[place]) if place < len(sure) else None,
        )
        for place, path in enumerate(files[:SHOWN_MATCHES])
        if path in by_path
    )


def _known(
    query: File, labels: Iterable[str], found: Mapping[str, set[tuple[str, str | None]]]
) -> bool:
    """Whether another file has the label; one of the query's own source is not looked among."""
    return any(
        path != query.path and (query.source is None or source != query.source)
        for label in labels
        for path, source in found.get(label, ())
    )


def _sureness(row: QueryRow) -> float:
    return row.sure if row.sure is not None else 0.0


def _one_a_label(rows: Iterable[QueryRow]) -> list[QueryRow]:
    """The first row of each label, so that one thing does not fill the page."""
    first: dict[str, QueryRow] = {}
    for row in rows:
        first.setdefault(row.label or row.file.path, row)
    return list(first.values())


def _spread(rows: list[QueryRow], most: int) -> tuple[QueryRow, ...]:
    """At most so many, evenly from the surest to the least sure."""
    ordered = sorted(rows, key=lambda row: (-_sureness(row), row.file.path))
    if len(ordered) <= most:
        return tuple(ordered)
    return tuple(ordered[round(n * (len(ordered) - 1) / max(1, most - 1))] for n in range(most))
