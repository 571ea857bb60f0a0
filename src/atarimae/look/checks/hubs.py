"""Gallery images that fill the answers of a run."""

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.score.leaks import Hub, hubs
from atarimae.types import Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    predictions = beside.judged.predictions() if beside.judged else None
    if beside.judged is None or predictions is None:
        return []
    val = beside.judged.val()
    searched = data.where(lambda file: file.path in val)
    return [_finding(hub, beside.judged.run.mark) for hub in hubs(predictions, searched) or ()]


def _finding(hub: Hub, run: str) -> Finding:
    return Finding(
        check.name,
        f"{hub.file.path} fills many answers.",
        (hub.file.image,),
        (hub.file.path,),
        f"In run {run} it stands wrongly in {hub.wrong:,} of {hub.of:,} lists; a gallery image "
        f"does so in {hub.usual:.1f} on average.",
        "Look at it: an empty, blurred or mislabelled picture is near to everything. Take it out, "
        "or label it rightly; where it is sound, whitening evens hubs out.",
    )


check = Check(
    "images that fill many answers",
    "A hub takes the place of right answers in the lists of many queries.",
    _find,
)
