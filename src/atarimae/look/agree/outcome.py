"""What came of an agreement: how far people agree, by pair and class, and where they don't."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from atarimae.look.agree.figures import Figure, Table, boxes_of, classes_of, on_all
from atarimae.score.agreement.boxes import box_f1
from atarimae.store import Agreement, Opinion, Said, Settled, Store
from atarimae.types import BOX
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Pair:
    """Two people, over the images that both answered."""

    first: str
    second: str
    images: int
    figures: tuple[Figure, ...]  # over all classes
    by_class: dict[str, Figure]
    confusion: Table

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "first": self.first, "second": self.second, "images": self.images,
            "figures": [one.as_dict() for one in self.figures],
            "by_class": {name: one.as_dict() for name, one in self.by_class.items()},
            "confusion": self.confusion.as_dict(),
        }  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """An agreement with its people; `pairs` are of those who answered an image in common."""

    asked: Agreement
    people: dict[str, int]  # how many images each answered, also those who are not done
    pairs: tuple[Pair, ...]
    together: tuple[Figure, ...]  # of all people at once: α
    apart: tuple[str, ...]  # images of which people say different things, in the order asked
    settled: dict[str, Settled]
    answers: dict[str, dict[str, Said]]  # by image and person

    @property
    def done(self) -> tuple[str, ...]:
        """Who has answered everything."""
        return tuple(name for name, many in self.people.items() if many == len(self.asked.images))

    @property
    def left(self) -> tuple[str, ...]:
        """Images of which people say different things, and of which none is chosen yet."""
        return tuple(image for image in self.apart if image not in self.settled)

    @property
    def same(self) -> tuple[str, ...]:
        """Images of which two people or more say one thing, and none is chosen yet."""
        several = (image for image in self.asked.images if len(self.answers.get(image, {})) > 1)
        return tuple(one for one in several if one not in self.apart and one not in self.settled)

    def as_dict(self) -> dict[str, object]:
        """The shape of `agree show --json`."""
        return {
            "agreement": self.asked.id, "kind": self.asked.kind, "images": len(self.asked.images),
            "classes": list(self.asked.classes), "ordered": self.asked.ordered,
            "seed": self.asked.seed, "people": self.people,
            "pairs": [one.as_dict() for one in self.pairs],
            "together": [one.as_dict() for one in self.together],
            "apart": list(self.apart), "settled": len(self.settled),
        }  # fmt: skip


def answered(given: Sequence[Opinion]) -> dict[str, int]:
    """How many images each person answered, in order of name."""
    return dict(sorted(Counter(one.by for one in given).items()))


def outcome(workspace: Workspace, number: int, *, unfinished: bool = False) -> Outcome:
    """Worked out from what people said who have answered everything, or with `unfinished` all.

    Until then nobody may know what others say. Raises `UsageError` for an unknown number.
    """
    store = Store(workspace)
    asked = store.agreements.of(number)
    given = store.agreements.opinions(number)
    counts = answered(given)
    people = [name for name, many in counts.items() if unfinished or many == len(asked.images)]
    answers = _by_image([one for one in given if one.by in people])
    pairs = [_pair(asked, answers, *two) for two in combinations(people, 2)]
    return Outcome(
        asked,
        counts,
        tuple(pair for pair in pairs if pair.images),
        on_all(asked, answers, people),
        tuple(image for image in asked.images if _differ(asked, answers.get(image, {}))),
        store.agreements.settled(number),
        answers,
    )


def _pair(asked: Agreement, answers: dict[str, dict[str, Said]], first: str, second: str) -> Pair:
    both = [one for one in asked.images if {first, second} <= answers.get(one, {}).keys()]
    sides = [[answers[image][name] for image in both] for name in (first, second)]
    figures: Callable[..., tuple[tuple[Figure, ...], dict[str, Figure], Table]]
    figures = boxes_of if asked.kind == BOX else classes_of
    return Pair(first, second, len(both), *figures(asked, *sides))


def _differ(asked: Agreement, said: dict[str, Said]) -> bool:
    """Whether any two say different things: other classes, or boxes of which one has no match."""
    first, *rest = [*said.values()] or [()]
    return any(not _same(asked, first, other) for other in rest)


def _same(asked: Agreement, first: Said, second: Said) -> bool:
    if asked.kind != BOX:
        return set(first) == set(second)
    ours, theirs = ([(name, box) for name, box in one if box] for one in (first, second))
    return all(one.value == 1 for one in box_f1(ours, theirs).values())


def _by_image(given: Sequence[Opinion]) -> dict[str, dict[str, Said]]:
    found: dict[str, dict[str, Said]] = {}
    for one in given:
        found.setdefault(one.image, {})[one.by] = one.said
    return found
