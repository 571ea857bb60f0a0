"""Splits that look different: a classifier can tell their images apart."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from atarimae.look.checks.finding import Beside, Check, Finding, listed
from atarimae.look.checks.neighbours import reduced
from atarimae.look.checks.twosample import Apart, apart, area
from atarimae.survey import quality
from atarimae.types import SPLITS, Bools, Data, File

MOST = 4000  # images of a split that are looked at
LEAST = 0.55  # area under the curve: less is no matter, however sure
TOLD = 0.6  # area of one number by itself, from which on it is named
SHOWN = 12  # images of either split
SAID = {
    "low": "the brightness of the dark parts",
    "middle": "the brightness",
    "high": "the brightness of the bright parts",
    "colour": "the colourfulness",
    "detail": "the entropy",
    "sharpness": "the sharpness",
    "margin": "the plain margin",
    "ground": "the brightness of the rim",
    "side": "the size (log₂ of the side in px)",
    "shape": "the shape (log₂ of width by height)",
}


def _find(data: Data, beside: Beside) -> list[Finding]:
    """Given splits alone: one that a run drew at random can't differ but by chance."""
    found = []
    for other in SPLITS[1:]:
        files = _drawn(data.split("train")) + _drawn(data.split(other))
        if len({file.split for file in files}) == 2:
            found += [*_by_numbers(data, beside, files, other)]
            found += [*_by_embeddings(data, beside, files, other)]
    return found


def _drawn(data: Data) -> list[File]:
    """One file an image, at most `MOST`, always the same."""
    files = [*{file.image: file for file in reversed(data.files)}.values()]
    return sorted(files, key=lambda file: file.image)[:MOST]  # by hash: as good as at random


def _by_numbers(data: Data, beside: Beside, files: Sequence[File], split: str) -> Iterator[Finding]:
    survey = beside.survey(data)
    if survey is None:
        return
    read = set(survey.images)
    files = [file for file in files if file.image in read]
    rows: np.ndarray[Any, Any] = survey.of(quality.measure, [file.image for file in files])
    sizes = [(data.images[file.image].width, data.images[file.image].height) for file in files]
    wide, high = np.log2(np.array(sizes, np.float64).reshape(-1, 2)).T
    columns = {name: np.asarray(rows[name], np.float64) for name in SAID if name in quality.NAMES}
    columns |= {"side": (wide + high) / 2, "shape": wide - high}
    known = np.stack([np.nan_to_num(column) for column in columns.values()], 1).astype(np.float32)
    found = apart(known, _second(files, split), _clusters(data, files))
    if found and _matters(found):
        differs = _differs(columns, _second(files, split), split)
        yield _finding(
            data, beside, files, split, found, "how bright, sharp and large they are", differs
        )


def _by_embeddings(
    data: Data, beside: Beside, files: Sequence[File], split: str
) -> Iterator[Finding]:
    if beside.judged is None:
        return
    wanted = {file.path for file in files}
    kept, rows = beside.embedded(data, lambda file: file.path in wanted)
    if not len(kept):
        return
    found = apart(reduced(rows), _second(kept.files, split), _clusters(data, kept.files))
    if found and _matters(found):
        run = f"the embeddings of run {beside.judged.run.mark}"
        yield _finding(data, beside, kept.files, split, found, run, "")


def _matters(found: Apart) -> bool:
    return found.low > 0.5 and found.auc >= LEAST


def _second(files: Sequence[File], split: str) -> Bools:
    return np.array([file.split == split for file in files], bool)


def _clusters(data: Data, files: Sequence[File]) -> list[str]:
    """What is tried together: a group; a class, where the splits have different ones.

    Else a classifier would tell the splits apart by their classes, which is no news.
    """
    names: dict[str | None, set[str]] = {}
    for file in files:
        names.setdefault(file.split, set()).update(data.classes(file))
    if set.intersection(*names.values()) if names else True:
        return [file.group or file.image for file in files]
    return [data.label(file) or file.group or file.image for file in files]


def _differs(
    columns: dict[str, "np.ndarray[tuple[int], np.dtype[np.float64]]"], second: Bools, split: str
) -> str:
    """The numbers that tell the splits apart by themselves, the surest first."""
    areas = {name: area(column, second) for name, column in columns.items()}
    told = sorted((n for n in areas if abs(areas[n] - 0.5) >= TOLD - 0.5),
                  key=lambda name: -abs(areas[name] - 0.5))  # fmt: skip
    said = []
    for name in told[:3]:
        there, here = (float(np.nanmedian(columns[name][side])) for side in (~second, second))
        said.append(f"{SAID[name]} is {there:.2f} in train and {here:.2f} in {split} (medians)")
    return f" What differs: {'; '.join(said)}." if said else ""


def _finding(
    data: Data,
    beside: Beside,
    files: Sequence[File],
    split: str,
    found: Apart,
    by: str,
    differs: str,
) -> Finding:
    second = _second(files, split)
    falling = np.argsort(-found.scores, kind="stable")
    like = [files[n] for n in falling if second[n]][:SHOWN]
    unlike = [files[n] for n in falling[::-1] if not second[n]][:SHOWN]
    places = beside.places(data)
    return Finding(
        check.name,
        f"The images of {split} look different from those of train.",
        tuple(file.image for file in like),
        tuple(one.path for file in like for one in places[file.image]),
        f"By {by} a classifier tells them apart with an area under the curve of {found.auc:.2f} "
        f"(99 %: {found.low:.2f} to {found.high:.2f}; 0.5 is none) on images it has not seen."
        f"{differs} Most like {split}: {listed(f.path for f in like)}. Most like train: "
        f"{listed(f.path for f in unlike)}.",
        "Find out what differs (a camera, a source, a time of the year). Collect such images for "
        "train, or split anew so that both sides have them: 'source' and 'group' say what belongs "
        "together.",
    )


check = Check(
    "splits that look different",
    "A score on images of another kind says something else than a score on more of the same.",
    _find,
)
