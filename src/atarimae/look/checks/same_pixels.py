"""Several images with the same pixels: their format or what is written beside them differs."""

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.grouping import agreeing, grouped
from atarimae.types import Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    alike, _ = agreeing(data, beside)
    return [
        Finding(
            check.name,
            f"{len(one.files):,} images have the same pixels.",
            one.images,
            one.paths,
            one.evidence,
            f"Keep {one.paths[0]}: {one.why}. Remove the rest, unless each is meant to be there.",
        )
        for one in grouped(data, beside, [pair for pair in alike if pair.same])
    ]


check = Check(
    "same pixels",
    "Other bytes and the same picture: it counts twice, and comparing files does not show it.",
    _find,
)
