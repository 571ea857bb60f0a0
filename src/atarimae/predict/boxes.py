"""Boxes as tables and requests give them: see `shapes` for their pixels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atarimae.errors import UsageError
from atarimae.types import Box

CORNERS = (("x0", "y0", "x1", "y1"), ("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"))
SIDES = (("x", "y", "w", "h"), ("x", "y", "width", "height"))


@dataclass(frozen=True, slots=True)
class Columns:
    """The four columns of a table that hold boxes."""

    names: tuple[str, str, str, str]
    sides: bool  # a corner with width and height, not two corners

    def box(self, cells: Mapping[str, str]) -> Box | None:
        """The box in a row; None where all four cells are empty. Raises `UsageError`."""
        texts = [(cells.get(name) or "").strip() for name in self.names]
        return box_of(dict(zip(self.names, texts, strict=True)), self.sides) if any(texts) else None


def columns_of(header: Sequence[str]) -> Columns | None:
    """The box columns of a table by its header, in lower case; None where it has none."""
    found = [
        Columns(names, sides)
        for kind, sides in ((CORNERS, False), (SIDES, True))
        for names in kind
        if set(names) <= set(header)
    ]
    if len(found) > 1:
        told = " and ".join(",".join(one.names) for one in found)
        raise UsageError("", f"Its boxes are told twice, by {told}.", "Leave one of them out.")
    for names in () if found else CORNERS:
        missing = [name for name in names if name not in header]
        if len(missing) == 1:
            has = ",".join(name for name in names if name in header)
            raise UsageError("", f"It has {has}, and no column '{missing[0]}'.", "A box has four.")
    return found[0] if found else None


def box_of(texts: Mapping[str, str], sides: bool) -> Box:
    """The box that four texts say, by the names they go by. Raises `UsageError`."""
    numbers = []
    for name, text in texts.items():
        try:
            numbers.append(float(text))
        except ValueError:
            numbers.append(math.nan)
        if not math.isfinite(numbers[-1]):
            raise UsageError(f"The box's {name} is '{text}'.", "", "It needs a number.")
    x0, y0, x1, y1 = numbers
    if sides:
        x1, y1 = x0 + x1, y0 + y1
    if x1 <= x0 or y1 <= y0:
        told = ", ".join(f"{name} {text}" for name, text in texts.items())
        raise UsageError(f"The box is empty: {told}.")
    return Box(x0, y0, x1, y1)


def read_box(text: str) -> Box:
    """The box in a text as `x0,y0,x1,y1`. Raises `UsageError`."""
    parts = text.split(",")
    if len(parts) != 4:
        raise UsageError(
            "The box can't be read.", f"It is '{text}'.", "Give four numbers: x0,y0,x1,y1."
        )
    return box_of(dict(zip(CORNERS[0], parts, strict=True)), sides=False)


def corners(sides: Sequence[float]) -> Box:
    """The box with those corners, as `read_box` reads them."""
    return read_box(",".join(map(str, sides)))
