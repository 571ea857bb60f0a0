"""COCO: a JSON with images, annotations with boxes, categories; or a folder of such files.

Each image is an entry with the categories of its annotations as labels, and their boxes. An
annotation without a box is of the whole image. An outline is `segmentation` in one part, see
https://cocodataset.org/#format-data; a box is turned by `rotation` in its `attributes`, as CVAT
and datumaro write it: degrees clockwise about its centre. A text is an annotation's `utf8_string`,
as in COCO-Text.

For which classes an image was looked through is said as LVIS says it: `neg_category_ids` are not
there, `not_exhaustive_category_ids` are there and perhaps more often. What `atarimae export` knows
of a file beyond that lies in the image's key `atarimae`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from atarimae.add.entry import Entry, Found, apart, beyond, placed, split_of, stated, text
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import around, is_upright, outline
from atarimae.add.table import locate
from atarimae.add.values import Object, listed, number, sided, word, wrong
from atarimae.errors import UsageError
from atarimae.types import BOX, POLYGON, TEXT, Label

KEYS = ("images", "annotations", "categories")
ABSENT, NOT_ALL = "neg_category_ids", "not_exhaustive_category_ids"  # of LVIS's images
Said = list[tuple[str, Label | None]]  # a text is of no class


def is_file(place: Place) -> bool:
    """JSON with any two of the three keys: where the third is missing, that is the mistake."""
    value = place.json_or_none()
    return isinstance(value, dict) and sum(key in value for key in KEYS) > 1


def is_folder(place: Place) -> bool:
    """One of its files, or of `annotations/`, or of its folders for splits, is COCO's."""
    return any(map(is_file, _candidates(place)))


def read(place: Place, roots: Sequence[Path]) -> Found:
    """One entry per file; files are looked for as those of a CSV are.

    In a folder the names of files and folders tell splits: `instances_val2017.json`,
    `valid/_annotations.coco.json`.
    """
    if not place.is_folder:
        return _read(place, [*roots, place.path.parent, *_beside(place)], None)
    gathering = Gathering()
    for one in _candidates(place):
        with gathering.at(one.path.name):
            _ = one.json  # a broken one may hold a split's labels
        if is_file(one):
            folders = [one.path.parent, *_pictures(place, one)]
            gathering.take(_read(one, [*roots, *folders], _split(place, one)))
    return gathering.found(place.path)


def _candidates(place: Place) -> list[Place]:
    candidates = [*place.named(".json"), *place.inner("annotations").named(".json")]
    for folder in place.folders():
        if split_of(folder.path.name):
            candidates += folder.named(".json")
    return list(dict.fromkeys(candidates))


def _split(place: Place, file: Place) -> str | None:
    """`instances_val2017.json`, `train.json`, `valid/_annotations.coco.json`."""
    last = file.path.stem.rsplit("_", 1)[-1].rstrip("0123456789")
    above = file.path.parent
    return split_of(last) or (split_of(above.name) if above != place.path else None)


def _pictures(place: Place, file: Place) -> list[Path]:
    """Where its pictures may lie; first the folder that is named as the file is: `val2017`."""
    images = place.inner("images")
    inner = [one.path for one in (*place.folders(), *images.folders())]
    inner.sort(key=lambda path: not file.path.stem.endswith(path.name))
    return [place.path, images.path, *inner]


def _beside(file: Place) -> list[Path]:
    """The same for a file alone that lies in `annotations/`."""
    above = file.path.absolute().parent
    return _pictures(Place(above.parent), file) if above.name == "annotations" else []


