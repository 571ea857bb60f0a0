"""A CSV of files and labels: UTF-8 with or without BOM, or Shift-JIS as Excel in Japan saves it.

Columns `file` and `label`; optionally `split` (train, val, test), `role` (query, gallery, both),
`group`, `source`, four for a box, see `predict/boxes.py`, its `angle` in degrees clockwise about
its centre, `points` of an outline as JSON, `other`, the other file of a pair, and `kind`, which
says what a label is. Others are passed over. An empty cell says nothing.
"""

import csv
import io
import json
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae import files
from atarimae.add.entry import STATED, Entry, Found, merged, placed, stated, text
from atarimae.add.shapes import outline
from atarimae.add.values import listed, number, point
from atarimae.errors import UsageError
from atarimae.predict.boxes import Columns, columns_of
from atarimae.types import BOX, PAIR, POLYGON, TEXT, Box, Label

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("file", "label")
# A kind of labels: the label is of the box alone, or whatever it is; of box and picture if empty or
# another word.
KIND = "kind"
SHAPES = ("angle", "points", "other")  # columns of some kinds
_LISTED = 20  # bad ones that an error names; it counts the rest

# Line, cells by column or None for too many of them, and the columns that hold boxes.
Row = tuple[int, dict[str, str] | None, Columns | None]


def read_table(path: Path, roots: Sequence[Path] = ()) -> list[Entry]:
    """The entries alone: one per file, in order."""
    return list(read(path, roots).entries)


def read(path: Path, roots: Sequence[Path] = ()) -> Found:
    """One entry per file, in order; a file of several rows has all their labels.

    Relative files are looked for in the `roots`, if any, then beside the CSV. A file that is
    nowhere stays an entry, and is refused when it is read. Raises `UsageError` with all
    bad rows at once.
    """
    return _found(_rows(path), str(path), [*roots, path.parent])


def read_frame(frame: "pd.DataFrame", roots: Sequence[Path]) -> Found:
    """The same of a DataFrame; its rows are counted as a CSV's lines, whose header is line 1."""
    header = [str(name).strip().lower() for name in frame.columns]
    columns = _check_header("The DataFrame", header)
    values = enumerate(frame.itertuples(index=False, name=None), start=2)
    rows = (
        (line, dict(zip(header, map(_cell, row), strict=True)), columns) for line, row in values
    )
    return _found(rows, "The DataFrame", roots)


def _cell(value: object) -> str:
    """As a CSV would have it: nothing for None and NaN, 3 for 3.0, since pandas makes floats of
    whole numbers where a row has none."""
    if value is None or value != value or str(value) == "<NA>":
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _found(rows: Iterable[Row], what: str, folders: Sequence[Path]) -> Found:
    entries: list[Entry] = []
    bad: list[str] = []
    models = 0
    for line, cells, columns in rows:
        try:
            entry = _entry(cells, line, folders, columns)
            entries.append(entry)
            models += _is_models(cells)
        except UsageError as error:
            bad.append(f"line {line}: {error}")
    bad += _contradictions(entries)
    if bad:
        raise bad_rows(what, bad)
    return Found(tuple(merged(entries)), left={"predictions": models} if models else {})


def bad_rows(path: Path | str, bad: Sequence[str]) -> UsageError:
    """The error that lists them."""
    return all_bad(f"{path} has {len(bad)} bad row{'s' if len(bad) > 1 else ''}.", bad)


def all_bad(what: str, bad: Sequence[str]) -> UsageError:
    """The error for everything that is wrong at once: the first are named, the rest counted."""
    more = f" (and {len(bad) - _LISTED} more)" if len(bad) > _LISTED else ""
    return UsageError(what, "\n  ".join(bad[:_LISTED]) + more, "Mend them all; nothing was added.")


