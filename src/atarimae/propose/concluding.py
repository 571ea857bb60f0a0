"""From answers to proposals: what is sure enough, as one edit."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from atarimae.errors import AtarimaeError, UsageError
from atarimae.propose.estimate import Estimate, Judged, estimate, threshold
from atarimae.store import Edit, Origin, Store
from atarimae.task import Proposes, Task
from atarimae.types import File, Label

PRECISION = 0.95

Answer = tuple[str, float, str]  # the class, the score of that, the known file that says so


@dataclass(frozen=True, slots=True)
class Proposal:
    """A class for an unlabelled file, and the known file that says so."""

    file: str
    image: str
    label: str
    score: float
    like: str


@dataclass(frozen=True)
class Proposed:
    """What a model proposes, surest first, and what that is worth; `edit` where it was recorded."""

    run: str  # that the model is of
    unlabelled: int  # images that were asked about
    estimate: Estimate
    found: tuple[Proposal, ...]
    edit: Edit | None = None
    rejected: int = 0  # left out, since people have said no to them before

    def as_dict(self) -> dict[str, object]:
        """The shape of `propose --json`."""
        return {
            "run": self.run,
            "unlabelled": self.unlabelled,
            "estimate": self.estimate.as_dict(),
            "proposals": [asdict(one) for one in self.found],
            "rejected": self.rejected,
            "edit": None if self.edit is None else self.edit.id,
        }


@dataclass(frozen=True)
class Wish:
    """From which score on, or with what precision there; recorded, or only told."""

    at: float | None = None
    precision: float | None = None
    dry_run: bool = False

    def check(self, task: Task) -> None:
        """An error where there are two thresholds, or the task proposes nothing."""
        if self.at is not None and self.precision is not None:
            raise UsageError(
                "Two thresholds.", "There is --at and --precision.", "Give one of them."
            )
        if not isinstance(task, Proposes):
            raise AtarimaeError(
                f"Task {task.name} proposes no labels.", "It has no method 'proposals'.",
                "See docs/new-task.md for what it returns.",
            )  # fmt: skip


def conclude(
    store: Store,
    run: str,
    wish: Wish,
    measured: tuple[Sequence[Judged], Sequence[float]],
    answers: Callable[[], Sequence[tuple[File, Answer]]],
) -> Proposed:
    """The threshold from what was measured, and the answers that reach it.

    A class that people have rejected for an image is not proposed for it again, by any model.
    """
    judged, strangers = measured
    chosen = threshold(judged, wish.precision or PRECISION) if wish.at is None else wish.at
    told = estimate(judged, chosen, strangers)
    said = answers()
    sure = [
        Proposal(file.path, file.image, label, round(score, 6), like)
        for file, (label, score, like) in said
        if label and score >= chosen
    ]
    refused = rejected(store)
    found = [one for one in sure if Label(one.image, one.label) not in refused]
    found.sort(key=lambda one: (-one.score, one.file))
    edit = None
    if found and not wish.dry_run:
        labels = [Label(one.image, one.label, by=run, score=one.score) for one in found]
        edit = store.say(
            labels, action="propose", why=f"{run} at {chosen:.4f}", origin=Origin(run=run)
        )
    return Proposed(run, len(said), told, tuple(found), edit, len(sure) - len(found))


def rejected(store: Store) -> frozenset[Label]:
    """What people said no to, without who proposed it and how sure."""
    return frozenset(one.plain for one in store.proposals() if one.fate == "rejected")
