"""Another tool's predictions: COCO results, or a CSV with scores."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atarimae import files
from atarimae.errors import UsageError
from atarimae.predict.boxes import SIDES, box_of, columns_of
from atarimae.types import Box

LISTED = 20
REQUIRED = ("file", "label", "score")
Object = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Said:
    """One prediction: what is said of a file, as the tool names it, and how sure."""

    place: str  # in the tool's file
    file: str
    label: str
    score: float
    box: Box | None = None


def is_predictions(path: Path) -> bool:
    """Whether a path is read as predictions."""
    return path.is_file() and path.suffix.lower() in (".json", ".csv")


def read(path: Path, coco: Path | None = None) -> list[Said]:
    """Every prediction. `coco` is the file that COCO's results take images and categories from.

    Raises `UsageError` with all rows that can't be read.
    """
    rows = _table(path) if path.suffix.lower() == ".csv" else _results(path, coco)
    made: list[Said] = []
    bad: list[str] = []
    for place, row in rows:
        try:
            made.append(row(place))
        except UsageError as error:
            bad.append(f"{place}: {' '.join(part for part in (error.what, error.fix) if part)}")
    if bad:
        raise all_bad(path, bad)
    return made


def all_bad(path: Path, bad: Sequence[str]) -> UsageError:
    """The error for everything that is wrong at once: the first are named, the rest counted."""
    more = f" (and {len(bad) - LISTED:,} more)" if len(bad) > LISTED else ""
    return UsageError(
        f"{path} has {len(bad):,} bad row{'s' if len(bad) > 1 else ''}.",
        "\n  ".join(bad[:LISTED]) + more,
        "Mend them all; nothing was recorded.",
    )


Row = Callable[[str], Said]


def _table(path: Path) -> Iterator[tuple[str, Row]]:
    reader = csv.reader(io.StringIO(files.read_text(path), newline=""), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        missing = [name for name in REQUIRED if name not in header]
        if missing:
            raise UsageError(
                f"{path} has the wrong columns.",
                f"It has no column {' and no '.join(missing)}. Its first line is "
                f"'{','.join(header)}'.",
                "Predictions need file,label,score and may have x0,y0,x1,y1.",
            )
        columns = columns_of(header)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                told = dict(zip(header, cells, strict=False))
                if len(cells) != len(header):
                    told = {}
                yield (
                    f"line {reader.line_num}",
                    lambda place, told=told: Said(  # type: ignore[misc]
                        place, _word(told.get("file"), "file"), _word(told.get("label"), "label"),
                        _number(told.get("score")), columns.box(told) if columns else None,
                    ),
                )  # fmt: skip
    except csv.Error as error:
        raise UsageError(
            f"{path} is not a CSV.", f"Line {reader.line_num}: {error}.", "Quote cells with commas."
        ) from None


def _results(path: Path, coco: Path | None) -> Iterator[tuple[str, Row]]:
    found = _json(path)
    if not isinstance(found, list):
        raise UsageError(
            f"{path} is no list of COCO results.",
            f"It holds {type(found).__name__}.",
            "Results are [{image_id, category_id, bbox, score}, …].",
        )
    images, categories = _names(coco)
    for number, one in enumerate(found):
        yield (
            f"result {number}",
            lambda place, one=one: _result(place, one, images, categories),  # type: ignore[misc]
        )


def _result(place: str, one: object, images: Object | None, categories: Object | None) -> Said:
    if not isinstance(one, dict):
        raise UsageError(f"It is {type(one).__name__}.", "", "It needs an object.")
    box = one.get("bbox")
    if box is not None and not (isinstance(box, list) and len(box) == 4):
        raise UsageError("Its bbox is no list of four.", "", "It needs x, y, width, height.")
    corners = None if box is None else dict(zip(SIDES[0], map(str, box), strict=True))
    file = one.get("file_name", one.get("image_id"))
    label = one.get("category", one.get("category_id"))
    return Said(
        place, _named(file, images, "image_id"), _named(label, categories, "category_id"),
        _number(one.get("score")), None if corners is None else box_of(corners, sides=True),
    )  # fmt: skip


def _named(value: object, names: Object | None, what: str) -> str:
    """A text stands for itself; a number needs the file that names it."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UsageError(f"Its {what} is {value!r}.", "", "It needs a number or a name.")
    if names is not None and str(value) in names:
        return str(names[str(value)])
    if isinstance(value, int):
        fix = "There is no such id." if names is not None else "Name it with --coco FILE."
        raise UsageError(f"Its {what} is {value}.", "", fix)
    return value


def _names(coco: Path | None) -> tuple[Object | None, Object | None]:
    """File names and categories by id, as text."""
    if coco is None:
        return None, None
    found = _json(coco)
    try:
        images = {str(one["id"]): one["file_name"] for one in found["images"]}  # type: ignore[index]
        names = {str(one["id"]): one["name"] for one in found["categories"]}  # type: ignore[index]
    except (KeyError, TypeError) as error:
        raise UsageError(
            f"{coco} is no COCO file.",
            f"It has no list of images with id and file_name, or of categories: {error}.",
            "Name the file that the results are of.",
        ) from None
    return images, names


def _json(path: Path) -> object:
    try:
        return json.loads(files.read_text(path))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON.", f"{error}.", "Write it again.") from None


def _word(text: str | None, what: str) -> str:
    if text is None:
        raise UsageError("It has more or fewer cells than the header.")
    if not text.strip():
        raise UsageError(f"It has no {what}.")
    return text.strip()


def _number(value: object) -> float:
    """A finite score, whatever its scale."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise UsageError(f"Its score is {value!r}.", "", "It needs a number.")
    return found