def _rows(path: Path) -> Iterator[Row]:
    """The rows that are not blank."""
    reader = csv.reader(io.StringIO(files.read_text(path), newline=""), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        columns = _check_header(str(path), header)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                fits = len(cells) <= len(header)
                yield line, dict(zip(header, cells, strict=False)) if fits else None, columns
            line = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(
            f"{path} is not a CSV.", f"Line {reader.line_num}: {error}.", "Quote cells with commas."
        ) from None


def _check_header(what: str, header: Sequence[str]) -> Columns | None:
    known = (*REQUIRED, *STATED, KIND, *SHAPES)
    problems = [f"no column '{name}'" for name in REQUIRED if name not in header]
    problems += [f"column '{name}' twice" for name in known if header.count(name) > 1]
    for name in header:
        near = get_close_matches(name, known, n=1, cutoff=0.75)
        if name not in known and near and near[0] not in header:
            problems.append(f"column '{name}' in place of '{near[0]}'")
    columns = None
    try:
        columns = columns_of(header)
    except UsageError as error:
        problems.append(f"boxes that can't be read: {error}".rstrip("."))
    if problems:
        raise UsageError(
            f"{what} has the wrong columns.",
            f"Found {'; '.join(problems)}. Its first line is '{','.join(header)}'.",
            "It needs file,label and may have split,role,group,source and x0,y0,x1,y1.",
        )
    return columns


def _entry(
    cells: dict[str, str] | None, line: int, folders: Sequence[Path], columns: Columns | None
) -> Entry:
    if cells is None:
        raise UsageError("More cells than the header has.", "", "Quote cells with commas.")
    name = cells.get("file", "").strip()
    if not name or "\0" in name:
        raise UsageError("No file is named.")
    path, told = placed(locate(name, folders)), stated(cells)
    box = columns.box(cells) if columns else None
    if _is_models(cells):
        return Entry(path, line=line, **told)
    label, kind = text(cells.get("label") or ""), (cells.get(KIND) or "").strip()
    entry = Entry(path, line=line, **told)
    if angle := _cell_of(cells, "angle"):
        if box is None:
            raise UsageError("It has an angle, and no box.")
        box = replace(box, angle=number(angle, "angle"))
    if kind in (POLYGON, TEXT, PAIR):
        return _of_kind(entry, kind, label, box, cells, folders)
    if _cell_of(cells, "points"):
        entry = replace(entry, others=(outline(label, _points(cells)),))
        box = None
    return replace(
        entry,
        labels=(label,) if label and kind != BOX else (),
        boxes=((label, box),) if box and kind != "class" else (),
    )


def _of_kind(
    entry: Entry,
    kind: str,
    label: str,
    box: Box | None,
    cells: Mapping[str, str],
    folders: Sequence[Path],
) -> Entry:
    """The entry with a label that is no class of the picture."""
    if kind == POLYGON:
        return replace(entry, others=(outline(label, _points(cells)),))
    if kind == TEXT:
        return replace(entry, others=(Label("", label, TEXT, box),))
    other = _cell_of(cells, "other")
    if not other or "\0" in other:
        raise UsageError("It names no other file of the pair.", "", "Name it in 'other'.")
    return replace(entry, pairs=((label, placed(locate(other, folders))),))


def _cell_of(cells: Mapping[str, str], name: str) -> str:
    return (cells.get(name) or "").strip()


def _points(cells: Mapping[str, str]) -> list[tuple[float, float]]:
    """`[[1.5, 2], [3, 4], …]`"""
    try:
        found = json.loads(_cell_of(cells, "points"))
    except (ValueError, RecursionError):
        shown = _cell_of(cells, "points")[:60]
        raise UsageError(f"Its points are '{shown}'.", "", "It needs [[x, y], …].") from None
    return [point(one, "point") for one in listed(found, "points")]


def _is_models(cells: Mapping[str, str] | None) -> bool:
    """Whether a row of `Workspace.labels` is a model's: a score alone may be anything."""
    return (
        cells is not None and {KIND, "by"} <= cells.keys() and bool(cells.get("score", "").strip())
    )


def locate(name: str, folders: Sequence[Path]) -> Path:
    """The file on the disk. Macs write names decomposed (NFD), and most CSVs are composed."""
    spellings = dict.fromkeys(
        (name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD")))
    )
    for folder in folders:
        for spelling in spellings:
            path = Path(os.path.normpath(folder.absolute() / spelling))
            if os.path.lexists(path):
                return path
    return Path(os.path.normpath(folders[0].absolute() / name))


def _contradictions(entries: Sequence[Entry]) -> list[str]:
    """Rows that state another split, role, group or source for a file than a row before."""
    first: dict[tuple[str, str], Entry] = {}
    bad = []
    for entry in entries:
        for key in sorted(entry.given):
            before = first.setdefault((entry.path, key), entry)
            if (now := getattr(entry, key)) != (then := getattr(before, key)):
                bad.append(
                    f"line {entry.line}: {os.path.basename(entry.path)} has {key} '{now}',"
                    f" but '{then}' in line {before.line}."
                )
    return bad
