"""Copies as pairs to decide on: the one that would be kept beside each of the others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from atarimae.look.catalogue import Listing
from atarimae.look.checks import Finding, copies, disagreeing, duplicates, same_pixels
from atarimae.look.items import item
from atarimae.types import File

CHECKS = tuple(one.check.name for one in (duplicates, same_pixels, copies, disagreeing))


@dataclass(frozen=True, slots=True)
class Twins:
    """Two files of one picture; the left one is what the finding would keep."""

    left: File
    right: File
    finding: Finding

    def as_dict(self, listing: Listing) -> dict[str, object]:
        """JSON values, with the files as they are now."""
        sides = {name: _side(listing, getattr(self, name)) for name in ("left", "right")}
        told = self.finding
        return sides | {"check": told.check, "evidence": told.evidence, "fix": told.fix}


def twins(listing: Listing, findings: Iterable[Finding]) -> list[Twins]:
    """The pairs that are still to be decided: both in the data, and not in one group."""
    found = (pair for finding in findings if finding.check in CHECKS for pair in _pairs(finding))
    known: dict[tuple[str, str], Twins] = {}
    for left, right, finding in found:
        files = listing.file(left), listing.file(right)
        if files[0] and files[1] and (files[0].group is None or files[0].group != files[1].group):
            known.setdefault((left, right), Twins(files[0], files[1], finding))
    return list(known.values())


def _pairs(finding: Finding) -> Iterator[tuple[str, str, Finding]]:
    first, *others = finding.files
    return ((first, other, finding) for other in others)


def _side(listing: Listing, file: File) -> dict[str, object]:
    image = listing.data.images[file.image]
    return item(listing, file) | {
        "width": image.width, "height": image.height, "format": image.format, "bytes": image.bytes,
    }  # fmt: skip
