"""Classes on both sides of a split, where the task asks about unseen ones."""

from itertools import combinations

from atarimae.look.checks.finding import Beside, Check, Finding, listed
from atarimae.score.leaks import shared_classes
from atarimae.types import SPLITS, Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    if not beside.unseen_classes:
        return []
    return [
        found
        for first, second in combinations(SPLITS, 2)
        for found in _shared(data.split(first), data.split(second), first, second)
    ]


def _shared(one: Data, other: Data, first: str, second: str) -> list[Finding]:
    """One finding for all classes of the two splits: a list of thousands would say no more."""
    names = shared_classes(one, other)
    if not names:
        return []
    shown = {name: file for file in reversed(other.files) for name in other.classes(file)}
    files = [shown[name] for name in names]
    number = f"{len(names):,} classes are" if len(names) > 1 else f"'{names[0]}' is"
    return [
        Finding(
            check.name,
            f"{number} in {first} and {second}.",
            tuple(dict.fromkeys(file.image for file in files)),
            tuple(dict.fromkeys(file.path for file in files)),
            f"In both: {listed(names)}; {len(names):,} of the {len(other.class_names):,} classes "
            f"of {second}.",
            f"Move each class to {first} or {second} alone, or leave the split to 'fit'. Where "
            "known classes are what will be asked about, it is right, and every score says it.",
        )
    ]


check = Check(
    "classes across splits",
    "A score of classes that were learned says little of classes that were not.",
    _find,
)
