"""A box that is suspected, as a finding with the person's box and the proposed one."""

from collections.abc import Iterable
from dataclasses import dataclass

from atarimae.look.checks.finding import Finding
from atarimae.types import File, Label


@dataclass(frozen=True, slots=True)
class Suspect:
    """What is suspected in one image, and the model's box that says so."""

    file: File
    what: str
    evidence: str
    fix: str
    sure: float
    proposed: Label
    own: Label | None = None  # the person's; None where there should be one


def findings(check: str, suspects: Iterable[Suspect]) -> list[Finding]:
    """A finding of that check for each, the surest first."""
    return sorted((_finding(check, one) for one in suspects), key=_order)


def _finding(check: str, one: Suspect) -> Finding:
    return Finding(
        check, one.what, (one.file.image,), (one.file.path,), one.evidence, one.fix,
        sure=round(one.sure, 6), label=one.proposed.value, box=one.proposed.box,
        own=None if one.own is None else one.own.box,
        named=None if one.own is None else one.own.value,
    )  # fmt: skip


def _order(found: Finding) -> tuple[float, tuple[str, ...], str]:
    """Ties never depend on the order in which labels came."""
    return -found.sure, found.files, found.evidence


def box_told(label: Label) -> str:
    """`The box 1, 2, 30, 40`, also where it is turned."""
    box = label.box
    assert box is not None
    angle = f" turned by {box.angle:g}°" if box.angle else ""
    return f"The box {box.x0:g}, {box.y0:g}, {box.x1:g}, {box.y1:g}{angle}"
