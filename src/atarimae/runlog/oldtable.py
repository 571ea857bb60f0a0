"""A table of old experiments, as people keep them in a spreadsheet: one row an experiment.

Columns are known by plausible names, English or Japanese, in any case; what is not known is a
setting, or a note where it holds long text.
"""

import csv
import hashlib
import io
import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae import files
from atarimae.errors import AtarimaeError, UsageError, gathered, unknown_name

if TYPE_CHECKING:
    import pandas as pd

# By what a column is for: names without spaces, marks and case. Of reasons the first one counts.
KNOWN = {
    "name": ("id", "name", "run", "runid", "runname", "exp", "expid", "expname", "experiment", "no",
             "実験", "実験名", "実験番号", "実験id", "番号", "名前", "名称"),
    "because": ("because", "reason", "why", "理由", "狙い", "目的", "idea", "アイデア", "変更点",
                "変更内容", "change", "changes", "description", "内容", "概要", "memo", "メモ",
                "note", "notes", "comment", "comments", "コメント", "備考", "remarks"),
    "date": ("date", "datetime", "created", "createdat", "timestamp", "日付", "日時",
             "実施日", "実験日"),
    "seed": ("seed", "シード", "乱数シード"),
    "score": ("score", "cv", "cvscore", "val", "valscore", "validscore", "スコア", "metric",
              "accuracy", "acc", "valacc", "auc", "f1", "mrr", "map", "精度", "正解率",
              "lb", "publiclb", "privatelb", "lbscore"),
}  # fmt: skip
LONG = 80  # characters from which on a column is text, and no setting
LISTED = 20  # bad rows that an error names; it counts the rest

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?Z?"
)

Cells = Mapping[str, str]


@dataclass(frozen=True)
class Old:
    """One row: what is known of an experiment that was not logged here."""

    line: int  # of the table, from 1
    key: str  # the same whenever the same row is read: its name, or its content and place
    content: str  # a hash of its cells
    name: str | None
    because: str
    created: datetime | None
    seed: int | None
    scores: Mapping[str, float]  # by column
    recipe: Mapping[str, object]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """All rows of a table, and what each column was taken for."""

    source: str
    rows: tuple[Old, ...]
    columns: Mapping[str, str]  # name, because, date, seed, score, note or setting, by column


def read_table(path: Path, scores: Sequence[str] = ()) -> Table:
    """The rows of a .csv, .tsv or Excel file; `scores` names the columns of scores, main one first.

    Raises `UsageError` with all bad rows at once, and where there is no column of scores.
    """
    if path.suffix.lower() in (".xlsx", ".xls"):
        return from_frame(_excel(path), scores, path.name)
    text = files.read_text(path)
    delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        before = 0
        for cells in reader:
            lines.append((before + 1, [cell.strip() for cell in cells]))
            before = reader.line_num
    except csv.Error as error:
        raise UsageError(
            f"{path} is not a table.",
            f"Line {reader.line_num}: {error}.",
            "Quote cells with commas.",
        ) from None
    return _table(path.name, lines[0][1] if lines else [], lines[1:], scores)


def from_frame(
    frame: "pd.DataFrame", scores: Sequence[str] = (), source: str = "DataFrame"
) -> Table:
    """The same from a DataFrame; its index is a column where it has a name."""
    told = frame.reset_index() if frame.index.name else frame
    rows = [
        (number, [_cell(value) for value in row])
        for number, row in enumerate(told.itertuples(index=False, name=None), 2)
    ]
    return _table(source, [str(name).strip() for name in told.columns], rows, scores)


def _table(
    source: str, header: list[str], lines: Sequence[tuple[int, list[str]]], scores: Sequence[str]
) -> Table:
    _check_header(source, header, scores)
    bad = [f"line {line}: more cells than the header has" for line, row in lines
           if len(row) > len(header)]  # fmt: skip
    rows = [
        (line, {name: cell for name, cell in zip(header, row, strict=False) if cell})
        for line, row in lines
        if any(row)
    ]
    columns = _columns(source, header, [cells for _, cells in rows], scores)
    found: list[Old] = []
    seen: Counter[str] = Counter()
    for line, cells in rows:
        old, wrong = _old(source, line, cells, columns)
        seen[old.key] += 1
        if seen[old.key] > 1 and old.name:
            wrong.append(f"'{old.name}' is there twice")
        bad += [f"line {line}: {what}" for what in wrong]
        # Rows without a name that are equal are so many experiments.
        found.append(old if old.name else _numbered(old, seen[old.key]))
    if bad:
        raise UsageError(
            f"{source} has {len(bad)} bad row{'s' if len(bad) > 1 else ''}.",
            gathered(bad, LISTED),
            "Mend them all; nothing was imported.",
        )
    return Table(source, tuple(found), columns)


def _check_header(source: str, header: Sequence[str], scores: Sequence[str]) -> None:
    named = [name for name in header if name]
    twice = [name for name, count in Counter(named).items() if count > 1]
    if not named or twice:
        found = f"Column '{twice[0]}' is there twice." if twice else "Its first line is empty."
        raise UsageError(f"{source} has the wrong columns.", found, "Name each column once.")
    for name in scores:
        if name not in header:
            raise unknown_name("column", name, named, f" in {source}")


