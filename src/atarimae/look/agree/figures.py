"""The figures of an agreement, each with its interval: of classes, of boxes, of all people."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from atarimae.score.agreement.alpha import Level, alpha_of, coincidences
from atarimae.score.agreement.boxes import BARS, F1, box_f1, matched
from atarimae.score.agreement.kappa import Weights, confusion, kappa
from atarimae.score.agreement.spread import spread
from atarimae.store import Agreement, Said
from atarimae.types import BOX, Box, Ints

NONE = "none"  # what an answer of no class is called in a table
FEW = 400  # times that a class's own interval is drawn: there are many of them
AT = 0.5  # intersection over union of a match


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of agreement with its 95 % interval; NaN where nothing can be told."""

    name: str
    value: float
    low: float
    high: float
    of: int  # images, or boxes of both people

    def as_dict(self) -> dict[str, object]:
        """JSON values: null for NaN."""
        told = {name: getattr(self, name) for name in ("value", "low", "high")}
        rest = {name: None if math.isnan(one) else round(one, 6) for name, one in told.items()}
        return {"name": self.name, **rest, "of": self.of}


@dataclass(frozen=True)
class Table:
    """How often the first person said the row's class and the second the column's."""

    names: tuple[str, ...]
    counts: Ints

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {"classes": list(self.names), "counts": self.counts.tolist()}


Figures = tuple[tuple[Figure, ...], dict[str, Figure], Table]


def classes_of(asked: Agreement, first: Sequence[Said], second: Sequence[Said]) -> Figures:
    """Cohen's κ over all classes and of each against the rest; weighted where they have an order.

    An answer of no class is a class of its own; in an order it has no place, and is left out.
    """
    sides = np.array([_numbers(asked, side) for side in (first, second)], np.int64)
    total = len(asked.classes) + 1
    over_all = [_kappa("κ", sides, total)]
    if asked.ordered:
        placed = sides[:, (sides < total - 1).all(0)]
        over_all.append(_kappa("weighted κ", placed, total - 1, "quadratic"))
    same = (sides[0] == sides[1]).astype(np.float64)
    low, high = spread(lambda some: float(same[some].mean()), len(same))
    share = float(same.mean()) if len(same) else float("nan")
    over_all.append(Figure("share of equal answers", share, low, high, len(same)))
    by_class = {
        name: _kappa("κ", (sides == number).astype(np.int64), 2, resamples=FEW)
        for number, name in enumerate(asked.classes)
        if (sides == number).any()
    }
    return tuple(over_all), by_class, _table(asked, sides)


def boxes_of(asked: Agreement, first: Sequence[Said], second: Sequence[Said]) -> Figures:
    """F1 of boxes that match, at 0.5 and as the mean over 0.5 to 0.95; by class at 0.5.

    The table is of boxes that match whatever their class; `NONE` stands for no match.
    """
    sides = [[_boxes(said) for said in side] for side in (first, second)]
    images = list(zip(*sides, strict=True))
    at = {bar: [box_f1(ours, theirs, bar) for ours, theirs in images] for bar in BARS}
    over_all = (
        _f1(f"F1 at {AT}", [at[AT]]),
        _f1(f"mean F1 at {BARS[0]} to {BARS[-1]}", [at[bar] for bar in BARS]),
    )
    by_class = {
        name: _f1("F1", [[{name: one.get(name, F1(0, 0))} for one in at[AT]]], FEW)
        for name in asked.classes
        if any(name in one for one in at[AT])
    }
    return over_all, by_class, _box_table(asked, images)


