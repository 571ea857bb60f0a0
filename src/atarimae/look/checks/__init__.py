"""What is wrong with the data: one file per check.

A check is a `Check` with a function of the data and what is beside it; to add one, write its file
and put it in `CHECKS`, in the order of what a fix is worth.
"""

from atarimae import task
from atarimae.errors import AtarimaeError
from atarimae.look.checks import (
    across,
    classes,
    conflicts,
    copies,
    disagreeing,
    duplicates,
    gaps,
    hubs,
    inflated,
    leaks,
    loose,
    misnamed,
    missing,
    near,
    outliers,
    overlaps,
    pairs,
    quality,
    same_pixels,
    several,
    shift,
    singles,
    stored,
    unreachable,
    unreadable,
    wrong,
)
from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.judged import newest
from atarimae.look.checks.proposed import proposers
from atarimae.look.checks.unseen import witnesses
from atarimae.store import Store
from atarimae.survey import surveyor
from atarimae.task import Embeds
from atarimae.types import Data, Progress, silent
from atarimae.workspace import Workspace

__all__ = ["CHECKS", "Beside", "Check", "Finding", "beside", "findings", "run"]

CHECKS = (
    inflated.check,
    leaks.check,
    across.check,
    classes.check,
    wrong.check,
    misnamed.check,
    missing.check,
    pairs.check,
    loose.check,
    conflicts.check,
    disagreeing.check,
    unreachable.check,
    unreadable.check,
    duplicates.check,
    same_pixels.check,
    copies.check,
    singles.check,
    near.check,
    hubs.check,
    several.check,
    shift.check,
    overlaps.check,
    outliers.check,
    gaps.unlearned,
    gaps.few,
    *quality.checks,
    *stored.checks,
)


def findings(workspace: Workspace, progress: Progress = silent) -> list[Finding]:
    """Every finding of every check on the newest data, in the order of `CHECKS`."""
    store = Store(workspace)
    return run(store.data(), beside(workspace, store, progress))


def run(data: Data, known: Beside) -> list[Finding]:
    """Every finding of every check on `data`."""
    return [finding for check in CHECKS for finding in check.find(data, known)]


def beside(workspace: Workspace, store: Store, progress: Progress = silent) -> Beside:
    """What checks need beside the data. In doubt about the task, two labels are a finding."""
    refusals, said = tuple(store.refusals()), tuple(store.conflicts())
    looks = surveyor(workspace, progress)
    try:
        chosen = task.load(workspace.task)
    except (AtarimaeError, ImportError, AttributeError):
        return Beside(refusals=refusals, conflicts=said, surveyor=looks)
    return Beside(
        chosen.one_label, refusals, chosen.unseen_classes, isinstance(chosen, Embeds),
        newest(workspace, chosen), said, looks, witnesses(workspace, chosen),
        proposers(workspace, store, chosen),
    )  # fmt: skip