def _read(place: Place, folders: Sequence[Path], split: str | None) -> Found:
    images, annotations, categories = (_objects(place, key) for key in KEYS)
    gathering = Gathering()
    for many, what in (
        (images, "images"),
        (annotations, "annotations"),
        (categories, "categories"),
    ):
        gathering.once([one.get("id") for one in many], what)
    names = {one.get("id"): text(str(one.get("name", ""))) for one in categories}
    said: dict[object, Said] = {one.get("id"): [] for one in images}
    for count, one in enumerate(annotations):
        with gathering.at(f"annotation {one.get('id', count)}"):
            image = _known(one, "image_id", said)
            gathering.left["texts"] += isinstance(one.get("caption"), str)
            written = _text(one)
            if written is not None:
                box = _shape("", {**one, "segmentation": None}, gathering.left)
                said[image].append(("", Label("", written, TEXT, box.box if box else None)))
                continue
            value = names[_known(one, "category_id", names)]
            said[image].append((value, _shape(value, one, gathering.left)))
    for count, one in enumerate(images):
        with gathering.at(f"image {one.get('id', count)}"):
            entry = _entry(one, said[one.get("id")], folders, split)
            gathering.entries.append(replace(entry, covered=_covered(one, entry, names)))
    return gathering.found(place.path)


def _objects(place: Place, key: str) -> list[Object]:
    values = place.json.get(key) if isinstance(place.json, dict) else None
    if not isinstance(values, list) or not all(map(_is_object, values)):
        raise UsageError(
            f"{place.path} is no COCO file.",
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


def _text(one: Object) -> str | None:
    """What is written there, or in the whole image; None where the annotation is no text."""
    found = one.get("utf8_string")
    return text(found) if isinstance(found, str) else None


def _shape(value: str, one: Object, left: Counter[str]) -> Label | None:
    """The annotation's outline, or its box, or the one around its outlines."""
    told = one.get("segmentation")
    left["points"] += bool(one.get("keypoints"))
    left["masks"] += isinstance(told, dict) and bool(told)
    parts = [_points(part) for part in told] if isinstance(told, list) else []
    box = None if one.get("bbox") is None else sided(one["bbox"], "bbox")
    attributes = one.get("attributes")
    angle = attributes.get("rotation") if isinstance(attributes, dict) else None
    if angle and box is not None:
        return Label("", value, BOX, replace(box, angle=number(angle, "rotation")))
    if len(parts) == 1 and not is_upright(parts[0]):
        return outline(value, parts[0])
    left["outlines"] += len(parts) > 1
    if box is None and parts:
        box = around([point for part in parts for point in part])
    return None if box is None else Label("", value, BOX, box)


def _points(part: object) -> list[tuple[float, float]]:
    flat = [number(one, "segmentation") for one in listed(part, "segmentation")]
    if len(flat) % 2:
        raise wrong(part, "segmentation", "x and y in turn")
    return list(zip(flat[::2], flat[1::2], strict=True))


def _entry(one: Object, said: Said, folders: Sequence[Path], split: str | None) -> Entry:
    name = str(one.get("file_name") or "")
    if not name or "\0" in name:
        raise UsageError("No file is named.")
    more = beyond(one.get("atarimae"), (value for value, _ in said))
    shapes = [label for _, label in said if label is not None]
    return Entry(
        placed(locate(name, folders)),
        **apart([*shapes, *_unplaced(one.get("atarimae"))]),
        **stated({"split": split}) | more,
    )


def _unplaced(said: object) -> list[Label]:
    """Texts of the whole image, which `atarimae export` tells beside what COCO has a place for."""
    texts = said.get("texts") if isinstance(said, dict) else None
    return [Label("", text(word(one, "text")), TEXT) for one in listed(texts or [], "texts")]


def _covered(one: Object, entry: Entry, names: Mapping[object, str]) -> tuple[str, ...]:
    """Classes that are not there, and those that are there and were all found."""
    if not any(key in one for key in (ABSENT, NOT_ALL)):
        return ()
    absent, more = (_categories(one, key, names) for key in (ABSENT, NOT_ALL))
    there = (*entry.labels, *(value for value, _ in entry.boxes), *_outlined(entry))
    found = [name for name in there if name and name not in more]
    if wrong := [name for name in absent if name in there]:
        raise UsageError(f"Its {ABSENT} have '{wrong[0]}', which it has.")
    return tuple(dict.fromkeys((*found, *absent)))


def _outlined(entry: Entry) -> list[str]:
    return [label.value for label in entry.others if label.kind == POLYGON]


def _categories(one: Object, key: str, names: Mapping[object, str]) -> list[str]:
    ids = listed(one.get(key) or [], key)
    return [names[_known({key: id}, key, names)] for id in ids]


FORMAT = Format("coco", read, is_file, is_folder)
