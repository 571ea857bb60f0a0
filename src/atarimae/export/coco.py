"""COCO: `annotations/instances_train.json` and so on, one a split, and pictures in `images/`.

Files in no split are in `instances_default.json`, as with CVAT and datumaro, which look for files
of such names there. Pictures are named as seen from `images/`. Every annotation has a box: tools
refuse or stumble over one without. An outline is the one part of `segmentation`. A turned box is
its unturned `bbox` with `rotation` in `attributes`, as CVAT and datumaro have it. A text is of the
category `text`, with COCO-Text's `utf8_string`. Where images were looked through for some classes,
that is said as LVIS says it: `neg_category_ids` are not there, and `not_exhaustive_category_ids`
are there and perhaps more often. What COCO has no place for, as classes that no box has and texts
without one, lies in the image's key `atarimae`, which other tools pass over.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from atarimae.export.documents import put_json
from atarimae.export.format import ALL, COVERED, Format, all_in
from atarimae.export.item import NO_SPLIT, Item, box_of, is_turned, plain, ring, sides
from atarimae.shapes import area
from atarimae.types import TEXT, Label

PICTURES = "images"


def write(folder: Path, items: Sequence[Item]) -> None:
    """The files of the splits, with the same categories in each."""
    names = sorted({name for item in items for name in (*item.names(), *item.covered)})
    ids = {name: number for number, name in enumerate(names, start=1)}
    by_split: dict[str | None, list[Item]] = defaultdict(list)
    for item in items:
        by_split[item.file.split].append(item)
    told = any(item.covered for item in items)
    for split, some in by_split.items() or [(None, [])]:
        name = f"instances_{split or NO_SPLIT}.json"
        put_json(folder / "annotations" / name, _document(some, ids, told))


def _document(items: Sequence[Item], ids: dict[str, int], told: bool) -> dict[str, object]:
    """`told`: for some image it is known for which classes it was looked through."""
    annotations: list[dict[str, object]] = []
    for number, item in enumerate(items, start=1):
        for value, label in [*item.said(), *((TEXT, label) for label in item.texts)]:
            if label is not None and label.box is not None:
                told_of = {"image_id": number, "category_id": ids[value]}
                one = {"id": len(annotations) + 1, **told_of, **_shape(label), "iscrowd": 0}
                annotations.append(one)
    return {
        "info": {"description": "Exported by atarimae"},
        "licenses": [],
        "images": [
            _image(number, item) | (_coverage(item, ids) if told else {})
            for number, item in enumerate(items, start=1)
        ],
        "annotations": annotations,
        "categories": [{"id": id, "name": name} for name, id in ids.items()],
    }


def _shape(label: Label) -> dict[str, object]:
    """Where an annotation is, and what is written there."""
    x, y, width, height = sides(box_of(label))
    found: dict[str, object] = {"bbox": list(map(plain, (x, y, width, height)))}
    found |= {"area": plain(width * height), "segmentation": []}
    if label.points:
        flat = [plain(side) for point in ring(label) for side in point]
        found |= {"area": plain(area(label.points)), "segmentation": [flat]}
    if is_turned(label):
        found["attributes"] = {"rotation": plain(box_of(label).angle)}
    return found | ({"utf8_string": label.value} if label.kind == TEXT else {})


def _image(number: int, item: Item) -> dict[str, object]:
    more = {key: value for key, value in item.beyond(boxed=True).items() if key != "covered"}
    if texts := [label.value for label in item.texts if label.box is None]:
        more["texts"] = texts
    inside = item.name.startswith(f"{PICTURES}/")
    return {
        "id": number,
        "file_name": item.name.removeprefix(f"{PICTURES}/") if inside else f"../{item.name}",
        "width": item.image.width,
        "height": item.image.height,
        **({"atarimae": more} if more else {}),
    }


def _coverage(item: Item, ids: dict[str, int]) -> dict[str, object]:
    there = {value for value, _ in item.said() if value}
    return {
        "neg_category_ids": sorted(ids[name] for name in item.covered - there),
        "not_exhaustive_category_ids": sorted(ids[name] for name in there - item.covered),
    }


FORMAT = Format(
    "coco", "annotations/instances_train.json and so on, one a split", write, ALL | COVERED,
    all_in(PICTURES),
)  # fmt: skip
