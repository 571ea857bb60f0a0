"""Labels that only one image has."""

import unicodedata

from atarimae.look.checks.finding import Beside, Check, Finding, listed
from atarimae.types import Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    images = _images_by_label(data)
    alike: dict[str, list[str]] = {}
    for label in images:
        alike.setdefault(_plain(label), []).append(label)
    findings = []
    for label, paths in sorted(images.items()):
        if len(paths) > 1:
            continue
        ((image, path),) = paths.items()
        twins = [other for other in alike[_plain(label)] if other != label]
        findings.append(
            Finding(
                check.name,
                f"'{label}' has a single image.",
                (image,),
                (path,),
                f"Only {path} shows it." + (f" There is also {_quoted(twins)}." if twins else ""),
                f"Write it as '{twins[0]}', if they are the same."
                if twins
                else "Add another image of it, or keep it as a query that has no match.",
            )
        )
    return findings


def _images_by_label(data: Data) -> dict[str, dict[str, str]]:
    """By label, each image that has it, with the first path where that lies."""
    found: dict[str, dict[str, str]] = {}
    for file in data.files:
        for label in data.classes(file):
            found.setdefault(label, {}).setdefault(file.image, file.path)
    return found


def _plain(label: str) -> str:
    """What is left where case, width and spaces don't count: ＡＢ-1 and 'ab 1' are alike."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    return "".join(letter for letter in folded if letter not in " -_\u3000") or folded


def _quoted(labels: list[str]) -> str:
    return listed(f"'{label}'" for label in labels)


check = Check(
    "labels with a single image",
    "There is nothing to match it with, and often it is another label misspelt.",
    _find,
)
