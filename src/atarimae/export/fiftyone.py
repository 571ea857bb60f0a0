"""FiftyOne's dataset on disk (FiftyOneDataset): `samples.json`, boxes in shares of the picture.

Written as FiftyOne wrote it before version 0.8, which asks for no more than the samples and is
still read. A turned box is a closed polyline of its corners, as FiftyOne's own
`Polyline.from_rotated_box` makes it; a text is a label `text` with an attribute of that name. What
it has no field for lies in the field `atarimae`.
"""

from collections.abc import Sequence
from pathlib import Path

from atarimae.export.documents import put_json
from atarimae.export.format import ALL, COVERED, Format, all_in
from atarimae.export.item import Item, box_of, is_turned, ring
from atarimae.shapes import corners
from atarimae.types import TEXT, Label


def write(folder: Path, items: Sequence[Item]) -> None:
    """The samples, with classes and boxes in fields of these names."""
    put_json(folder / "metadata.json", {"media_type": "image", "info": {}})
    put_json(folder / "samples.json", {"samples": list(map(_sample, items))})


def _sample(item: Item) -> dict[str, object]:
    wide, high = item.image.width, item.image.height
    classes: list[dict[str, object]] = [
        {"_cls": "Classification", "tags": [], "label": value} for value in item.classes
    ]
    shapes = [_shape(label, item) for label in item.shapes]
    texts = [_text(label, item) for label in item.texts]
    classes += [one for one in texts if one["_cls"] == "Classification"]
    shapes += [one for one in texts if one["_cls"] != "Classification"]
    more = item.beyond()
    return {
        "filepath": item.name,
        "tags": [item.file.split] if item.file.split else [],
        "metadata": {
            "_cls": "ImageMetadata", "size_bytes": item.image.bytes, "width": wide, "height": high,
            "mime_type": f"image/{item.image.format.lower()}", "num_channels": 3,
        },
        "classes": {"_cls": "Classifications", "classifications": classes},
        "boxes": {
            "_cls": "Detections",
            "detections": [one for one in shapes if one["_cls"] == "Detection"],
        },
        "outlines": {
            "_cls": "Polylines",
            "polylines": [one for one in shapes if one["_cls"] == "Polyline"],
        },
        **({"atarimae": more} if more else {}),
    }  # fmt: skip


def _shape(label: Label, item: Item) -> dict[str, object]:
    """A detection, or a polyline where it is no upright box; in shares."""
    wide, high = item.image.width, item.image.height
    told: dict[str, object] = {"tags": [], "attributes": {}, "label": label.value}
    box = box_of(label)
    if label.points or is_turned(label):
        points = ring(label) if label.points else corners(box)
        shares = [[x / wide, y / high] for x, y in points]
        return {
            "_cls": "Polyline", **told, "points": [shares], "closed": True, "filled": True
        }  # fmt: skip
    sides = [box.x0 / wide, box.y0 / high, (box.x1 - box.x0) / wide, (box.y1 - box.y0) / high]
    return {"_cls": "Detection", **told, "bounding_box": sides}


def _text(label: Label, item: Item) -> dict[str, object]:
    """Of the whole picture a classification."""
    if label.box is None:
        return {"_cls": "Classification", "tags": [], "label": TEXT, TEXT: label.value}
    return {**_shape(label, item), "label": TEXT, TEXT: label.value}


FORMAT = Format(
    "fiftyone",
    "samples.json, a FiftyOneDataset",
    write,
    ALL - {"exact"} | COVERED,
    all_in("data"),
)
