"""One queue of all findings, ranked by what a fix is worth to the score; and when to stop.

What a finding is worth is the share of the queries that it touches × the probability that it is
true × what is at stake for each of them. A training image touches every query a little: one of n
images counts for an n-th of them. Stakes are judgement, not measurement: they say in which order to
work, not what the next run will score.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from atarimae.look.checks import CHECKS, Beside, Finding, run, wrong
from atarimae.score.labels import Left
from atarimae.types import Data

# Of a touched query's part of the score, 0 to 1.
STAKES = {
    "wrong labels": 1.0,  # it can't be answered rightly
    "gallery images out of reach": 1.0,
    "boxes of a wrong class": 1.0,
    "missing boxes": 0.5,  # others in the image count as well
    "wrong pairs": 0.5,  # each image is in others
    "loose boxes": 0.25,  # it counts at a lower overlap
    "several labels on one image": 0.5,  # one of two is right
    "copies with different labels": 0.5,
    "duplicates across splits": 0.5,  # its answer was learned: about half would be right anyway
    "copies across splits": 0.5,
    "scores that copies raise": 0.5,
    "classes across splits": 0.5,
    "classes that overlap": 0.25,  # of two that look alike one may well be right
    "several things in one image": 0.25,
    "splits that look different": 0.25,
    "near-duplicates across splits": 0.25,
    "images that fill many answers": 0.25,  # a wrong answer that another may take the place of
    "unreadable files": 0.25,
    "labels with a single image": 0.25,
    "exact duplicates": 0.1,  # it counts twice
}
OTHER = 0.1  # of checks that are not named


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding with what a fix is worth, in points of the main metric."""

    finding: Finding
    worth: float
    share: float  # of the queries
    stake: float

    @property
    def why(self) -> str:
        """How the worth came to be, in one line."""
        return (
            f"{self.share:.2%} of the queries × {self.finding.sure:.0%} sure × "
            f"{self.stake:g} at stake"
        )

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        told = {"worth": round(self.worth, 8), "share": round(self.share, 8), "stake": self.stake}
        return self.finding.as_dict() | told


@dataclass(frozen=True)
class Queue:
    """Every finding: the dearest first, and check by check."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]
    left: Left | None = None  # wrong labels; None where they can't be judged
    lacks: Mapping[str, str] = field(default_factory=dict)  # by check, what it needs to say more

    def as_dict(self) -> dict[str, object]:
        """The shape of `look --json`."""
        return {
            "findings": [entry.as_dict() for entry in self.entries],
            "left": None if self.left is None else self.left.as_dict(),
            "lacks": dict(self.lacks),
        }


def queue(data: Data, known: Beside) -> Queue:
    """Every finding of every check on the data, the dearest first, and the stopping estimate."""
    findings = run(data, known)
    judged = wrong.judged_labels(data, known)
    needs = {check.name: needed for check in CHECKS if (needed := check.lacks(data, known))}
    left = None if judged is None else judged.left
    return Queue(tuple(ranked(data, findings)), tuple(findings), left, needs)


def ranked(data: Data, findings: Sequence[Finding]) -> list[Entry]:
    """The findings, the dearest first; equal ones in the order they are given in."""
    split = {file.path: file.split or "train" for file in data.files}  # as a fit takes them
    sizes = Counter(split.values())
    made = [_entry(finding, split, sizes) for finding in findings]
    return sorted(made, key=lambda entry: -entry.worth)


def _entry(finding: Finding, split: Mapping[str, str], sizes: Mapping[str, int]) -> Entry:
    share = _share(finding, split, sizes) if finding.share is None else finding.share
    stake = STAKES.get(finding.check, OTHER)
    return Entry(finding, share * finding.sure * stake, share, stake)


def _share(finding: Finding, split: Mapping[str, str], sizes: Mapping[str, int]) -> float:
    """Of the split that it touches most; of all files where its own are not in the data."""
    touched = Counter(split[path] for path in finding.files if path in split)
    if not touched:
        return min(1.0, len(finding.files) / max(1, len(split)))
    judged = {name: number for name, number in touched.items() if name != "train"} or touched
    return max(number / sizes[name] for name, number in judged.items())
