"""What is expected of an idea before it is tried: a difference of the main metric."""

import math
import re

from atarimae.errors import UsageError
from atarimae.runlog import Run

WRITTEN = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*(%?)\s*")


def expectation(said: str | float | None, parent: Run | None) -> float | None:
    """The expected difference to the parent: "+0.01" as it is, "+2%" of the parent's score."""
    if said is None:
        return None
    found = WRITTEN.fullmatch(said) if isinstance(said, str) else None
    value = float(found[1]) if found else float("nan") if isinstance(said, str) else float(said)
    if not math.isfinite(value):
        raise UsageError(
            "The expectation is no difference.",
            f"It is '{said}'.",
            'Write "+0.01", "-0.005", "+2%".',
        )
    if not found or not found[2]:
        return value
    if parent is None or parent.score is None:
        raise UsageError(
            f"There is nothing to take {said} of.",
            "The run has no parent with a score.",
            'Name one with --parent, or write a difference such as "+0.01".',
        )
    return value / 100 * parent.score.value
