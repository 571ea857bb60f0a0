"""One file with its labels, as every format writes it."""

import math
from dataclasses import dataclass

from atarimae.types import Box, File, Image

Said = tuple[str, Box | None]


@dataclass(frozen=True, slots=True)
class Item:
    """A file, the place of its picture from the export's folder, and what is said of its image."""

    name: str  # with forward slashes
    file: File
    image: Image
    classes: tuple[str, ...] = ()
    boxes: tuple[tuple[str, Box], ...] = ()  # each with its class, "" for none
    covered: frozenset[str] = frozenset()  # classes that the image was looked through for

    def said(self) -> list[Said]:
        """Boxes with their class, and classes that no box has, in the order of the classes.

        Read in that order, the classes come out as they are: where a task wants one, the first
        counts.
        """
        said: list[Said] = []
        for value in self.classes:
            boxes = [box for other, box in self.boxes if other == value]
            said += [(value, box) for box in boxes] or [(value, None)]
        return said + [(value, box) for value, box in self.boxes if value not in self.classes]

    def beyond(self) -> dict[str, object]:
        """What most formats have no place for, for the key `atarimae` of those that take keys."""
        file = self.file
        facts = {"split": file.split, "group": file.group, "source": file.source,
                 "role": None if file.role == "both" else file.role}  # fmt: skip
        found: dict[str, object] = {key: value for key, value in facts.items() if value}
        derived = tuple(dict.fromkeys(value for value, _ in self.said() if value))
        return found if derived == self.classes else {**found, "classes": list(self.classes)}


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
