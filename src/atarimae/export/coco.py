"""COCO: `instances_train.json` and so on, one a split; `instances.json` of files in none.

A class that no box has is an annotation without a box. What COCO has no place for lies in the
image's key `atarimae`, which other tools pass over.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from atarimae.export.documents import put_json
from atarimae.export.format import ALL, Format, all_in
from atarimae.export.item import Item, plain, sides


def write(folder: Path, items: Sequence[Item]) -> None:
    """The files of the splits, with the same categories in each."""
    names = sorted({value for item in items for value, _ in item.said()})
    ids = {name: number for number, name in enumerate(names, start=1)}
    by_split: dict[str | None, list[Item]] = defaultdict(list)
    for item in items:
        by_split[item.file.split].append(item)
    for split, some in by_split.items() or [(None, [])]:
        name = f"instances_{split}.json" if split else "instances.json"
        put_json(folder / name, _document(some, ids))


def _document(items: Sequence[Item], ids: dict[str, int]) -> dict[str, object]:
    annotations: list[dict[str, object]] = []
    for number, item in enumerate(items, start=1):
        for value, box in item.said():
            one: dict[str, object] = {
                "id": len(annotations) + 1, "image_id": number, "category_id": ids[value]
            }  # fmt: skip
            if box is not None:
                x, y, width, height = sides(box)
                bbox = list(map(plain, (x, y, width, height)))
                one |= {"bbox": bbox, "area": plain(width * height), "segmentation": []}
            annotations.append({**one, "iscrowd": 0})
    return {
        "info": {"description": "Exported by atarimae"},
        "licenses": [],
        "images": [_image(number, item) for number, item in enumerate(items, start=1)],
        "annotations": annotations,
        "categories": [{"id": id, "name": name} for name, id in ids.items()],
    }


def _image(number: int, item: Item) -> dict[str, object]:
    more = item.beyond()
    return {
        "id": number,
        "file_name": item.name,
        "width": item.image.width,
        "height": item.image.height,
        **({"atarimae": more} if more else {}),
    }


FORMAT = Format("coco", "instances_train.json and so on, one a split", write, ALL, all_in("images"))
