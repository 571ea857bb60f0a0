"""YOLO: a text file beside each picture or in `labels/`, a line a box, in shares of the picture.

    3 .5 .5 .2 .1                   class, centre, width and height
    3 .4 .4 .6 .4 .6 .6 .4 .6       class, four corners of a turned box, or an outline's points

See https://docs.ultralytics.com/datasets/ (detect, segment, obb). Four points that are no
rectangle are an outline.

The classes stand in `data.yaml`, `classes.txt` or `obj.names`; `data.yaml` also names the folders
of the splits, and beside `obj.names` Darknet's `obj.data` the lists of their pictures. Pictures
that neither names, in `images/`, are in no split.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atarimae import files
from atarimae.add.entry import Entry, Found, is_picture, placed, split_of, text
from atarimae.add.folder import read_folder
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import outline, told_by_corners
from atarimae.add.table import locate
from atarimae.add.values import number, word
from atarimae.errors import UsageError
from atarimae.types import SPLITS, Box, Label

NAMES = ("classes.txt", "obj.names")


@dataclass(frozen=True, slots=True)
class _Settings:
    """What `data.yaml` or a list of names says."""

    place: Place
    file: Path
    names: Mapping[int, str]
    root: Path
    splits: Mapping[str, Sequence[str]]  # folders, or text files of pictures, by split
    points: int = 0  # numbers that follow each box: its keypoints


def is_file(place: Place) -> bool:
    """A YAML with names of classes."""
    return place.suffix in (".yaml", ".yml") and _yaml_or_none(place) is not None


def is_folder(place: Place) -> bool:
    """It has that YAML, or a list of classes beside label files."""
    return _settings_file(place) is not None


def read(place: Place, roots: Sequence[Path]) -> Found:
    """Every picture that the settings lead to, with the boxes of its text file."""
    settings = _settings(place)
    gathering = Gathering()
    seen: dict[str, str | None] = {}
    for split, where in _lists(settings):
        for path in _pictures(settings, where, roots, gathering):
            if seen.setdefault(path, split) != split:
                gathering.left["splits"] += split is not None
    wanted = set()
    for path, split in seen.items():
        labels = _labels_of(path)
        wanted.add(labels)
        entry = _entry(path, split, labels, settings, gathering)
        gathering.entries.append(entry)
    gathering.left["alone"] += _alone(wanted)
    return gathering.found(place.path)


def _settings_file(place: Place) -> Place | None:
    for one in (*place.named(".yaml"), *place.named(".yml")):
        if _yaml_or_none(one) is not None:
            return one
    has_labels = any(one.path.name not in NAMES for one in place.samples(".txt"))
    return next((place.inner(name) for name in NAMES if has_labels and place.has(name)), None)


def _yaml_or_none(place: Place) -> Mapping[str, object] | None:
    """A YAML of YOLO's; where it has splits and no names, that is the mistake."""
    try:
        value = parse(place)
    except UsageError:
        return None
    return value if "names" in value or {"train", "val"} <= {*value} else None


def parse(place: Place) -> Mapping[str, object]:
    """Its values as they are written: a class named `no` is no truth value."""
    import yaml

    try:
        value = yaml.load(place.text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        found = " ".join(str(error).split())
        raise UsageError(
            f"{place.path} is no YAML.", f"{found}.", "Export it again from the tool that wrote it."
        ) from None
    if not isinstance(value, dict):
        raise UsageError(f"{place.path} names no classes.", "", "It needs 'names'.")
    return value


def _settings(place: Place) -> _Settings:
    file = _settings_file(place) if place.is_folder else place
    if file is None:
        raise UsageError(
            f"{place.path} is no YOLO folder.",
            "It has no YAML with 'names', and no classes.txt.",
            "Add the classes of the numbers in the label files.",
        )
    folder = file.path.parent
    if file.suffix not in (".yaml", ".yml"):
        listed = dict(enumerate(map(text, file.text.splitlines())))
        return _Settings(place, file.path, listed, folder, _darknet(folder))
    value = parse(file)
    root = Path(os.path.normpath(folder / next(iter(_many(value.get("path"))), ".")))
    splits = {split: _many(value.get(split)) for split in SPLITS}
    names = _names(file, value.get("names"))
    shape = [int(one) for one in _many(value.get("kpt_shape")) if one.isdecimal()]
    points = shape[0] * shape[1] if len(shape) == 2 else 0
    root = root if place.reaches(root) else folder
    return _Settings(place, file.path, names, root, splits, points)


def _darknet(folder: Path) -> Mapping[str, list[str]]:
    """The lists that `obj.data` names by split, of those that are there."""
    path = folder / "obj.data"
    found: dict[str, list[str]] = {}
    for line in files.read_text(path).splitlines() if path.is_file() else ():
        key, _, name = map(str.strip, line.partition("="))
        there = [one for one in (name, _bare(name)) if (folder / one).is_file()]
        if there and (split := split_of(key)):
            found[split] = there[:1]
    return found


def _bare(name: str) -> str:
    """`data/` is where Darknet lies, seen from which the lists are told."""
    return name.removeprefix("data/")


def _names(file: Place, found: object) -> Mapping[int, str]:
    """A list, or an object by number."""
    by_number = dict(enumerate(found)) if isinstance(found, list) else found
    try:
        if isinstance(by_number, dict):
            return {int(key): text(word(name, "class")) for key, name in by_number.items()}
    except ValueError:
        pass
    raise UsageError(
        f"{file.path} names no classes.", "", "It needs 'names': a list, or one by number."
    )


def _many(value: object) -> list[str]:
    """One text or several, as YAML says them; nothing for null."""
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str) and one not in ("", "null", "~")]


