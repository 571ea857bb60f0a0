"""One image on both sides of a split."""

from atarimae.look.checks.finding import Beside, Check, Finding, by_image, listed
from atarimae.types import SPLITS, Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    findings = []
    for image, files in by_image(file for file in data.files if file.split).items():
        sides = sorted({str(file.split) for file in files}, key=_order)
        if len(sides) > 1:
            findings.append(
                Finding(
                    check.name,
                    f"One picture is in {' and '.join(sides)}.",
                    (image,),
                    tuple(file.path for file in files),
                    f"{listed(f'{file.path} ({file.split})' for file in files)}.",
                    f"Keep it in {sides[-1]} only, so that nothing judged was trained on.",
                )
            )
    return findings


def _order(split: str) -> tuple[int, str]:
    return (SPLITS.index(split) if split in SPLITS else len(SPLITS), split)


check = Check(
    "duplicates across splits",
    "A leak: what a model was trained on can't tell how good it is.",
    _find,
)
