"""Label Studio's JSON: a list of tasks, with boxes in percent and choices as classes.

A box is turned clockwise about its upper left corner; a text is a region's `textarea`, a result of
the same id, or one of the whole picture. See https://labelstud.io/guide/export and its pages on
RectangleLabels, PolygonLabels and TextArea.

What `atarimae export` knows of a file beyond that lies in the task's `data`, in the key `atarimae`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from atarimae.add.entry import Entry, Found, apart, beyond, is_picture, placed, text
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import as_text, outline, told_by_corners
from atarimae.add.table import locate
from atarimae.add.values import Object, listed, number, point, record, sided, word
from atarimae.errors import UsageError
from atarimae.shapes import turned
from atarimae.types import BOX, TEXT, Box, Label

KEYS = ("image", "img", "url", "photo", "picture")  # of the picture in a task's data
REGIONS = ("rectangle", "polygon", "ellipse", "brush", "keypoint", "vector", "video")
_UPLOADED = re.compile(r"^[0-9a-f]{8}-")  # what Label Studio puts before an uploaded file's name


def is_file(place: Place) -> bool:
    """JSON with a list of tasks, each with data."""
    value = place.json_or_none() if place.suffix == ".json" else None
    first = value[0] if isinstance(value, list) and value else None
    return (
        isinstance(first, dict)
        and "data" in first
        and bool({"annotations", "predictions"} & {*first})
    )


def is_folder(place: Place) -> bool:
    """Such a file lies in it."""
    return any(map(is_file, place.named(".json")))


def read(place: Place, roots: Sequence[Path]) -> Found:
    """One entry a task, with what all its annotations say but the cancelled ones."""
    gathering = Gathering()
    for one in place.named(".json") if place.is_folder else [place]:
        with gathering.at(one.path.name):
            _ = one.json  # a broken one may hold labels
        if place.is_folder and not is_file(one):
            continue
        here = one.path.parent
        tasks = listed(one.json, "content")
        ids = [task.get("id") for task in tasks if isinstance(task, dict)]
        gathering.once(ids, "tasks")
        for count, task in enumerate(tasks, start=1):
            named = task.get("id", count) if isinstance(task, dict) else count
            with gathering.at(f"task {named}"):
                folders = [*roots, here, here / "images"]
                gathering.entries.append(_entry(record(task, "content"), folders, gathering))
    return gathering.found(place.path)


def _entry(task: Object, folders: Sequence[Path], gathering: Gathering) -> Entry:
    data = record(task.get("data"), "data")
    predictions = listed(task.get("predictions") or [], "list of predictions")
    gathering.left["predictions"] += sum(len(_results(one)) for one in predictions)
    labels: list[str] = []
    shapes: list[Label] = []
    for one in listed(task.get("annotations") or [], "list of annotations"):
        annotation = record(one, "annotation")
        if annotation.get("was_cancelled"):
            gathering.left["cancelled"] += 1
            continue
        gathering.left["authors"] += bool(annotation.get("completed_by"))
        for values, shape in _said(annotation, f"task {task.get('id', '')}".strip(), gathering):
            if shape is not None and shape.kind == TEXT:
                shapes.append(shape)
                continue
            labels += filter(None, values)
            if shape is not None:
                shapes += [replace(shape, value=value) for value in values or [""]]
    found = apart(shapes)
    return Entry(
        placed(_picture(data, folders)),
        shares=found["boxes"],
        traced=found["others"],
        **beyond(data.get("atarimae"), labels),
    )


def _results(annotation: object) -> Sequence[object]:
    return listed(record(annotation, "annotation").get("result") or [], "result")


def _said(
    annotation: Object, where: str, gathering: Gathering
) -> Iterator[tuple[Sequence[str], Label | None]]:
    """Classes with the shape that they are of, if any; texts with where they stand.

    A region and its classes are one result mostly, and sometimes two of the same id.
    """
    results = [record(one, "result") for one in _results(annotation)]
    named = _named(results)
    texts = _texts(results, where, gathering)
    for one in results:
        kind, region = str(one.get("type")), _region(one)
        with gathering.at(f"{where}, result {one.get('id', kind)}"):
            if kind in ("choices", "taxonomy"):
                if "x" in record(one.get("value"), "value"):
                    gathering.left["attributes"] += 1
                elif kind == "choices":
                    yield _values(one), None
                else:
                    gathering.left["others"] += 1
            elif region in REGIONS:
                values = (
                    _values(one) if kind.endswith("labels") else named.get(str(one.get("id")), [])
                )
                shape = _shape(region, one, gathering.left)
                yield _written(values, shape, texts.get(str(one.get("id"))), gathering.left)
            elif kind == "textarea" and str(one.get("id")) not in texts:
                yield [], Label("", _text(one), TEXT)
            elif kind not in ("labels", "textarea"):
                gathering.left["others"] += 1


def _named(results: Sequence[Object]) -> dict[str, list[str]]:
    """Classes that are told apart from their regions, by the region's id."""
    named: dict[str, list[str]] = {}
    for one in results:
        if one.get("type") == "labels" and one.get("id") is not None:
            named.setdefault(str(one["id"]), []).extend(_values(one))
    return named


