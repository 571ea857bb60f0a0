"""What was expected of a run, and what came of it."""

from dataclasses import asdict, dataclass
from typing import cast

from atarimae.runlog import Run


@dataclass(frozen=True)
class Outcome:
    """An expected difference to the parent beside the one that was seen.

    What can't be told is None: all of it without a verdict, `direction` where no change was
    expected, `inside` where the verdict has no interval.
    """

    expected: float
    came: float | None = None
    direction: bool | None = None  # whether it went up or down as expected
    inside: bool | None = None  # whether the verdict's interval holds what was expected

    def as_dict(self) -> dict[str, object]:
        """The outcome as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        """As in "expected +0.0100, came +0.0043: right direction, inside the interval"."""
        if self.came is None:
            return f"expected {self.expected:+.4f}, no verdict yet"
        said = []
        if self.direction is not None:
            said.append("right direction" if self.direction else "wrong direction")
        if self.inside is not None:
            said.append("inside the interval" if self.inside else "outside the interval")
        judged = f": {', '.join(said)}" if said else ""
        return f"expected {self.expected:+.4f}, came {self.came:+.4f}{judged}"


def outcome(run: Run) -> Outcome | None:
    """What came of the run's expectation, None where nothing was expected."""
    if run.expect is None:
        return None
    if run.verdict is None:
        return Outcome(run.expect)
    came = cast(float, run.verdict["difference"])
    low, high = (cast(float | None, run.verdict.get(name)) for name in ("low", "high"))
    return Outcome(
        expected=run.expect,
        came=came,
        direction=None if run.expect == 0 else run.expect * came > 0,
        inside=None if low is None or high is None else low <= run.expect <= high,
    )
