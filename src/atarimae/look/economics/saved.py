"""How many labels models saved people, and how long people take for one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from math import comb
from statistics import median

from atarimae.review.control import looked_at
from atarimae.store import Edit, Proposal

PAUSE = 300.0  # seconds between two edits, from which on somebody did something else
FEW = 10  # labels, below which no pace is told
BY_HAND = ("label",)
DECIDED = ("accept", "reject", "edit")


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of proposals; of those accepted, `unseen` were so in bulk."""

    proposals: int
    untouched: int
    accepted: int
    unseen: int
    edited: int
    rejected: int
    by_hand: int  # people labelled the image without a look at it


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one person and one way to label: the median of seconds a label, with a 95 % interval."""

    person: str
    what: str  # "by hand", or "from a proposal"
    labels: int  # between which the time is known
    pauses: int  # gaps that are none
    seconds: float | None  # None where there are too few
    low: float | None
    high: float | None


def saved(proposals: Iterable[Proposal], edits: Iterable[Edit]) -> Saved:
    """Counted by fate, of those that people decided on as proposals.

    A class that was simply said of the image is none of them; a box that was moved is.
    """
    known, actions = list(proposals), {edit.id: edit.action for edit in edits}
    decided = [
        one
        for one in known
        if actions.get(one.decided or 0) in DECIDED
        or (one.decided is not None and one.label.kind != "class")
    ]
    fates = Counter(one.fate for one in decided)
    unseen = sum(one.fate == "accepted" and not looked_at(one) for one in decided)
    left = sum(one.fate == "untouched" for one in known)
    return Saved(
        len(known), left, fates["accepted"], unseen, fates["edited"], fates["rejected"],
        len(known) - left - len(decided),
    )  # fmt: skip


def paces(edits: Sequence[Edit]) -> list[Pace]:
    """From the times between a person's edits of one image each, the person with most first.

    The time before an edit is what it took. A longer gap than `PAUSE` is a pause, an edit of many
    images at once says nothing of one, and a median leaves what is odd aside.
    """
    found = []
    for person in dict.fromkeys(edit.by for edit in edits):
        own = sorted((edit for edit in edits if edit.by == person), key=lambda one: one.at)
        for what, actions in (("by hand", BY_HAND), ("from a proposal", DECIDED)):
            gaps = [
                (datetime.fromisoformat(late.at) - datetime.fromisoformat(early.at)).total_seconds()
                for early, late in pairwise(own)
                if late.action in actions and _is_single(late)
            ]
            if gaps:
                found.append(_pace(person, what, gaps))
    return sorted(found, key=lambda one: (-one.labels, one.person, one.what))


def as_dict(saved: Saved, told: Iterable[Pace]) -> dict[str, object]:
    """JSON values."""
    return {"labels": asdict(saved), "paces": [asdict(one) for one in told]}


def seconds_saved(saved: Saved, told: Sequence[Pace]) -> float | None:
    """What accepted proposals spared: a label by hand less a decision, none for those unseen.

    Rejected ones cost a decision each. None where either pace is not known of one person.
    """
    for one in told:
        other = [p for p in told if p.person == one.person and p.what != one.what]
        if one.what == "by hand" and other and one.seconds is not None:
            decision = other[0].seconds
            if decision is not None:
                looked = saved.accepted - saved.unseen + saved.edited + saved.rejected
                return one.seconds * (saved.accepted + saved.edited) - decision * looked
    return None


def _is_single(edit: Edit) -> bool:
    return max(edit.labels_added, edit.labels_removed) <= 2 and edit.files_added == 0


def _pace(person: str, what: str, gaps: Sequence[float]) -> Pace:
    short = sorted(gap for gap in gaps if gap <= PAUSE)
    pauses = len(gaps) - len(short)
    if len(short) < FEW:
        return Pace(person, what, len(short), pauses, None, None, None)
    rank = _rank(len(short))
    return Pace(
        person, what, len(short), pauses, median(short), short[rank], short[len(short) - 1 - rank]
    )


def _rank(number: int) -> int:
    """The rank of the value below which the median lies with a chance of 2.5 % at most."""
    rank, chance = 0, 0.5**number
    while chance + comb(number, rank + 1) * 0.5**number <= 0.025:
        rank += 1
        chance += comb(number, rank) * 0.5**number
    return rank
