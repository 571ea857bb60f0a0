"""The formats that `add` reads, and which one a file or folder is in: its content tells."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from atarimae.add import coco, cvat, fiftyone, huggingface, labelme, labelstudio, table, voc, yolo
from atarimae.add.entry import Found
from atarimae.add.folder import read_folder
from atarimae.add.format import Format
from atarimae.add.place import Place
from atarimae.errors import UsageError, gathered, unknown_name


def _csv(place: Place, roots: Sequence[Path]) -> Found:
    return table.read(place.path, roots)


def _folder(place: Place, roots: Sequence[Path]) -> Found:
    return read_folder(place.path.absolute())


CSV = Format("csv", _csv, is_file=lambda place: place.suffix == ".csv")
FOLDER = Format("folder", _folder, is_folder=lambda place: True)  # last: what is nothing else
# A folder may hold files of several tools: the first that knows it reads it.
FORMATS = {
    one.name: one
    for one in (
        yolo.FORMAT, cvat.FORMAT, voc.FORMAT, huggingface.FORMAT, fiftyone.FORMAT, coco.FORMAT,
        labelstudio.FORMAT, labelme.FORMAT, CSV, FOLDER,
    )
}  # fmt: skip
_LISTED = 10  # broken files that an error names; it counts the rest
_PARSED = {
    ".json": lambda place: place.json, ".xml": lambda place: place.xml,
    ".yaml": yolo.parse, ".yml": yolo.parse,
}  # fmt: skip


def named(name: str) -> Format:
    """The format of that name."""
    if name not in FORMATS:
        raise unknown_name("format", name, FORMATS)
    return FORMATS[name]


def recognised(place: Place) -> Format | None:
    """The format of what is there; None for a file of none. `UsageError` for a broken one.

    A folder is not taken for one of classes where a file in it may have held the labels.
    """
    if place.is_folder:
        tool = next(one for one in FORMATS.values() if one.is_folder(place))
        if tool is FOLDER:
            _refuse_broken(place)
        return tool
    _ = place.json if place.suffix == ".json" else None  # what is broken is told as such
    _ = place.xml if place.suffix == ".xml" else None
    found = next((one for one in FORMATS.values() if one.is_file(place)), None)
    if found is None and place.suffix in (".json", ".xml"):
        raise UsageError(
            f"{place.path} is in no format that is known.",
            _shape(place),
            f"There is {', '.join(sorted(FORMATS))}. Try --format to see what one of them misses.",
        )
    return found


def _refuse_broken(place: Place) -> None:
    bad = list(_broken(place))
    if bad:
        raise UsageError(
            f"{place.path} may hold labels that can't be read.",
            gathered(bad, _LISTED),
            "Mend them. If they are no labels, add the folder with --format folder.",
        )


def _broken(place: Place) -> Iterator[str]:
    """What is wrong with each file that labels lie in, where it can't be read."""
    inner = [place.inner(name) for name in ("annotations", "Annotations")]
    for suffix, parse in _PARSED.items():
        there = (one for folder in (place, *inner) for one in folder.named(suffix))
        for one in dict.fromkeys((*there, *place.samples(suffix))):
            try:
                parse(one)
            except UsageError as error:
                yield f"{one.path.relative_to(place.path)}: {error.found or error.what}"


def _shape(place: Place) -> str:
    """What a file holds, in a few words."""
    if place.suffix == ".xml":
        return f"Its root is '{place.xml.tag}'."
    if isinstance(place.json, dict):
        keys = ", ".join(map(str, list(place.json)[:8]))
        return f"It holds an object with {keys or 'no keys'}."
    return f"It holds a {type(place.json).__name__}."
