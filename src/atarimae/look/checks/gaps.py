"""Classes with few images, and classes that training never sees.

A class of one image is `singles`'s.
"""

from statistics import median

from atarimae.look.checks.finding import Beside, Check, Finding, listed
from atarimae.types import SPLITS, Data

SHARE = 0.2  # of the usual class's images: at or below, a class has few
ENOUGH = 10  # images, which are never few
SHOWN = 3  # images of each class


def _few(data: Data, beside: Beside) -> list[Finding]:
    """One finding for all of them, the smallest first: a list of thousands would say no more."""
    sizes = {name: len(images) for name, images in _images(data).items()}
    usual = median(sizes.values()) if sizes else 0
    most = min(SHARE * usual, ENOUGH - 1)
    names = sorted((n for n in sizes if 1 < sizes[n] <= most), key=lambda name: (sizes[name], name))
    if not names:
        return []
    said = listed(f"{name} ({sizes[name]:,})" for name in names)
    number = f"{len(names):,} classes have" if len(names) > 1 else f"'{names[0]}' has"
    fix = "Look for more images of them first ('propose' asks a model for some), or join them."
    return [
        _finding(
            few, data, names, f"{number} few images.",
            f"{said}; the usual class has {usual:g}.", fix,
        )
    ]  # fmt: skip


def _unlearned(data: Data, beside: Beside) -> list[Finding]:
    """Where the task does not ask about unseen classes."""
    learned = set(data.split("train").class_names)
    if beside.unseen_classes or not learned:
        return []
    findings = []
    for split in SPLITS[1:]:
        asked = data.split(split)
        names = [name for name in asked.class_names if name not in learned]
        if names:
            number = f"{len(names):,} classes are" if len(names) > 1 else f"'{names[0]}' is"
            findings.append(
                _finding(
                    unlearned, asked, names, f"{number} in {split} and not in train.",
                    f"Not in train: {listed(names)}; {len(names):,} of the "
                    f"{len(asked.class_names):,} classes of {split}.",
                    f"Move some of their images to train, or take them out of {split}.",
                )
            )  # fmt: skip
    return findings


def _finding(
    check: Check, data: Data, names: list[str], what: str, evidence: str, fix: str
) -> Finding:
    images = _images(data)
    shown = {i: path for name in names for i, path in [*images[name].items()][:SHOWN]}
    return Finding(check.name, what, tuple(shown), tuple(shown.values()), evidence, fix)


def _images(data: Data) -> dict[str, dict[str, str]]:
    """By class, its images with the first path of each."""
    found: dict[str, dict[str, str]] = {}
    for file in data.files:
        for name in data.classes(file):
            found.setdefault(name, {}).setdefault(file.image, file.path)
    return found


few = Check(
    "classes with few images",
    "What was seldom seen is seldom recognised, and its score is mostly chance.",
    _few,
)
unlearned = Check(
    "classes that training lacks",
    "A model can't answer with what it has never seen.",
    _unlearned,
)
