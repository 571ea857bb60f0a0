"""One file with its labels, as every format writes it."""

import math
from dataclasses import dataclass

from atarimae.shapes import Point
from atarimae.types import TEXT, Box, File, Image, Label

Said = tuple[str, Label | None]

NO_SPLIT = "default"  # how CVAT and datumaro name what is in no split


@dataclass(frozen=True, slots=True)
class Item:
    """A file, the place of its picture from the export's folder, and what is said of its image."""

    name: str  # with forward slashes
    file: File
    image: Image
    classes: tuple[str, ...] = ()
    shapes: tuple[Label, ...] = ()  # boxes and outlines
    texts: tuple[Label, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()  # what two pictures are, and the other's place
    covered: frozenset[str] = frozenset()  # classes that the image was looked through for

    def said(self) -> list[Said]:
        """Boxes and outlines with their class, and classes that none has, in the classes' order.

        Read in that order, the classes come out as they are: where a task wants one, the first
        counts.
        """
        said: list[Said] = []
        for value in self.classes:
            shapes = [label for label in self.shapes if label.value == value]
            said += [(value, label) for label in shapes] or [(value, None)]
        return said + [(one.value, one) for one in self.shapes if one.value not in self.classes]

    def names(self) -> set[str]:
        """The classes that are said of it; `text` where something is written on it."""
        return {value for value, _ in self.said()} | ({TEXT} if self.texts else set())

    def beyond(self, *, boxed: bool = False) -> dict[str, object]:
        """What most formats have no place for, for the key `atarimae` of those that take keys.

        `boxed`: the format tells the classes of boxes and outlines alone.
        """
        file = self.file
        facts = {"split": file.split, "group": file.group, "source": file.source,
                 "role": None if file.role == "both" else file.role}  # fmt: skip
        found: dict[str, object] = {key: value for key, value in facts.items() if value}
        if self.covered:
            found["covered"] = sorted(self.covered)
        told = (value for value, label in self.said() if value and (label or not boxed))
        derived = tuple(dict.fromkeys(told))
        return found if derived == self.classes else {**found, "classes": list(self.classes)}


def box_of(label: Label) -> Box:
    """The box of a label that has one; an outline's bounds."""
    assert label.box is not None
    return label.box


def ring(label: Label) -> tuple[Point, ...]:
    """An outline's points; of four the first comes again, as they would be read as a box."""
    points = label.points
    return (*points, points[0]) if len(points) == 4 else points


def is_turned(label: Label) -> bool:
    """Whether it is a box, or a text's, that no upright one stands for."""
    return not label.points and label.box is not None and bool(label.box.angle)


def sides(box: Box) -> tuple[float, float, float, float]:
    """x, y, width, height, such that x + width is the other corner again, to the last bit."""
    return box.x0, box.y0, _side(box.x0, box.x1), _side(box.y0, box.y1)


def _side(start: float, end: float) -> float:
    side = end - start
    near = (side, math.nextafter(side, math.inf), math.nextafter(side, 0))
    return next((one for one in near if start + one == end), side)


def plain(value: float) -> float | int:
    """A whole number without a point."""
    return int(value) if float(value).is_integer() else value
