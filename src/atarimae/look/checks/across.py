"""Copies of one picture on both sides of a split, or in two folds of a run."""

from atarimae.look.checks.crossing import Sides, crossing, sides
from atarimae.look.checks.finding import Beside, Check, Finding, listed
from atarimae.look.checks.grouping import Group, grouped
from atarimae.types import Data, File


def _find(data: Data, beside: Beside) -> list[Finding]:
    """One image in two splits is another check's; so are copies whose labels differ."""
    known = sides(data, beside)
    found = crossing(data, beside, known)
    return [_finding(data, one, known) for one in grouped(data, beside, found)]


def _finding(data: Data, one: Group, known: Sides) -> Finding:
    there = {side: None for file in one.files if (side := known.of.get(file.path))}
    return Finding(
        check.name,
        f"One picture is in {' and '.join(sorted(there))}, as {len(one.files):,} images.",
        one.images,
        one.paths,
        f"{listed(_said(file, known) for file in one.files)}. {one.evidence}",
        "Keep them on one side: 'atarimae look --repair' gives all such copies one group and, "
        "where splits are given, the later one; 'atarimae undo' takes it back.",
    )


def _said(file: File, known: Sides) -> str:
    return f"{file.path} ({known.of.get(file.path, 'no split')})"


check = Check(
    "copies across splits",
    "A leak that comparing files does not show: a copy was trained on.",
    _find,
)
