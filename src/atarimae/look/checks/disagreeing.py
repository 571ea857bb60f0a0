"""Images of one picture whose labels differ."""

from atarimae.look.checks.finding import Beside, Check, Finding, listed
from atarimae.look.checks.grouping import Group, agreeing, grouped
from atarimae.types import Data, File


def _find(data: Data, beside: Beside) -> list[Finding]:
    _, differing = agreeing(data, beside)
    return [_finding(data, one) for one in grouped(data, beside, differing)]


def _finding(data: Data, one: Group) -> Finding:
    named = listed(f"{file.path} ({_said(data, file)})" for file in one.files)
    return Finding(
        check.name,
        f"{len(one.files):,} images show nearly one picture, and their labels differ.",
        one.images,
        one.paths,
        f"{named}. {one.evidence}",
        "If all labels are right, these things differ by how they are turned alone, as arrows "
        "do: leave them, and train without mirroring and turning. Else correct the wrong one."
        if one.turned
        else "Look at them: a label is wrong, or they differ in a detail that is the point.",
    )


def _said(data: Data, file: File) -> str:
    """Its classes, and its split where it has one: across splits a wrong label is a leak too."""
    names = " and ".join(f"'{name}'" for name in data.classes(file))
    return names + (f", {file.split}" if file.split else "")


check = Check(
    "copies with different labels",
    "One of the labels is wrong, or two things look alike and need a closer look.",
    _find,
)
