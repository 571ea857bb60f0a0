"""Label Studio: `tasks.json` to import, `config.xml` for the project, `images/` to be served.

Label Studio serves the pictures with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and
LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT set to the export's folder. A text is a region of type
`rectangle` with a `textarea` of the same id, as in its template for OCR. What it has no place for
lies in a task's data, in the key `atarimae`.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from atarimae.export.documents import attributes, is_xml, put, put_json
from atarimae.export.format import ALL, COVERED, Format, all_in
from atarimae.export.item import Item, Said, box_of
from atarimae.shapes import corners
from atarimae.types import POLYGON, Label


def write(folder: Path, items: Sequence[Item]) -> None:
    """The tasks, and the labels that they need."""
    put_json(folder / "tasks.json", list(map(_task, items)))
    shapes = [label for item in items for label in item.shapes if label.value]
    outlines = {label.value for label in shapes if label.kind == POLYGON}
    boxes = {label.value for label in shapes if label.kind != POLYGON}
    classes = {value for item in items for value in item.classes}
    has_texts = any(item.texts for item in items)
    put(folder / "config.xml", _config(boxes, outlines, classes, has_texts))


def _task(item: Item) -> dict[str, object]:
    more = item.beyond()
    said = item.said()
    results = [_result(f"r{number}", one, item) for number, one in enumerate(said, start=1)]
    for number, label in enumerate(item.texts, start=1):
        results += _text(f"t{number}", label, item)
    return {
        "data": {
            "image": f"/data/local-files/?d={quote(item.name)}",
            **({"atarimae": more} if more else {}),
        },
        "annotations": [{"result": results}] if results else [],
    }


def _result(id: str, said: Said, item: Item) -> dict[str, object]:
    value, label = said
    if label is None:
        return _one(id, "choices", "class", {"choices": [value]})
    kind, name = ("polygonlabels", "outline") if label.points else ("rectanglelabels", "box")
    where = _outline(label, item) if label.points else _box(label, item)
    return _one(id, kind, name, {**where, kind: [value] if value else []}, item)


def _text(id: str, label: Label, item: Item) -> list[dict[str, object]]:
    """A region and what is written in it; of the whole picture the text alone."""
    if label.box is None:
        return [_one(id, "textarea", "text", {"text": [label.value]})]
    box = _box(label, item)
    return [
        _one(id, "rectangle", "region", box, item),
        _one(id, "textarea", "text", {**box, "text": [label.value]}, item),
    ]


def _one(
    id: str, kind: str, name: str, value: dict[str, object], item: Item | None = None
) -> dict[str, object]:
    """A result; regions tell the size of their picture."""
    size: dict[str, object] = {}
    if item is not None:
        size = {"original_width": item.image.width, "original_height": item.image.height}
        size["image_rotation"] = 0
    told = {"id": id, "type": kind, "from_name": name, "to_name": "image"}
    return {**told, **size, "value": value}


def _box(label: Label, item: Item) -> dict[str, object]:
    """In percent; a turned box by the corner that it is turned about, where that lies now."""
    box, (wide, high) = box_of(label), (item.image.width, item.image.height)
    (x, y), *_ = corners(box)
    return {
        "x": 100 * x / wide, "y": 100 * y / high,
        "width": 100 * (box.x1 - box.x0) / wide, "height": 100 * (box.y1 - box.y0) / high,
        "rotation": box.angle,
    }  # fmt: skip


def _outline(label: Label, item: Item) -> dict[str, object]:
    wide, high = item.image.width, item.image.height
    return {"points": [[100 * x / wide, 100 * y / high] for x, y in label.points], "closed": True}


def _config(boxes: set[str], outlines: set[str], classes: set[str], has_texts: bool) -> str:
    """The project's labels; what needs none is left out."""
    lines = ["<View>", '  <Image name="image" value="$image"/>']
    for tag, name, values in (
        ("RectangleLabels", "box", boxes), ("PolygonLabels", "outline", outlines),
    ):  # fmt: skip
        lines += [f'  <{tag} name="{name}" toName="image">']
        lines += [f"    <Label{attributes(value=value)}/>" for value in sorted(values)]
        lines += [f"  </{tag}>"]
    if has_texts:
        lines += ['  <Rectangle name="region" toName="image"/>']
        lines += ['  <TextArea name="text" toName="image" editable="true" perRegion="true"/>']
    lines += ['  <Choices name="class" toName="image" choice="multiple">']
    lines += [f"    <Choice{attributes(value=value)}/>" for value in sorted(classes)]
    return "\n".join([*lines, "  </Choices>", "</View>\n"])


FORMAT = Format(
    "labelstudio",
    "tasks.json, config.xml, images/",
    write,
    ALL - {"exact"} | COVERED,
    all_in("images"),
    inside=True,
    holds=is_xml,
)
