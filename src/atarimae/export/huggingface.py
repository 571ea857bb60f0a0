"""Hugging Face's `imagefolder`: pictures, a folder a split, each with a `metadata.parquet`.

Read with `datasets.load_dataset("imagefolder", data_dir=OUT)`. `label` is one class or null; where
a picture has several, all have a list `labels`. `objects` has the boxes. Parquet, since the library
wants the same types in each split, and a split of nulls alone has none in JSON.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from atarimae.export.format import ALL, Folder, Format
from atarimae.export.item import Item, sides
from atarimae.types import Data

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
    told = [fact for fact in _FACTS if any(fact in item.beyond() for item in items)]
    schema = [("file_name", pa.string())]
    schema += [("labels", pa.list_(pa.string()))] if several else [("label", pa.string())]
    if any(item.boxes for item in items):
        boxes = [("bbox", pa.list_(pa.list_(pa.float64()))), ("categories", pa.list_(pa.string()))]
        schema += [("objects", pa.struct(boxes))]
    schema += [(fact, pa.string()) for fact in told]
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        rows[item.name.rpartition("/")[0]].append(_row(item))
    for above, some in (rows or {"": []}).items():
        pq.write_table(pa.Table.from_pylist(some, schema=pa.schema(schema)), folder / above / NAME)


def _row(item: Item) -> dict[str, Any]:
    """All that is known; the schema picks. Boxes as the library's pages on detection have them."""
    return {
        "file_name": item.name.rpartition("/")[2],
        "label": next(iter(item.classes), None),
        "labels": list(item.classes),
        "objects": {
            "bbox": [list(sides(box)) for _, box in item.boxes],
            "categories": [value for value, _ in item.boxes],
        },
        **{fact: item.beyond().get(fact) for fact in _FACTS},
    }


FORMAT = Format(
    "huggingface",
    "an imagefolder: metadata.parquet, a folder a split",
    write,
    ALL,
    folders,
    inside=True,
)