def _texts(results: Sequence[Object], where: str, gathering: Gathering) -> dict[str, str]:
    """What is written in regions, by the region's id."""
    regions = {str(one["id"]) for one in results if _region(one) in REGIONS and one.get("id")}
    texts: dict[str, str] = {}
    for one in results:
        if one.get("type") == "textarea" and str(one.get("id")) in regions:
            with gathering.at(f"{where}, result {one['id']}"):
                texts[str(one["id"])] = _text(one)
    return texts


def _written(
    values: Sequence[str], shape: Label | None, text: str | None, left: Counter[str]
) -> tuple[Sequence[str], Label | None]:
    """A text where the region has one, which has no class; else what it was."""
    if text is None or shape is None:
        return values, shape
    left["attributes"] += bool(values)
    return [], as_text(shape, text)


def _region(result: Object) -> str:
    return str(result.get("type")).removesuffix("labels")


def _text(result: Object) -> str:
    """What is written, in one line or several."""
    found = record(result.get("value"), "value").get("text") or []
    lines = [found] if isinstance(found, str) else listed(found, "text")
    return text("\n".join(word(line, "text") for line in lines))


def _values(result: Object) -> list[str]:
    """The classes in a result, under the name of its type."""
    value = record(result.get("value"), "value")
    kind = str(result.get("type"))
    found = value.get(kind) or []
    return [
        text(word(one, kind))
        for one in ([found] if isinstance(found, str) else listed(found, kind))
    ]


def _shape(region: str, result: Object, left: Counter[str]) -> Label | None:
    """The region in shares: a box, an outline, or the box around it."""
    value = record(result.get("value"), "value")
    if result.get("image_rotation"):
        left["others"] += 1  # told in the picture as it was turned in the editor
        return None
    if region == "polygon":
        points = [point(one, "point") for one in listed(value.get("points"), "points")]
        return outline("", [(x / 100, y / 100) for x, y in points])
    if region == "ellipse":
        left["outlines"] += 1
        x, y, across, down = (number(value.get(k), k) for k in ("x", "y", "radiusX", "radiusY"))
        box = sided([x - across, y - down, 2 * across, 2 * down], "ellipse")
        return Label("", "", BOX, _shares(box))
    if region != "rectangle":
        left[{"brush": "masks", "keypoint": "points"}.get(region, "others")] += 1
        return None
    box = sided([value.get(key) for key in ("x", "y", "width", "height")], "box")
    angle = number(value.get("rotation") or 0, "rotation") % 360
    return _turned(box, angle, result) if angle else Label("", "", BOX, _shares(box))


def _turned(box: Box, angle: float, result: Object) -> Label:
    """A box that is turned about its upper left corner, in pixels: shares are not square."""
    wide, high = (number(result.get(f"original_{side}"), f"original_{side}") / 100
                  for side in ("width", "height"))  # fmt: skip
    if wide <= 0 or high <= 0:
        raise UsageError(
            "Its original_width and original_height are none.", "", "A turned box needs them."
        )
    x0, y0, x1, y1 = box.x0 * wide, box.y0 * high, box.x1 * wide, box.y1 * high
    corners = turned([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], angle, (x0, y0))
    return told_by_corners("", [(x / wide / 100, y / high / 100) for x, y in corners])


def _shares(box: Box) -> Box:
    return Box(box.x0 / 100, box.y0 / 100, box.x1 / 100, box.y1 / 100)


def _picture(data: Object, folders: Sequence[Path]) -> Path:
    """The file that the task's data name: of local storage, uploaded, or at an address."""
    texts = {key: one for key, one in data.items() if isinstance(one, str) and one.strip()}
    named = next((texts[key] for key in KEYS if key in texts), None)
    if named is None:
        named = next((one for one in texts.values() if is_picture(_path(one))), None)
    if named is None or "\0" in named:
        raise UsageError("Its data name no picture.", "", f"It needs one of {', '.join(KEYS)}.")
    path = _path(named)
    name = PurePosixPath(path).name
    spellings = (path, path.lstrip("/"), f"/{path.lstrip('/')}", name, _UPLOADED.sub("", name))
    for spelling in filter(None, spellings):
        found = locate(spelling, folders)
        if found.is_file():
            return found
    return locate(name or path, folders)


def _path(named: str) -> str:
    """`/data/local-files/?d=a%20b.png`, `s3://bucket/a.png` or a path of the disk, as a path."""
    try:
        parts = urlsplit(named)
    except ValueError:
        return named
    if parts.path.startswith("/data/local-files"):
        return next(iter(parse_qs(parts.query).get("d", [])), "")
    if parts.scheme in ("http", "https", "file", "s3", "gs", "azure-blob"):
        return unquote(parts.path)
    return unquote(named) if parts.path.startswith("/data/upload/") else named


FORMAT = Format("labelstudio", read, is_file, is_folder)