def _lists(settings: _Settings) -> list[tuple[str | None, Path]]:
    """Folders and lists of pictures with their splits; last what is in none."""
    found: list[tuple[str | None, Path]] = []
    for split, names in settings.splits.items():
        found += [(split, _place_of(name, settings)) for name in names]
    images = settings.root / "images"
    return [*found, (None, images if images.is_dir() else settings.root)]


def _place_of(name: str, settings: _Settings) -> Path:
    """Below `path`, or beside the YAML; Roboflow writes ../train for the folder beside it."""
    inner = name.removeprefix("../").removeprefix("./")
    for folder in (settings.root, settings.file.parent):
        for spelling in (name, inner):
            path = Path(os.path.normpath(folder / spelling))
            if settings.place.reaches(path):
                return path
    raise UsageError(
        f"{settings.file} names a place that is not there.",
        f"It says {name}, which is not in {settings.root}.",
        "Mend 'path' and the splits in it.",
    )


def _pictures(
    settings: _Settings, where: Path, roots: Sequence[Path], gathering: Gathering
) -> list[str]:
    if where.is_file():
        names = [line.strip() for line in files.read_text(where).splitlines() if line.strip()]
        folders = [*roots, settings.root, where.parent]
        return [placed(_picture(name, folders)) for name in names]
    found = read_folder(where, labelled=False)
    gathering.refused += found.refused
    return [entry.path for entry in found.entries]


def _picture(name: str, folders: Sequence[Path]) -> Path:
    whole, bare = locate(name, folders), locate(_bare(name), folders)
    return bare if bare.exists() and not whole.exists() else whole


def _labels_of(picture: str) -> str:
    """The text file of a picture: `images` becomes `labels`, the last in its path, or beside it."""
    stem = os.path.splitext(picture)[0] + ".txt"
    head, found, tail = stem.rpartition("/images/")
    elsewhere = f"{head}/labels/{tail}" if found else stem
    return stem if not os.path.exists(elsewhere) and os.path.exists(stem) else elsewhere


def _entry(
    path: str, split: str | None, labels: str, settings: _Settings, gathering: Gathering
) -> Entry:
    said: list[tuple[str, Box | Label]] = []
    lines: list[str] = []
    if os.path.exists(labels):
        with gathering.at(os.path.basename(labels)):
            lines = files.read_text(Path(labels)).splitlines()
    for count, line in enumerate(lines, start=1):
        if line.strip():
            with gathering.at(f"{os.path.basename(labels)} line {count}"):
                said += _line(line.split(), settings, gathering.left)
    return Entry(
        path,
        tuple(dict.fromkeys(value for value, _ in said if value)),
        split,
        given=frozenset(("split",)) if split else frozenset(),
        **_shapes(said),
    )


def _shapes(said: Sequence[tuple[str, Box | Label]]) -> dict[str, Any]:
    """Boxes, and what is told by points, as fields of `Entry`."""
    boxes = ((name, one) for name, one in said if isinstance(one, Box))
    points = (one for _, one in said if isinstance(one, Label))
    return {"shares": tuple(dict.fromkeys(boxes)), "traced": tuple(dict.fromkeys(points))}


def _line(
    words: Sequence[str], settings: _Settings, left: Counter[str]
) -> list[tuple[str, Box | Label]]:
    """The class and the shape of a line; nothing where it is a model's, with a confidence."""
    value = _class(words[0], settings)
    numbers = [number(word, f"number {place}") for place, word in enumerate(words[1:], start=2)]
    if settings.points and len(numbers) == 4 + settings.points:
        left["points"] += 1
        numbers = numbers[:4]
    if len(numbers) == 4:
        return [(value, _centred(*numbers))]
    if len(numbers) == 5:
        left["predictions"] += 1
        return []
    if len(numbers) < 6 or len(numbers) % 2:
        raise UsageError(
            f"It has {len(numbers)} numbers after the class.", "", "A box has 4, an outline 6, 8, …"
        )
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    told = told_by_corners(value, points) if len(points) == 4 else outline(value, points)
    return [(value, told)]


def _class(word: str, settings: _Settings) -> str:
    try:
        return settings.names[int(word)]
    except (KeyError, ValueError):
        raise UsageError(
            f"Its class is '{word}'.",
            "",
            f"{settings.file.name} has {len(settings.names)} classes.",
        ) from None


def _centred(x: float, y: float, width: float, height: float) -> Box:
    if width <= 0 or height <= 0:
        raise UsageError(f"The box is empty: width {width:g}, height {height:g}.")
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _alone(wanted: set[str]) -> int:
    """Label files in the same folders that no picture asks for."""
    count = 0
    for folder in {os.path.dirname(path) for path in wanted}:
        if os.path.isdir(folder):
            names = {name for name in os.listdir(folder) if name.endswith(".txt")} - {*NAMES}
            pictured = {
                os.path.basename(path) for path in wanted if os.path.dirname(path) == folder
            }
            has_pictures = any(is_picture(name) for name in os.listdir(folder))
            count += 0 if has_pictures else len(names - pictured)
    return count


FORMAT = Format("yolo", read, is_file, is_folder)
