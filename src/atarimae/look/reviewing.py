"""The queue of proposals as the review page shows it, and what it costs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from threading import Lock

from atarimae.look.doubts import Doubt, Doubts, doubts
from atarimae.look.economics import Economics, economics
from atarimae.look.site import Site
from atarimae.review import Slice
from atarimae.review.control import chance
from atarimae.store import Proposal

MOST = 100  # proposals in one answer
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which proposals, in what order; the control slice in the one that it was drawn in."""

    order: str = "margin"
    label: str = ""
    model: str = ""
    control: bool = False
    which: Slice = field(default_factory=Slice)


class Reviewing:
    """Proposals in order; what is worked out for that is kept until the next edit."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.store = site.catalogue.store
        self._lock = Lock()
        self._doubts: tuple[int, Doubts] | None = None
        self._dear = Lock()

    def queue(self, wanted: Wanted, start: int) -> dict[str, object]:
        """Some of what is to be decided. Of the control slice no score is told, nor any doubt."""
        found = self.store.proposals()
        drawn = wanted.which.of(found)
        left = [one for one in found if one.fate == "untouched"]
        doubts = self.doubts(found)
        meant = self._ordered(wanted, left, drawn, doubts)
        shown = meant[start : start + MOST]
        return {
            "version": self.store.last_edit(),
            "total": len(meant),
            "control": sum(one.id in drawn for one in left),
            "rest": sum(one.id not in drawn for one in left),
            "people": _people(found),
            "items": [self._item(one, doubts, blind=wanted.control) for one in shown],
        }

    def doubts(self, found: Sequence[Proposal]) -> Doubts:
        """What the head says of them now."""
        with self._lock:
            edit = self.store.last_edit()
            if self._doubts is None or self._doubts[0] != edit:
                data = self.site.catalogue.now().data
                self._doubts = (edit, doubts(self.site.workspace, data, found))
            return self._doubts[1]

    def economics(self, *, more: bool) -> Economics:
        """Of the newest data; what `more` labels would bring is worked out by one at a time."""
        if not more:
            return economics(self.site.workspace, more=False)
        with self._dear:
            return economics(self.site.workspace)

    @staticmethod
    def _ordered(
        wanted: Wanted, left: Sequence[Proposal], drawn: frozenset[int], doubts: Doubts
    ) -> list[Proposal]:
        meant = [
            one
            for one in left
            if (one.id in drawn) is wanted.control
            and wanted.label in ("", one.label.value)
            and wanted.model in ("", one.label.by)
        ]
        if not wanted.control:
            return doubts.ordered(meant, wanted.order)
        return sorted(meant, key=lambda one: chance(one, wanted.which.seed))

    def _item(self, one: Proposal, doubts: Doubts, *, blind: bool) -> dict[str, object]:
        said, listing = one.label, self.site.catalogue.now()
        files = listing.files_by_image.get(said.image, [])
        known = listing.data.images.get(said.image)
        doubt = doubts.of.get(said.image) if said.kind == "class" else None
        open_ = {} if blind else {"score": said.score, "model": said.by, "doubt": _told(doubt)}
        return {
            "id": one.id, "image": said.image, "kind": said.kind, "label": said.value,
            "path": files[0].path if files else "", "box": said.box and asdict(said.box),
            "width": known.width if known else 0, "height": known.height if known else 0,
            "points": said.points,
            "examples": doubts.examples(said.value, said.image, EXAMPLES),
            "rather": _rather(one, doubt, doubts, blind=blind), **open_,
        }  # fmt: skip


def _rather(
    one: Proposal, doubt: Doubt | None, doubts: Doubts, *, blind: bool
) -> list[dict[str, object]]:
    """Other classes that it may be, each with a picture; without their chances where nobody is to
    be told.
    """
    others = [pair for pair in (doubt.rather if doubt else ()) if pair[0] != one.label.value]
    return [
        {
            "label": name,
            "chance": None if blind else round(value, 4),
            "examples": doubts.examples(name, one.label.image, 1),
        }
        for name, value in others[:EXAMPLES]
    ]


def _told(doubt: Doubt | None) -> dict[str, float] | None:
    if doubt is None:
        return None
    return {name: round(getattr(doubt, name), 4) for name in ("margin", "entropy", "gain")}


def _people(found: Sequence[Proposal]) -> dict[str, int]:
    """How many each person decided."""
    return dict(Counter(one.decided_by for one in found if one.decided_by).most_common())
