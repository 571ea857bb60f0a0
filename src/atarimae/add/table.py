"""A CSV of files and labels: UTF-8 with or without BOM, or Shift-JIS as Excel in Japan saves it.

Columns `file` and `label`; optionally `split` (train, val, test), `role` (query, gallery, both),
`group`, `source`, and four for a box, see `predict/boxes.py`. Others are passed over. An empty cell
says nothing.
"""

import csv
import io
import os
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from atarimae import files
from atarimae.add.entry import Entry, merged, placed, text
from atarimae.errors import UsageError, unknown_name
from atarimae.predict.boxes import Columns, columns_of
from atarimae.types import ROLES, SPLITS

REQUIRED = ("file", "label")
OPTIONAL = ("split", "role", "group", "source")
_LISTED = 20  # bad ones that an error names; it counts the rest


def read_table(path: Path, roots: Sequence[Path] = ()) -> list[Entry]:
    """One entry per file, in order; a file of several rows has all their labels.

    Relative files are looked for in the `roots`, if any, then beside the CSV. A file that is
    nowhere stays an entry, and is refused when it is read. Raises `UsageError` with all
    bad rows at once.
    """
    folders = [*roots, path.parent]
    entries: list[Entry] = []
    bad: list[str] = []
    for line, cells, columns in _rows(path):
        try:
            entries.append(_entry(cells, line, folders, columns))
        except UsageError as error:
            bad.append(f"line {line}: {error}")
    bad += _contradictions(entries)
    if bad:
        raise bad_rows(path, bad)
    return merged(entries)


def bad_rows(path: Path, bad: Sequence[str]) -> UsageError:
    """The error that lists them."""
    return all_bad(f"{path} has {len(bad)} bad row{'s' if len(bad) > 1 else ''}.", bad)


def all_bad(what: str, bad: Sequence[str]) -> UsageError:
    """The error for everything that is wrong at once: the first are named, the rest counted."""
    more = f" (and {len(bad) - _LISTED} more)" if len(bad) > _LISTED else ""
    return UsageError(what, "\n  ".join(bad[:_LISTED]) + more, "Mend them all; nothing was added.")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str] | None, Columns | None]]:
    """Line number and cells by column of each row that is not blank; None for too many cells.

    With each the columns that hold boxes, if the table has any.
    """
    reader = csv.reader(io.StringIO(files.read_text(path), newline=""), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        columns = _check_header(path, header)
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


def _check_header(path: Path, header: Sequence[str]) -> Columns | None:
    known = (*REQUIRED, *OPTIONAL)
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
            f"{path} has the wrong columns.",
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
    said = {key: text(cells.get(key) or "") for key in ("label", *OPTIONAL)}
    for key, allowed in (("split", SPLITS), ("role", ROLES)):
        if said[key] and said[key] not in allowed:
            raise unknown_name(key, said[key], allowed)
    box = columns.box(cells) if columns else None
    return Entry(
        path=placed(locate(name, folders)),
        labels=(said["label"],) if said["label"] else (),
        boxes=((said["label"], box),) if box else (),
        split=said["split"] or None,
        role=said["role"] or "both",
        group=said["group"] or None,
        source=said["source"] or None,
        given=frozenset(key for key in OPTIONAL if said[key]),
        line=line,
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
