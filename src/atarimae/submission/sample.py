"""The format of a sample: which column asks, where answers stand, and how they are parted.

| layout | rows |
|---|---|
| list | one a query, its answers in one cell by spaces or commas, or a JSON or Python list |
| wide | one a query, a column an answer |
| long | one an answer: the query, the answer, and perhaps its rank |
"""

import ast
import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from atarimae import files
from atarimae.errors import AtarimaeError, UsageError

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample submission, cell by cell, and what was understood of it."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bom: bool
    key: int = 0  # the column that asks
    layout: str = "list"
    answer: int = 1  # the column of answers, of list and long
    separator: str = " "  # of list: " ", ", ", ",", json or python

    @property
    def queries(self) -> tuple[str, ...]:
        """What is asked about, each once, in the order of the file."""
        return tuple(dict.fromkeys(row[self.key] for row in self.rows))

    def answers(self) -> dict[str, list[str]]:
        """What the sample answers to each query; empty cells are no answers."""
        found: dict[str, list[str]] = {query: [] for query in self.queries}
        for row in self.rows:
            found[row[self.key]] += [one for one in self._of_row(row) if one]
        return found

    def written(self, answers: dict[str, Sequence[str]]) -> str:
        """The file with other answers: the sample's header, queries and order."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.header)
        left = {query: list(found) for query, found in answers.items()}
        for row in self.rows:
            writer.writerow(self._filled(row, left[row[self.key]]))
        return stream.getvalue()

    def _of_row(self, row: Sequence[str]) -> list[str]:
        if self.layout == "wide":
            return [cell for column, cell in enumerate(row) if column != self.key]
        cell = row[self.answer]
        return [cell] if self.layout == "long" else parted(cell, self.separator)

    def _filled(self, row: Sequence[str], left: list[str]) -> list[str]:
        """One row with answers from the front of `left`, which loses them."""
        made = list(row)
        if self.layout == "list":
            made[self.answer] = joined(left, self.separator)
            return made
        columns = [n for n in range(len(row)) if n != self.key]
        for column in columns if self.layout == "wide" else [self.answer]:
            made[column] = left.pop(0) if left else ""
        return made


def read(path: Path, is_query: Callable[[str], bool], is_answer: Callable[[str], bool]) -> Sample:
    """The sample in a CSV; the two functions know a query and an answer when they see one."""
    sample = _cells(path)
    sample = replace(sample, key=_key(sample, is_query))
    others = [n for n in range(len(sample.header)) if n != sample.key]
    if len(sample.queries) < len(sample.rows):
        return replace(sample, layout="long", answer=_long(sample, others))
    if len(others) > 1:
        return replace(sample, layout="wide")
    cells = [row[others[0]] for row in sample.rows]
    return replace(sample, answer=others[0], separator=_separator(cells, is_answer))


def check(sample: Sample, text: str) -> None:
    """Refuse what is not the sample's queries in its order, in its columns, with what it counts."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    same = [n for n in range(len(sample.header)) if n != sample.answer or sample.layout == "wide"]
    kept = [sample.key] if sample.layout == "wide" else same
    wrong = ""
    if tuple(rows[0]) != sample.header or any(len(row) != len(sample.header) for row in rows):
        wrong = "Its columns are others."
    elif len(rows) - 1 != len(sample.rows):
        wrong = f"It has {len(rows) - 1:,} rows, and the sample {len(sample.rows):,}."
    elif any(row[n] != of[n] for row, of in zip(rows[1:], sample.rows, strict=True) for n in kept):
        wrong = "Its queries are others, or in another order."
    if wrong:
        raise AtarimaeError(
            f"The submission is not what {sample.path} asks for.", wrong, "Nothing was written."
        )


def parted(cell: str, separator: str) -> list[str]:
    """The answers of one cell."""
    if separator == "json":
        return [str(one) for one in json.loads(cell)] if cell else []
    if separator == "python":
        return [str(one) for one in ast.literal_eval(cell)] if cell else []
    return [one.strip() for one in (cell.split() if separator == " " else cell.split(","))]


