"""Values from other tools' files, of the kind that is needed; `UsageError` for others."""

import math
import reprlib
from collections.abc import Mapping, Sequence

from atarimae.errors import UsageError
from atarimae.predict.boxes import CORNERS, SIDES, box_of
from atarimae.types import Box

Object = Mapping[str, object]
_SHOWN = 60  # characters of a value that is told


def record(value: object, what: str) -> Object:
    """An object, by its keys."""
    if not isinstance(value, dict):
        raise wrong(value, what, "an object")
    return value


def listed(value: object, what: str) -> Sequence[object]:
    """A list."""
    if not isinstance(value, list):
        raise wrong(value, what, "a list")
    return value


def word(value: object, what: str) -> str:
    """A text; a whole number is one, since classes are often numbered."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong(value, what, "a text")
    return str(value)


def number(value: object, what: str) -> float:
    """A finite number, or a text that is one."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise wrong(value, what, "a number")
    return found


def point(value: object, what: str) -> tuple[float, float]:
    """An x and a y."""
    both = listed(value, what)
    if len(both) != 2:
        raise wrong(value, what, "an x and a y")
    return number(both[0], f"{what}'s x"), number(both[1], f"{what}'s y")


def sided(value: object, what: str) -> Box:
    """The box in a list of x, y, width, height."""
    if not isinstance(value, list) or len(value) != 4:
        raise wrong(value, what, "x, y, width, height")
    return box_of(dict(zip(SIDES[0], map(str, value), strict=True)), sides=True)


def cornered(values: Sequence[object]) -> Box:
    """The box of four values: x0, y0, x1, y1."""
    return box_of(dict(zip(CORNERS[0], map(str, values), strict=True)), sides=False)


def wrong(value: object, what: str, needed: str) -> UsageError:
    """The error for a value of another kind; a few bytes of YAML may stand for a huge one."""
    shown = reprlib.Repr()
    shown.maxlevel = 2
    shown.maxstring = shown.maxother = _SHOWN
    return UsageError(f"Its {what} is {shown.repr(value)}.", "", f"It needs {needed}.")
