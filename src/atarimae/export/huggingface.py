"""Hugging Face's `imagefolder`: pictures, a folder a split, each with a `metadata.parquet`.

Read with `datasets.load_dataset("imagefolder", data_dir=OUT)`. `label` is one class or null; where
a picture has several, all have a list `labels`. `objects` has the boxes, outlines and texts in
lists of one length: `angle`, `segmentation` and `text` where there are any; a text of the whole
picture has null for a box. Parquet, since the library wants the same types in each split, and a
split of nulls alone has none in JSON.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from atarimae.export.format import ALL, Folder, Format
from atarimae.export.item import Item, is_turned, sides
from atarimae.types import TEXT, Data, Label

NAME = "metadata.parquet"
_SPLITS = {"val": "validation"}  # as the library calls it
_FACTS = ("role", "group", "source")


def folders(_data: Data) -> Folder:
    """`train`; files in no split lie above."""
    return lambda file, _classes: _SPLITS.get(file.split or "", file.split or "")


def write(folder: Path, items: Sequence[Item]) -> None:
    """A table for each split, all with the same columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    several = any(len(item.classes) > 1 for item in items)
    known = {fact for item in items for fact in item.beyond()}
    told = [fact for fact in _FACTS if fact in known]
    schema = [("file_name", pa.string())]
    schema += [("labels", pa.list_(pa.string()))] if several else [("label", pa.string())]
    if placed := [label for item in items for label in (*item.shapes, *item.texts)]:
        floats = pa.list_(pa.list_(pa.float64()))
        lists = [("bbox", floats), ("categories", pa.list_(pa.string()))]
        lists += [("angle", pa.list_(pa.float64()))] if any(map(is_turned, placed)) else []
        lists += [("segmentation", floats)] if any(one.points for one in placed) else []
        texts = any(one.kind == TEXT for one in placed)
        lists += [("text", pa.list_(pa.string()))] if texts else []
        schema += [("objects", pa.struct(lists))]
    schema += [(fact, pa.string()) for fact in told]
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        rows[item.name.rpartition("/")[0]].append(_row(item))
    for above, some in (rows or {"": []}).items():
        pq.write_table(pa.Table.from_pylist(some, schema=pa.schema(schema)), folder / above / NAME)


def _row(item: Item) -> dict[str, Any]:
    """All that is known; the schema picks. Boxes as the library's pages on detection have them."""
    placed, beyond = (*item.shapes, *item.texts), item.beyond()
    return {
        "file_name": item.name.rpartition("/")[2],
        "label": next(iter(item.classes), None),
        "labels": list(item.classes),
        "objects": {
            "bbox": [list(sides(one.box)) if one.box else None for one in placed],
            "categories": [TEXT if one.kind == TEXT else one.value for one in placed],
            "angle": [one.box.angle if one.box and is_turned(one) else None for one in placed],
            "segmentation": [_flat(one) for one in placed],
            "text": [one.value if one.kind == TEXT else None for one in placed],
        },
        **{fact: beyond.get(fact) for fact in _FACTS},
    }


def _flat(label: Label) -> list[float] | None:
    return [side for point in label.points for side in point] or None


FORMAT = Format(
    "huggingface",
    "an imagefolder: metadata.parquet, a folder a split",
    write,
    ALL,
    folders,
    inside=True,
)