def _columns(
    source: str, header: Sequence[str], rows: Sequence[Cells], scores: Sequence[str]
) -> dict[str, str]:
    """What each column is for, scores in the order of their worth."""
    known = {name: kind for kind, names in KNOWN.items() for name in names}
    kinds = {name: known.get(_plain(name), "") for name in header if name}
    for kind in ("name", "because", "date", "seed"):
        own = [name for name, found in kinds.items() if found == kind and name not in scores]
        own.sort(key=lambda name: KNOWN[kind].index(_plain(name)))
        for name in own[1:]:
            kinds[name] = "note" if kind == "because" else ""
    guessed = [name for name, kind in kinds.items() if kind == "score"]
    guessed.sort(key=lambda name: "lb" in _plain(name))  # what was measured here comes first
    chosen = list(scores) or guessed
    if not chosen:
        raise UsageError(
            f"{source} has no column of scores that is known as one.",
            f"Its columns are {', '.join(kinds)}.",
            f"Name it: --score '{_numeric(kinds, rows) or next(iter(kinds))}'",
        )
    rest = {
        name: kind if kind and kind != "score" else _setting(name, rows)
        for name, kind in kinds.items()
        if name not in chosen
    }
    return dict.fromkeys(chosen, "score") | rest


def _setting(name: str, rows: Sequence[Cells]) -> str:
    texts = [cells.get(name, "") for cells in rows]
    return "note" if any(len(text) > LONG or "\n" in text for text in texts) else "setting"


def _numeric(kinds: Iterable[str], rows: Sequence[Cells]) -> str | None:
    """The last column that holds nothing but numbers: where most people write what came out."""
    return next(
        (
            name
            for name in reversed(list(kinds))
            if rows and all(_NUMBER.fullmatch(cells.get(name, "")) for cells in rows)
        ),
        None,
    )


def _old(source: str, line: int, cells: Cells, columns: Mapping[str, str]) -> tuple[Old, list[str]]:
    """The row, and what is wrong with it."""
    wrong: list[str] = []
    by = {kind: cells.get(name) for name, kind in columns.items() if kind in KNOWN}
    scores: dict[str, float] = {}
    for column in (own for own, kind in columns.items() if kind == "score" and own in cells):
        value = _score(cells[column])
        if value is None:
            wrong.append(f"'{cells[column]}' in column '{column}' is no number")
        else:
            scores[column] = value
    created = _date(by.get("date"))
    if by.get("date") and created is None:
        wrong.append(f"'{by['date']}' is no date such as 2026-11-23 or 2026年11月23日")
    seed = by.get("seed")
    if seed and not re.fullmatch(r"\d+(\.0)?", seed):
        wrong.append(f"'{seed}' is no seed: a whole number is")
        seed = None
    content = hashlib.sha256(json.dumps(sorted(cells.items())).encode()).hexdigest()
    name = by.get("name")
    because = by.get("because") or name or f"line {line} of {source}"
    notes = [f"{column}: {cells[column]}" for column, kind in columns.items()
             if kind == "note" and column in cells]  # fmt: skip
    recipe = {column: _value(cells[column]) for column, kind in columns.items()
              if kind == "setting" and column in cells}  # fmt: skip
    return Old(
        line, f"name {name}" if name else content, content, name, because, created,
        int(float(seed)) if seed else None, scores, recipe, tuple(notes),
    ), wrong  # fmt: skip


def _numbered(old: Old, number: int) -> Old:
    return replace(old, key=f"{old.key} {number}")


def _score(cell: str) -> float | None:
    percent = cell.endswith(("%", "％"))
    number = unicodedata.normalize("NFKC", cell).rstrip("% ")
    if not _NUMBER.fullmatch(number) or not math.isfinite(float(number)):
        return None
    return float(number) / (100 if percent else 1)


def _date(cell: str | None) -> datetime | None:
    """The moment in UTC; without a zone it is meant as the clock here."""
    found = _DATE.fullmatch(unicodedata.normalize("NFKC", cell or ""))
    if not found:
        return None
    try:
        moment = datetime(*(int(part) for part in found.groups(default="0")))  # type: ignore[arg-type]
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if (cell or "").endswith("Z") else moment.astimezone(UTC)


def _value(cell: str) -> object:
    """As a recipe would have it: a number, true or false, or text. '007' stays text."""
    if cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    if not _NUMBER.fullmatch(cell) or re.match(r"[+-]?0\d", cell):
        return cell
    number = float(cell)
    if re.fullmatch(r"[+-]?\d{1,15}", cell):
        return int(cell)
    return number if math.isfinite(number) else cell


def _cell(value: object) -> str:
    """A value of a DataFrame as text; what is missing is empty."""
    if value is None or value != value:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")[:19]
    return str(value).strip()


def _plain(name: str) -> str:
    """A column's name without what varies: case, width, spaces, marks, `@20`."""
    folded = unicodedata.normalize("NFKC", name).casefold().split("@")[0]
    return re.sub(r"[\W_]", "", folded) or ("no" if "#" in folded else "")


def _excel(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_excel(path, dtype=object)
    except ImportError as error:
        raise AtarimaeError(
            f"{path} can't be read here.", f"{error}", "pip install openpyxl, or save it as CSV."
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read.", f"{error}.", "Save it as CSV.") from None
