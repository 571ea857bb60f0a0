"""Several images of one picture: resized, cut, saved again, mirrored or turned."""

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.grouping import agreeing, grouped
from atarimae.types import Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    """Where labels differ, the pair is another check's: it may be two things that look alike."""
    alike, _ = agreeing(data, beside)
    return [
        Finding(
            check.name,
            f"{len(one.files):,} images show one picture.",
            one.images,
            one.paths,
            one.evidence,
            f"Keep {one.paths[0]}: {one.why}. Remove the rest, or give them one 'group', so that "
            "no split parts them.",
        )
        for one in grouped(data, beside, [pair for pair in alike if not pair.same])
    ]


check = Check(
    "near-duplicates",
    "A picture that was resized, cut, saved again, mirrored or turned still counts twice.",
    _find,
)
