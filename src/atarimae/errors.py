"""One base error: what happened, what was found, how to fix it."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class AtarimaeError(Exception):
    """A user's mistake or a refusal, said in three parts.

    `exit_code` is what the command line ends with: 1 for a finding or refusal, 2 for wrong usage.
    """

    exit_code = 1

    def __init__(self, what: str, found: str = "", fix: str = "") -> None:
        super().__init__(what, found, fix)
        self.what = what
        self.found = found
        self.fix = fix

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.found, self.fix) if part)

    def as_dict(self) -> dict[str, str]:
        """The JSON shape of every error, on the command line and over HTTP."""
        return {"what": self.what, "found": self.found, "fix": self.fix}


class UsageError(AtarimaeError):
    """The call itself is wrong: a bad recipe, a bad CSV, an unknown name."""

    exit_code = 2


def gathered(bad: Sequence[str], most: int) -> str:
    """What was found, a line each: the first `most`, and how many more there are."""
    more = f"\n  and {len(bad) - most:,} more" if len(bad) > most else ""
    return "\n  ".join(bad[:most]) + more


def unknown_name(kind: str, name: str, known: Iterable[str], where: str = "") -> UsageError:
    """The error for a name that is not there, with the nearest one that is."""
    names = sorted(known)
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    return UsageError(
        f"No {kind} '{name}'{where}.",
        f"There is {listed}." if names else f"There is no {kind} yet.",
        f"Did you mean '{near[0]}'?" if near else "Use one of these." if names else "",
    )