def on_all(
    asked: Agreement, answers: Mapping[str, Mapping[str, Said]], people: Sequence[str]
) -> tuple[Figure, ...]:
    """Krippendorff's α of everybody's classes, gaps and all; also by order where they have one."""
    if asked.kind == BOX or len(people) < 2:
        return ()
    total = len(asked.classes) + 1
    table = np.full((len(people), len(asked.images)), -1, np.int64)
    for place, image in enumerate(asked.images):
        for name, said in answers.get(image, {}).items():
            table[people.index(name), place] = _number(asked, said)
    found = [_alpha("α", table, total, "nominal")]
    if asked.ordered:
        placed = np.where(table == total - 1, -1, table)
        found.append(_alpha("ordinal α", placed, total - 1, "ordinal"))
    return tuple(found)


def _kappa(
    name: str, sides: Ints, classes: int, weights: Weights = "none", resamples: int = 2000
) -> Figure:
    if weights == "none":
        sides, classes = _named_here(sides)

    def of(some: Ints) -> float:
        return kappa(confusion(sides[0, some], sides[1, some], classes), weights)

    images = sides.shape[1]
    value = of(np.arange(images)) if images else float("nan")
    return Figure(name, value, *spread(of, images, resamples=resamples), images)


def _alpha(name: str, table: Ints, classes: int, level: Level) -> Figure:
    if level == "nominal":
        there, classes = _named_here(table[table >= 0])
        table = table.copy()
        table[table >= 0] = there
    units = coincidences(table, classes)
    units = units[units.any((1, 2))]
    low, high = spread(lambda some: alpha_of(units[some].sum(0), level), len(units))
    return Figure(name, alpha_of(units.sum(0), level), low, high, len(units))


def _f1(name: str, bars: Sequence[Sequence[Mapping[str, F1]]], resamples: int = 2000) -> Figure:
    """The mean over bars of F1, whose matches and boxes are added up over images and classes."""
    whole = [[sum(image.values(), F1(0, 0)) for image in bar] for bar in bars]
    matches = np.array([[one.matches for one in bar] for bar in whole], np.float64)
    boxes = np.array([one.boxes for one in whole[0]], np.float64)

    def of(some: Ints) -> float:
        drawn = boxes[some].sum()
        return float(2 * matches[:, some].sum(1).mean() / drawn) if drawn else float("nan")

    value = of(np.arange(len(boxes)))
    return Figure(name, value, *spread(of, len(boxes), resamples=resamples), int(boxes.sum()))


def _box_table(
    asked: Agreement, images: Sequence[tuple[list[tuple[str, Box]], list[tuple[str, Box]]]]
) -> Table:
    number = {name: place for place, name in enumerate((*asked.classes, NONE))}
    found: list[tuple[int, int]] = []
    for first, second in images:
        pairs = matched([box for _, box in first], [box for _, box in second], AT)
        ours, theirs = ({pair[side] for pair in pairs} for side in (0, 1))
        said = [(first[one][0], second[other][0]) for one, other in pairs]
        said += [(name, NONE) for place, (name, _) in enumerate(first) if place not in ours]
        said += [(NONE, name) for place, (name, _) in enumerate(second) if place not in theirs]
        found += [(number[one], number[other]) for one, other in said]
    return _table(asked, np.array(found, np.int64).reshape(-1, 2).T)


def _table(asked: Agreement, sides: Ints) -> Table:
    """Of the classes that somebody named: a workspace may have thousands."""
    names, here = (*asked.classes, NONE), np.unique(sides)
    again, many = _named_here(sides)
    return Table(tuple(names[n] for n in here), confusion(again[0], again[1], many))


def _named_here(sides: Ints) -> tuple[Ints, int]:
    """The same with numbers of only those classes that occur, and how many they are."""
    here, again = np.unique(sides, return_inverse=True)
    return np.asarray(again, np.int64).reshape(sides.shape), len(here)


def _numbers(asked: Agreement, side: Sequence[Said]) -> list[int]:
    return [_number(asked, said) for said in side]


def _number(asked: Agreement, said: Said) -> int:
    return asked.classes.index(said[0][0]) if said else len(asked.classes)


def _boxes(said: Said) -> list[tuple[str, Box]]:
    return [(name, box) for name, box in said if box is not None]
