"""A COCO file: images, annotations with boxes, categories; other keys are passed over.

Each image is an entry with the categories of its annotations as labels, and their boxes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from atarimae import files
from atarimae.add.entry import Entry, merged, placed, text
from atarimae.add.table import bad_rows, locate
from atarimae.errors import UsageError
from atarimae.predict.boxes import SIDES, box_of
from atarimae.types import Box

Object = Mapping[str, object]


def read_coco(path: Path, roots: Sequence[Path] = ()) -> list[Entry]:
    """One entry per file; files are looked for as those of a CSV are.

    Raises `UsageError` with all bad images and annotations at once.
    """
    found = files.read_json(path)
    images, annotations, categories = (
        _objects(path, found, key) for key in ("images", "annotations", "categories")
    )
    names = {one.get("id"): text(str(one.get("name", ""))) for one in categories}
    said: dict[object, list[tuple[str, Box | None]]] = {one.get("id"): [] for one in images}
    bad = [] if len(said) == len(images) else ["Two images have the same id."]
    for number, one in enumerate(annotations):
        try:
            said[_known(one, "image_id", said)].append(
                (names[_known(one, "category_id", names)], _box(one))
            )
        except UsageError as error:
            bad.append(f"annotation {one.get('id', number)}: {error}")
    entries = []
    for number, one in enumerate(images):
        name = str(one.get("file_name") or "")
        if not name or "\0" in name:
            bad.append(f"image {one.get('id', number)}: No file is named.")
            continue
        entries.append(_entry(placed(locate(name, [*roots, path.parent])), said[one.get("id")]))
    if bad:
        raise bad_rows(path, bad)
    return merged(entries)


def _objects(path: Path, found: Object, key: str) -> list[Object]:
    values = found.get(key)
    if not isinstance(values, list) or not all(map(_is_object, values)):
        raise UsageError(
            f"{path} is no COCO file.",
            f"It has no list of objects '{key}'.",
            "A COCO file has images, annotations and categories.",
        )
    return cast(list[Object], values)


def _is_object(one: object) -> bool:
    return isinstance(one, dict) and not isinstance(one.get("id"), list | dict)


def _known(one: Object, key: str, known: Mapping[object, object]) -> object:
    value = one.get(key)
    if isinstance(value, list | dict) or value not in known:
        raise UsageError(f"Its {key} is {value!r}.", "", "There is no such id.")
    return value


def _box(one: Object) -> Box | None:
    value = one.get("bbox")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4:
        raise UsageError(f"Its bbox is {value!r}.", "", "It needs x, y, width, height.")
    return box_of(dict(zip(SIDES[0], map(str, value), strict=True)), sides=True)


def _entry(path: str, said: Sequence[tuple[str, Box | None]]) -> Entry:
    labels = tuple(dict.fromkeys(name for name, _ in said if name))
    boxes = tuple(dict.fromkeys((name, box) for name, box in said if box is not None))
    return Entry(path, labels, boxes=boxes)
