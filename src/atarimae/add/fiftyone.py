"""FiftyOne's dataset on disk (FiftyOneDataset): `samples.json`, with labels in fields of samples.

Boxes are in shares of the picture. A closed Polyline is an outline, or a turned box by its four
corners; a label `text` with an attribute of that name is a text. See
https://docs.voxel51.com/user_guide/using_datasets.html. A label with a confidence is a model's.
Tags named as a split are the split. What `atarimae export` knows of a file beyond that lies in the
field `atarimae`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from atarimae.add.entry import Entry, Found, apart, beyond, placed, split_of, stated, text
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import around, as_text, outline, told_by_corners
from atarimae.add.table import locate
from atarimae.add.values import Object, listed, point, record, sided, word
from atarimae.errors import UsageError
from atarimae.types import BOX, TEXT, Label

NAME = "samples.json"
LISTS = {
    "Classifications": "classifications", "Detections": "detections", "Polylines": "polylines",
    "Keypoints": "keypoints",
}  # fmt: skip
LABELS = ("Classification", "Detection", "Polyline", "Keypoint")
_OTHERS = {"Segmentation": "masks", "Heatmap": "masks", "Regression": "others",
           "GeoLocation": "others", "GeoLocations": "others", "TemporalDetections": "others",
           "TemporalDetection": "others"}  # fmt: skip


def is_file(place: Place) -> bool:
    """JSON with samples that have a path."""
    value = place.json_or_none() if place.suffix == ".json" else None
    samples = value.get("samples") if isinstance(value, dict) else None
    return isinstance(samples, list) and all("filepath" in one for one in samples[:1])


def is_folder(place: Place) -> bool:
    """It has a `samples.json`."""
    return place.has(NAME) and is_file(place.inner(NAME))


def read(place: Place, roots: Sequence[Path]) -> Found:
    """One entry a sample, with what all its fields say."""
    file = place.inner(NAME) if place.is_folder else place
    samples = listed(record(file.json, "content").get("samples"), "samples")
    gathering = Gathering()
    gathering.once([_id(one) for one in samples], "samples")
    here = file.path.parent
    for count, one in enumerate(samples, start=1):
        with gathering.at(f"sample {count}"):
            entry = _entry(record(one, "content"), [*roots, here, here / "data"], count, gathering)
            gathering.entries.append(entry)
    return gathering.found(place.path)


def _id(sample: object) -> object:
    """`{"$oid": …}`, as MongoDB writes it, or a text."""
    found = sample.get("_id", sample.get("id")) if isinstance(sample, dict) else None
    return found.get("$oid") if isinstance(found, dict) else found


def _entry(sample: Object, folders: Sequence[Path], count: int, gathering: Gathering) -> Entry:
    name = sample.get("filepath")
    if not isinstance(name, str) or not name or "\0" in name:
        raise UsageError("No file is named.")
    labels: list[str] = []
    shapes: list[Label] = []
    for field, label in _labels(sample):
        with gathering.at(f"sample {count}, {field}"):
            if label.get("confidence") is not None:
                gathering.left["predictions"] += 1
                continue
            value = text(word(label.get("label") or "", "label"))
            shape = _label(value, label, gathering.left)
            if shape is None or shape.kind != TEXT:
                labels.append(value)
            if shape is not None:
                shapes.append(shape)
    tags = [str(tag) for tag in listed(sample.get("tags") or [], "list of tags")]
    split = next(filter(None, map(split_of, tags)), None)
    more = beyond(sample.get("atarimae"), labels)
    path = placed(_picture(name, folders))
    found = apart(shapes)
    return Entry(
        path, shares=found["boxes"], traced=found["others"], **stated({"split": split}) | more
    )


def _labels(sample: Object) -> Iterator[tuple[str, Object]]:
    """Each label with the field that it stands in."""
    for field, value in sample.items():
        kind = str(value.get("_cls")) if isinstance(value, dict) else ""
        if kind in LISTS:
            for one in listed(record(value, field).get(LISTS[kind]) or [], LISTS[kind]):
                yield field, {**record(one, "label"), "_cls": kind.removesuffix("s")}
        elif kind in LABELS or kind in _OTHERS:
            yield field, record(value, field)


def _label(value: str, label: Object, left: Counter[str]) -> Label | None:
    """A shape or a text in shares; None for classes of the whole picture, points and lines."""
    found, written = _shape(value, label, left), label.get(TEXT)
    if not isinstance(written, str) or value.lower() not in ("", TEXT):
        return found
    return as_text(found or Label("", ""), text(written))


def _shape(value: str, label: Object, left: Counter[str]) -> Label | None:
    kind = str(label.get("_cls"))
    left["attributes"] += bool(label.get("attributes"))
    if kind == "Detection":
        left["masks"] += bool(label.get("mask") or label.get("mask_path"))
        return Label("", value, BOX, sided(label.get("bounding_box"), "bounding_box"))
    if kind == "Polyline":
        if not (label.get("closed") or label.get("filled")):
            left["lines"] += 1
            return None
        listed_parts = [listed(part, "points") for part in listed(label.get("points"), "points")]
        parts = [[point(one, "point") for one in part] for part in listed_parts]
        if len(parts) != 1:
            left["outlines"] += 1
            return Label("", value, BOX, around([one for part in parts for one in part]))
        (points,) = parts
        four = len(points) == 4
        return told_by_corners(value, points) if four else outline(value, points)
    if kind != "Classification":
        left["points" if kind == "Keypoint" else _OTHERS[kind]] += 1
    return None


def _picture(name: str, folders: Sequence[Path]) -> Path:
    """Where it is said to be, or by its name alone where the data set has moved."""
    found = locate(name, folders)
    moved = locate(name.replace("\\", "/").rpartition("/")[2], folders)
    return moved if not found.exists() and moved.exists() else found


FORMAT = Format("fiftyone", read, is_file, is_folder)
