"""The control slice: proposals that are drawn at random, and looked at without their score.

How often a class of a model is right is measured on them alone. What people pick to look at (the
least sure, say) is no sample, and to stop looking once the number pleases makes it too high. So who
is in the slice is drawn by name, class by class, and a class counts once its slice is done.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from atarimae.errors import UsageError
from atarimae.score.distributions import clopper_pearson
from atarimae.store import Proposal

BAR = 0.95
CHANCE = 0.95  # of the intervals
SHARE = 0.25  # of a class that is too small to be proven
BULK = "control slice"  # how the finding of an edit begins that accepted what nobody looked at


@dataclass(frozen=True, slots=True)
class Slice:
    """Which proposals are drawn: of each class as many as the bar needs, all of them right."""

    bar: float = BAR
    size: int | None = None  # of each class, where somebody wants more or fewer
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.bar < 1 or (self.size is not None and self.size < 1):
            raise UsageError(
                "The control slice can't be drawn.",
                f"The bar is {self.bar:g}"
                + (f", of each class {self.size} are wanted." if self.size is not None else "."),
                "The bar lies between 0 and 1, say 0.95; of a class at least 1 is drawn.",
            )

    @property
    def wanted(self) -> int:
        """How many of a class, where it has more than that."""
        return self.size or needed(self.bar)

    def of(self, proposals: Iterable[Proposal]) -> frozenset[int]:
        """The ids that are drawn. A proposal that comes later never draws in an older one."""
        drawn = (self.drawn(some) for some in by_class(proposals).values())
        return frozenset(one.id for some in drawn for one in some)

    def drawn(self, some: Sequence[Proposal]) -> list[Proposal]:
        """Of one class of one model, in the order in which they were drawn."""
        most = self.wanted if len(some) > self.wanted else math.ceil(SHARE * len(some))
        return sorted(some, key=lambda one: chance(one, self.seed))[:most]


@dataclass(frozen=True, slots=True)
class Precision:
    """How often one model is right of one class, as far as its control slice tells."""

    model: str
    kind: str  # of label: a class of images is one thing, boxes of it another
    label: str
    proposals: int
    untouched: int
    size: int  # of the slice
    reviewed: int  # of it
    right: int  # of those: accepted as they are
    low: float  # 95 %, exact
    high: float

    @property
    def value(self) -> float | None:
        """None where nothing was looked at."""
        return self.right / self.reviewed if self.reviewed else None

    @property
    def is_done(self) -> bool:
        """Nothing of the slice is left to be looked at."""
        return self.reviewed == self.size

    def passes(self, bar: float) -> bool:
        """Whether the rest may be accepted unseen."""
        return self.is_done and self.low >= bar

    def as_dict(self, bar: float) -> dict[str, object]:
        """JSON values."""
        return {
            "model": self.model, "kind": self.kind, "label": self.label,
            "proposals": self.proposals, "untouched": self.untouched, "slice": self.size,
            "reviewed": self.reviewed, "right": self.right, "precision": self.value,
            "low": self.low, "high": self.high, "passes": self.passes(bar),
        }  # fmt: skip


def needed(bar: float) -> int:
    """The fewest that, all of them right, have a lower bound of the bar."""
    return max(1, math.ceil(math.log((1 - CHANCE) / 2) / math.log(bar) - 1e-9))


def precisions(proposals: Iterable[Proposal], which: Slice) -> list[Precision]:
    """Of each class of each model, the largest first.

    The interval is the one of Clopper and Pearson. A box that was moved is not right.
    """
    found = [_precision(*name, some, which) for name, some in by_class(proposals).items()]
    order = sorted(found, key=lambda one: (one.label, one.kind, one.model))
    return sorted(order, key=lambda one: (-one.untouched, -one.proposals))


def by_class(proposals: Iterable[Proposal]) -> Mapping[tuple[str, str, str], list[Proposal]]:
    """By model, kind of label and class."""
    found = defaultdict[tuple[str, str, str], list[Proposal]](list)
    for one in proposals:
        found[one.label.by, one.label.kind, one.label.value].append(one)
    return found


def looked_at(one: Proposal) -> bool:
    """Whether a person decided on this one, and not on its class."""
    return one.fate != "untouched" and not (one.finding or "").startswith(BULK)


def chance(one: Proposal, seed: int) -> str:
    """What orders proposals at random, the same on every machine and after an undo."""
    said = one.label
    name = f"{seed} {said.by} {said.kind} {said.value} {said.image} {said.box}"
    return hashlib.sha256(name.encode()).hexdigest()


def _precision(
    model: str, kind: str, label: str, some: Sequence[Proposal], which: Slice
) -> Precision:
    drawn = which.drawn(some)
    seen = [one for one in drawn if looked_at(one)]
    right = sum(one.fate == "accepted" for one in seen)
    low, high = clopper_pearson(right, len(seen), CHANCE) if seen else (0.0, 1.0)
    left = sum(one.fate == "untouched" for one in some)
    return Precision(model, kind, label, len(some), left, len(drawn), len(seen), right, low, high)
