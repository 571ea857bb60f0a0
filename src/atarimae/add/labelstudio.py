"""Label Studio's JSON: a list of tasks, with boxes in percent and choices as classes.

What `atarimae export` knows of a file beyond that lies in the task's `data`, in the key `atarimae`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from atarimae.add.entry import Entry, Found, beyond, is_picture, placed, text
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import around, turned
from atarimae.add.table import locate
from atarimae.add.values import Object, listed, number, point, record, sided, word
from atarimae.errors import UsageError
from atarimae.types import Box

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
    for one in filter(is_file, place.named(".json")) if place.is_folder else [place]:
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
    shares: list[tuple[str, Box]] = []
    for one in listed(task.get("annotations") or [], "list of annotations"):
        annotation = record(one, "annotation")
        if annotation.get("was_cancelled"):
            gathering.left["cancelled"] += 1
            continue
        gathering.left["authors"] += bool(annotation.get("completed_by"))
        for values, box in _said(annotation, f"task {task.get('id', '')}".strip(), gathering):
            labels += filter(None, values)
            shares += [(value, box) for value in values or [""] if box is not None]
    return Entry(
        placed(_picture(data, folders)),
        shares=tuple(dict.fromkeys(shares)),
        **beyond(data.get("atarimae"), labels),
    )


def _results(annotation: object) -> Sequence[object]:
    return listed(record(annotation, "annotation").get("result") or [], "result")


def _said(
    annotation: Object, where: str, gathering: Gathering
) -> Iterator[tuple[Sequence[str], Box | None]]:
    """Classes with the box that they are of, if any.

    A region and its classes are one result mostly, and sometimes two of the same id.
    """
    results = [record(one, "result") for one in _results(annotation)]
    apart: dict[object, list[str]] = {}
    for one in results:
        if one.get("type") == "labels" and one.get("id") is not None:
            apart.setdefault(str(one["id"]), []).extend(_values(one))
    for one in results:
        kind = str(one.get("type"))
        region = kind.removesuffix("labels")
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
                    _values(one) if kind.endswith("labels") else apart.get(str(one.get("id")), [])
                )
                yield values, _box(region, one, gathering.left)
            elif kind != "labels":
                gathering.left["texts" if kind == "textarea" else "others"] += 1


def _values(result: Object) -> list[str]:
    """The classes in a result, under the name of its type."""
    value = record(result.get("value"), "value")
    kind = str(result.get("type"))
    found = value.get(kind) or []
    return [
        text(word(one, kind))
        for one in ([found] if isinstance(found, str) else listed(found, kind))
    ]


def _box(region: str, result: Object, left: Counter[str]) -> Box | None:
    """The box, or the one around the region, in shares."""
    value = record(result.get("value"), "value")
    if result.get("image_rotation"):
        left["others"] += 1  # told in the picture as it was turned in the editor
        return None
    if region == "polygon":
        left["outlines"] += 1
        return _shares(
            around([point(one, "point") for one in listed(value.get("points"), "points")])
        )
    if region == "ellipse":
        left["outlines"] += 1
        x, y, across, down = (number(value.get(k), k) for k in ("x", "y", "radiusX", "radiusY"))
        return _shares(sided([x - across, y - down, 2 * across, 2 * down], "ellipse"))
    if region != "rectangle":
        left[{"brush": "masks", "keypoint": "points"}.get(region, "others")] += 1
        return None
    box = sided([value.get(key) for key in ("x", "y", "width", "height")], "box")
    angle = number(value.get("rotation") or 0, "rotation") % 360
    return _shares(_upright(box, angle, result, left) if angle else box)


def _upright(box: Box, angle: float, result: Object, left: Counter[str]) -> Box:
    """Around a box that is turned about its upper left corner, in pixels: shares are not square."""
    wide, high = (number(result.get(f"original_{side}"), f"original_{side}") / 100
                  for side in ("width", "height"))  # fmt: skip
    if wide <= 0 or high <= 0:
        raise UsageError(
            "Its original_width and original_height are none.", "", "A turned box needs them."
        )
    left["angles"] += 1
    pixels = Box(box.x0 * wide, box.y0 * high, box.x1 * wide, box.y1 * high)
    corners = turned(pixels, angle, (pixels.x0, pixels.y0))
    return around([(x / wide, y / high) for x, y in corners], within=(100.0, 100.0))


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
