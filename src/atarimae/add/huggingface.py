"""Hugging Face's `imagefolder`: `metadata.jsonl`, `.csv` or `.parquet` beside the pictures.

`file_name` names the picture; `label` or `labels` its classes; `objects` has boxes (`bbox`: x, y,
width, height in pixels) and their `categories`, see
https://huggingface.co/docs/datasets/image_dataset#object-detection. Beside them in lists of the
same length, where there are any: `angle` in degrees clockwise about the centre, `segmentation`
with the points of an outline as COCO has them, and `text`, what is written there. `text` of the
picture itself is a text too. A folder named as a split is one.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from atarimae.add.entry import Entry, Found, apart, placed, split_of, stated, text
from atarimae.add.folder import read_folder
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import outline
from atarimae.add.table import locate
from atarimae.add.values import Object, listed, number, record, sided, word, wrong
from atarimae.errors import UsageError
from atarimae.types import BOX, TEXT, Label

NAMES = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
LABELS = ("label", "labels")
CATEGORIES = ("categories", "category", "labels", "label")
TEXTS = ("text", "caption")
ANGLE, OUTLINE = "angle", "segmentation"


def is_file(place: Place) -> bool:
    """By its name, since a line of JSON, a CSV or a table is anything."""
    if place.path.name not in NAMES or place.is_folder:
        return False
    return place.suffix == ".parquet" or "file_name" in place.text[:10_000]


def is_folder(place: Place) -> bool:
    """Such a file lies in it, or in a folder of it."""
    return any(True for _ in _files(place))


def read(place: Place, roots: Sequence[Path]) -> Found:
    """The pictures of the files, and those in the folder that no file names."""
    gathering = Gathering()
    for one in _files(place) if place.is_folder else [place]:
        folder = one.path.parent
        split = split_of(folder.name) if place.is_folder and folder != place.path else None
        for count, row in enumerate(_rows(one, gathering), start=1):
            with gathering.at(f"{_told(place, one)} row {count}"):
                gathering.entries.append(_entry(row, split, [*roots, folder], gathering.left))
    if place.is_folder:
        pictures = read_folder(place.path.absolute(), labelled=False)
        gathering.take(replace(pictures, ignored=0))
    return gathering.found(place.path)


def _files(place: Place) -> Iterator[Place]:
    for folder in (place, *place.folders()):
        for name in NAMES:
            if folder.has(name) and is_file(folder.inner(name)):
                yield folder.inner(name)


def _told(place: Place, file: Place) -> str:
    return str(file.path.relative_to(place.path)) if place.is_folder else file.path.name


def _rows(file: Place, gathering: Gathering) -> Iterator[Object]:
    """Each line as an object; a CSV's cells are texts, and empty ones say nothing."""
    if file.suffix == ".parquet":
        yield from _table(file)
        return
    if file.suffix == ".csv":
        reader = csv.DictReader(io.StringIO(file.text, newline=""), strict=True)
        try:
            for row in reader:
                with gathering.at(f"{file.path.name} line {reader.line_num}"):
                    yield {key: _cell(key, cell) for key, cell in row.items() if key and cell}
        except csv.Error as error:
            gathering.bad.append(f"{file.path.name} line {reader.line_num}: {error}")
        return
    for count, line in enumerate(file.text.split("\n"), start=1):
        if line.strip():
            with gathering.at(f"{file.path.name} line {count}"):
                yield record(_json(line), "line")


def _table(file: Place) -> Iterator[Object]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        yield from pq.read_table(file.path).to_pylist()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file.path} is no table.",
            f"{str(error).rstrip('.')}.",
            "Export it again from the tool that wrote it.",
        ) from None


def _cell(key: str, value: str) -> object:
    """Boxes and lists of labels stand in a CSV as JSON."""
    if key == "objects" or (key == "labels" and value.startswith("[")):
        return _json(value)
    return value


def _json(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"It is no JSON: {error}.") from None


def _entry(row: Object, split: str | None, folders: Sequence[Path], left: Counter[str]) -> Entry:
    name = row.get("file_name")
    if not isinstance(name, str) or not name or "\0" in name:
        raise UsageError("It has no file_name.")
    left["texts"] += any(isinstance(row.get(key), str) for key in TEXTS)
    shapes = _shapes(row.get("objects"), left)
    key = next((key for key in LABELS if key in row), None)
    labels = _labels(row[key]) if key else [one.value for one in shapes if one.kind != TEXT]
    told = {"split": split} | {key: row.get(key) for key in ("role", "group", "source")}
    return Entry(
        placed(locate(name, folders)),
        tuple(dict.fromkeys(filter(None, labels))),
        **apart(shapes),
        **stated(told),
    )


def _labels(value: object) -> list[str]:
    """One or several; null says nothing."""
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return [text(word(one, "label")) for one in values]


def _shapes(value: object, left: Counter[str]) -> list[Label]:
    if value is None:
        return []
    objects = record(value, "objects")
    boxes = listed(objects.get("bbox") or [], "bbox")
    names = _categories(objects, len(boxes))
    left["others"] += bool(
        objects.keys() - {"bbox", "area", "id", ANGLE, OUTLINE, TEXT, *CATEGORIES}
    )
    beside = [_column(objects, key, len(boxes)) for key in (ANGLE, OUTLINE, TEXT)]
    return [_shape(*row) for row in zip(names, boxes, *beside, strict=True)]


def _column(objects: Object, key: str, count: int) -> Sequence[object]:
    """A list beside the boxes, of nulls where there is none."""
    if objects.get(key) is None:
        return [None] * count
    found = listed(objects[key], key)
    if len(found) != count:
        raise UsageError(f"It has {count} boxes, and {len(found)} of {key}.")
    return found


def _shape(name: str, bbox: object, angle: object, points: object, written: object) -> Label:
    """A row of the lists; a text may have no box."""
    if points:
        flat = [number(one, OUTLINE) for one in listed(points, OUTLINE)]
        if len(flat) % 2:
            raise wrong(points, OUTLINE, "x and y in turn")
        return outline(name, list(zip(flat[::2], flat[1::2], strict=True)))
    if written is not None and bbox is None:
        return Label("", text(word(written, TEXT)), TEXT)
    box = sided(bbox, "bbox")
    if angle is not None:
        box = replace(box, angle=number(angle, ANGLE))
    if written is not None:
        return Label("", text(word(written, TEXT)), TEXT, box)
    return Label("", name, BOX, box)


def _categories(objects: Mapping[str, object], count: int) -> list[str]:
    key = next((key for key in CATEGORIES if key in objects), None)
    if key is None:
        return [""] * count
    names = [text(word("" if one is None else one, key)) for one in listed(objects[key], key)]
    if len(names) != count:
        raise UsageError(f"It has {count} boxes, and {len(names)} {key}.")
    return names


FORMAT = Format("huggingface", read, is_file, is_folder)
