"""FiftyOne's dataset on disk (FiftyOneDataset): `samples.json`, boxes in shares of the picture.

Written as FiftyOne wrote it before version 0.8, which asks for no more than the samples and is
still read. What it has no field for lies in the field `atarimae`.
"""

from collections.abc import Sequence
from pathlib import Path

from atarimae.export.documents import put_json
from atarimae.export.format import ALL, Format, all_in
from atarimae.export.item import Item


def write(folder: Path, items: Sequence[Item]) -> None:
    """The samples, with classes and boxes in fields of these names."""
    put_json(folder / "metadata.json", {"media_type": "image", "info": {}})
    put_json(folder / "samples.json", {"samples": list(map(_sample, items))})


def _sample(item: Item) -> dict[str, object]:
    wide, high = item.image.width, item.image.height
    classes = [{"_cls": "Classification", "tags": [], "label": value} for value in item.classes]
    boxes = [
        {
            "_cls": "Detection", "tags": [], "attributes": {}, "label": value,
            "bounding_box": [
                box.x0 / wide, box.y0 / high, (box.x1 - box.x0) / wide, (box.y1 - box.y0) / high,
            ],
        }
        for value, box in item.boxes
    ]  # fmt: skip
    more = item.beyond()
    return {
        "filepath": item.name,
        "tags": [item.file.split] if item.file.split else [],
        "metadata": {
            "_cls": "ImageMetadata", "size_bytes": item.image.bytes, "width": wide, "height": high,
            "mime_type": f"image/{item.image.format.lower()}", "num_channels": 3,
        },
        "classes": {"_cls": "Classifications", "classifications": classes},
        "boxes": {"_cls": "Detections", "detections": boxes},
        **({"atarimae": more} if more else {}),
    }  # fmt: skip


FORMAT = Format(
    "fiftyone", "samples.json, a FiftyOneDataset", write, ALL - {"exact"}, all_in("data")
)
