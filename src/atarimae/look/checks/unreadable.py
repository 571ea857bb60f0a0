"""Files that `add` refused."""

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.types import Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    return [
        Finding(
            check.name,
            f"{refusal.file} was refused.",
            (),
            (refusal.file,),
            refusal.found,
            refusal.fix,
        )
        for refusal in beside.refusals
    ]


check = Check(
    "unreadable files",
    "They are on the disk but not in the data, so nothing learns from them.",
    _find,
)
