"""Label Studio: `tasks.json` to import, `config.xml` for the project, `images/` to be served.

Label Studio serves the pictures with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and
LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT set to the export's folder. What it has no place for lies in
a task's data, in the key `atarimae`.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from atarimae.export.documents import attributes, is_xml, put, put_json
from atarimae.export.format import ALL, Format, all_in
from atarimae.export.item import Item, Said


def write(folder: Path, items: Sequence[Item]) -> None:
    """The tasks, and the labels that they need."""
    put_json(folder / "tasks.json", list(map(_task, items)))
    boxes = sorted({value for item in items for value, _ in item.boxes if value})
    classes = sorted({value for item in items for value in item.classes})
    put(folder / "config.xml", _config(boxes, classes))


def _task(item: Item) -> dict[str, object]:
    more = item.beyond()
    results = [_result(number, one, item) for number, one in enumerate(item.said(), start=1)]
    return {
        "data": {
            "image": f"/data/local-files/?d={quote(item.name)}",
            **({"atarimae": more} if more else {}),
        },
        "annotations": [{"result": results}] if results else [],
    }


def _result(number: int, said: Said, item: Item) -> dict[str, object]:
    value, box = said
    if box is None:
        return {
            "id": f"r{number}", "type": "choices", "from_name": "class", "to_name": "image",
            "value": {"choices": [value]},
        }  # fmt: skip
    wide, high = item.image.width, item.image.height
    return {
        "id": f"r{number}", "type": "rectanglelabels", "from_name": "box", "to_name": "image",
        "original_width": wide, "original_height": high, "image_rotation": 0,
        "value": {
            "x": 100 * box.x0 / wide, "y": 100 * box.y0 / high,
            "width": 100 * (box.x1 - box.x0) / wide, "height": 100 * (box.y1 - box.y0) / high,
            "rotation": 0, "rectanglelabels": [value] if value else [],
        },
    }  # fmt: skip


def _config(boxes: Sequence[str], classes: Sequence[str]) -> str:
    lines = ["<View>", '  <Image name="image" value="$image"/>']
    lines += ['  <RectangleLabels name="box" toName="image">']
    lines += [f"    <Label{attributes(value=value)}/>" for value in boxes]
    lines += ["  </RectangleLabels>", '  <Choices name="class" toName="image" choice="multiple">']
    lines += [f"    <Choice{attributes(value=value)}/>" for value in classes]
    return "\n".join([*lines, "  </Choices>", "</View>\n"])


FORMAT = Format(
    "labelstudio",
    "tasks.json, config.xml, images/",
    write,
    ALL - {"exact"},
    all_in("images"),
    inside=True,
    holds=is_xml,
)