def joined(answers: Sequence[str], separator: str) -> str:
    """One cell of answers; refused where one of them would fall apart."""
    if separator == "json":
        return json.dumps(list(answers), ensure_ascii=False)
    if separator == "python":
        return repr(list(answers))
    for answer in answers:
        if parted(answer, separator) != [answer]:
            raise AtarimaeError(
                f"'{answer}' can't stand in the sample's format.",
                f"Answers are parted by '{separator}', which is a part of it.",
                "Rename the file or class, and add it again.",
            )
    return separator.join(answers)


def _cells(path: Path) -> Sample:
    text = files.read_text(path)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise _refusal(path, f"{error}.", "Write it as a CSV.") from None
    if len(rows) < 2 or len(rows[0]) < 2:
        raise _refusal(
            path, f"It has {len(rows)} lines of {len(rows[0]) if rows else 0} columns.",
            "It needs a header, a column that asks and one that answers.",
        )  # fmt: skip
    odd = [n for n, row in enumerate(rows, 1) if len(row) != len(rows[0])]
    if odd:
        found = f"Line {odd[0]} has {len(rows[odd[0] - 1])} cells, the header {len(rows[0])}."
        raise _refusal(path, found, "Quote cells with commas.")
    bom = path.read_bytes()[:3] == BOM
    return Sample(path, tuple(rows[0]), tuple(map(tuple, rows[1:])), bom)


def _key(sample: Sample, is_query: Callable[[str], bool]) -> int:
    """The first column that holds nothing but queries."""
    for column in range(len(sample.header)):
        if all(is_query(row[column]) for row in sample.rows):
            return column
    strange = [row[0] for row in sample.rows if not is_query(row[0])]
    number = "none" if len(strange) == len(sample.rows) else f"not {len(strange):,}"
    raise _refusal(
        sample.path,
        f"Of its {len(sample.rows):,} rows' '{sample.header[0]}' {number} is a query of the test "
        f"CSV or a picture's name: '{strange[0]}' for one.",
        "Name the test CSV and its pictures' folder: test and images in [submission] of "
        "atarimae.toml, or --test and --images.",
    )


def _long(sample: Sample, others: Sequence[int]) -> int:
    """The column of answers where a query has several rows: the one that is no rank."""
    if len(others) == 1:
        return others[0]
    ranks = [n for n in others if _is_rank(sample, n)]
    if len(others) == 2 and len(ranks) == 1:
        return next(n for n in others if n not in ranks)
    raise _refusal(
        sample.path,
        f"Queries have several rows, and beside them there are {len(others)} columns "
        f"({', '.join(sample.header[n] for n in others)}), of which {len(ranks)} count 1, 2, 3.",
        "Such a file may have the query, the answer and a rank; write another by a script.",
    )


def _is_rank(sample: Sample, column: int) -> bool:
    """Whether it counts up by one within each query, from 0 or 1 on."""
    by_key = sorted(range(len(sample.rows)), key=lambda n: sample.rows[n][sample.key])
    for _, group in groupby(by_key, key=lambda n: sample.rows[n][sample.key]):
        cells = [sample.rows[n][column] for n in group]
        if cells not in ([str(n + first) for n in range(len(cells))] for first in (0, 1)):
            return False
    return True


def _separator(cells: Sequence[str], is_answer: Callable[[str], bool]) -> str:
    """How the cells are parted: the way that gives the most answers that are known as such."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if filled and all(cell.startswith("[") and cell.endswith("]") for cell in filled):
        return "json" if all(map(_is_json, filled)) else "python"
    ways = [",", " "] if any("," in cell for cell in filled) else [" "]

    def known(way: str) -> float:
        tokens = [one for cell in filled for one in parted(cell, way)]
        return sum(map(is_answer, tokens)) / max(len(tokens), 1)

    best = max(ways, key=known)
    return ", " if best == "," and all(", " in c for c in filled if "," in c) else best


def _is_json(cell: str) -> bool:
    try:
        return isinstance(json.loads(cell), list)
    except json.JSONDecodeError:
        return False


def _refusal(path: Path, found: str, fix: str) -> UsageError:
    return UsageError(f"The sample {path} can't be followed.", found, fix)
