"""The queries of a competition: which picture each id stands for."""

import csv
import io
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from atarimae import files
from atarimae.errors import AtarimaeError, UsageError
from atarimae.predict.boxes import columns_of
from atarimae.predict.graph import cores
from atarimae.predict.source import examine
from atarimae.shapes import inside
from atarimae.submission.settings import Settings
from atarimae.types import Box, Data, File, Image, Label, Version

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")


@dataclass(frozen=True, slots=True)
class Named:
    """Pictures by what a table may call them: id, path, name, or name without suffix."""

    places: Mapping[str, Path]
    boxes: Mapping[str, Box] = field(default_factory=dict)  # by the names that the test CSV gives

    def __contains__(self, name: str) -> bool:
        return plain(name) in self.places

    def path(self, name: str) -> Path:
        """Where the picture of that name lies."""
        return self.places[plain(name)]


def plain(name: str) -> str:
    """Composed (NFC), as most CSVs are; Macs write the names of files decomposed."""
    return unicodedata.normalize("NFC", name.strip())


def named(settings: Settings) -> Named:
    """The pictures of the folders, also by each id that the test CSV gives to one."""
    places: dict[str, Path] = {}
    for folder in settings.folders:
        for path in _pictures(folder):
            for name in names(path.relative_to(folder).as_posix()):
                places.setdefault(plain(name), path)
    if settings.test is not None:
        return Named(places, _add_table(settings.test, places))
    return Named(places)


def names(path: str) -> tuple[str, str, str]:
    """What a table may call a file: its name without suffix, its name, its path."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name, name, path


def load(
    named: Named, ids: Sequence[str], max_pixels: int
) -> tuple[Data, dict[str, AtarimaeError]]:
    """The queries as data, a file an id, and the errors of those that can't be read."""

    def read(query: str) -> Image | AtarimaeError:
        try:
            image = examine(named.path(query), max_pixels)
            if box := named.boxes.get(plain(query)):
                inside(box, (image.width, image.height))
            return image
        except AtarimaeError as error:
            return error

    with ThreadPoolExecutor(cores()) as pool:
        found = dict(zip(ids, pool.map(read, ids), strict=True))
    images = {query: image for query, image in found.items() if isinstance(image, Image)}
    made = tuple(File(query, image.hash, role="query") for query, image in images.items())
    known = {image.hash: image for image in images.values()}
    moved = {query: str(named.path(query)) for query in images}
    said = _said({query: named.boxes.get(plain(query)) for query in images}, images)
    bad = {query: error for query, error in found.items() if isinstance(error, AtarimaeError)}
    return Data(Path(), Version(0, ""), made, known, said, moved), bad


def _said(
    boxes: Mapping[str, Box | None], images: Mapping[str, Image]
) -> dict[str, tuple[Label, ...]]:
    """The boxes as labels of the images; an error where two queries are parts of one picture."""
    said: dict[str, tuple[Label, ...]] = {}
    for query, box in boxes.items():
        label = (Label(images[query].hash, "", "box", box),) if box else ()
        if said.setdefault(images[query].hash, label) != label:
            raise AtarimaeError(
                "Two queries ask about one picture with different boxes.",
                f"One of them is '{query}'.",
                "Cut the pictures, and name the parts in the test CSV.",
            )
    return said


def _pictures(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        raise UsageError(
            f"There is no folder {folder}.", "It should hold the queries' pictures.",
            "Name it: images in [submission] of atarimae.toml, or --images.",
        )  # fmt: skip
    for here, folders, found in os.walk(folder):
        folders.sort()
        yield from (Path(here, one) for one in sorted(found) if one.lower().endswith(PICTURES))


def _add_table(path: Path, places: dict[str, Path]) -> dict[str, Box]:
    """Whatever tells a row from all others (id, file) is a name of the row's picture, and its box.

    Returns the boxes by name, where the table has columns for them.
    """
    rows = list(csv.reader(io.StringIO(files.read_text(path), newline="")))
    for column in _by_likeness(rows):
        cells = [row[column] if column < len(row) else "" for row in rows[1:]]
        found = [_place(cell, path.parent, places) for cell in cells]
        if not cells or None in found:
            continue
        telling = _telling(rows)
        for column in telling:
            for row, place in zip(rows[1:], found, strict=True):
                if place is not None:
                    places.setdefault(plain(row[column]), place)
        return _boxes(path, rows, telling)
    raise UsageError(
        f"{path} names no pictures.",
        f"None of its columns ({', '.join(rows[0]) if rows else 'it has none'}) holds nothing but "
        "names of files that are there.",
        "Name the folder where they lie: images in [submission] of atarimae.toml, or --images.",
    )


def _boxes(path: Path, rows: Sequence[Sequence[str]], telling: Sequence[int]) -> dict[str, Box]:
    header = [cell.strip().lower() for cell in rows[0]]
    columns = columns_of(header)
    found: dict[str, Box] = {}
    bad: list[str] = []
    for number, row in enumerate(rows[1:] if columns else (), 2):
        try:
            box = columns.box(dict(zip(header, row, strict=False))) if columns else None
        except UsageError as error:
            bad.append(f"row {number}: {error}")
            continue
        if box is not None:
            found |= {plain(row[column]): box for column in telling}
    if bad:
        raise UsageError(f"{path} has bad boxes.", "; ".join(bad[:20]), "Mend them all.")
    return found


def _telling(rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns in which no cell is like another."""
    whole = [row for row in rows[1:] if len(row) == len(rows[0])]
    if len(whole) < len(rows) - 1:
        return []
    return [n for n in range(len(rows[0])) if len({row[n] for row in whole}) == len(whole)]


def _by_likeness(rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns, those whose cells end as pictures do first: an id may be like another's name."""

    def like(column: int) -> int:
        return -sum(row[column].lower().endswith(PICTURES) for row in rows[1:] if column < len(row))

    return sorted(range(len(rows[0]) if rows else 0), key=like)


def _place(cell: str, folder: Path, places: Mapping[str, Path]) -> Path | None:
    if not cell.strip():
        return None
    known = places.get(plain(cell))
    if known is not None:
        return known
    path = folder / cell.strip()
    return path if path.is_file() and path.name.lower().endswith(PICTURES) else None
