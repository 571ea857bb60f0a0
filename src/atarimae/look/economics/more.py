"""What more labels would likely bring: a cheap head, refitted on ever larger parts of the labels.

The head is the one of `score.labels`, on embeddings that owe nothing to the labels they are judged
by. It is no fit of the task: it says how fast labels stop to matter, not what a run would score.
"""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from atarimae.look.checks.unseen import Section
from atarimae.predict.unit import unit
from atarimae.score.labels.folds import dealt
from atarimae.score.labels.head import log_chances
from atarimae.score.learning import Bound, Curve, curve
from atarimae.types import Floats, Ints

Numbers = npt.NDArray[np.float64]

MORE = 200
SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)  # of what is free to learn from
SEEDS = 5
PARTS = 4  # one is asked about, the others are learned from
FEWEST = 60  # judged images
LEAST = 3  # sizes
MOST = 4_000  # judged images that are enough: more only take time
FAR = 4.0  # times the largest size that was measured: further out nothing is said


@dataclass(frozen=True)
class More:
    """What further labels bring; `why` says why it can't be told, where it can't."""

    labelled: int  # images that were judged
    run: str  # whose embeddings
    curve: Curve | None
    why: str = ""

    @property
    def gain(self) -> Bound | None:
        """By how much the share of images that are told wrongly would fall; None: can't tell."""
        return self.curve.gain if self.curve and not self.why else None

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "more": MORE, "labelled": self.labelled, "run": self.run,
            "gain": None if self.gain is None else asdict(self.gain),
            "curve": None if self.curve is None else asdict(self.curve), "why": self.why,
        }  # fmt: skip


def more_labels(sections: list[Section]) -> More:
    """From the largest section: images with one label each that one run may judge."""
    if not sections:
        return More(0, "", None, "There is no run whose embeddings owe nothing to the labels.")
    part = max(sections, key=lambda one: len(one.labels))
    number, run = len(part.labels), part.judged.run.id
    names, targets = np.unique(part.labels, return_inverse=True)
    if number < FEWEST or len(names) < 2:
        return More(number, run, None, f"{number:,} images could be judged; {FEWEST} are needed.")
    rows, groups = unit(part.rows), [file.group for file in part.data.files]
    kept = np.sort(np.random.default_rng(0).permutation(number)[:MOST])
    sizes, wrong, asked = measured(rows[kept], targets[kept], [groups[n] for n in kept])
    if len(sizes) < LEAST:
        return More(number, run, None, "Their groups are so large that too few are free to learn.")
    found = curve(sizes, wrong, asked, number, MORE)
    return More(number, run, found, _doubt(found, number))


def measured(
    rows: Floats, targets: Ints, groups: list[str | None]
) -> tuple[npt.NDArray[np.int64], Numbers, Numbers]:
    """The sizes, and what was told wrongly (seeds, sizes, images) of what was asked.

    Subsets of one seed are nested. Groups are never on both sides; where they leave fewer than
    `LEAST` sizes, nothing is fitted.
    """
    folds = [dealt(targets, groups, PARTS, seed) for seed in range(SEEDS)]
    least = min(int((fold > 0).sum()) for fold in folds)
    sizes = np.unique([size for share in SHARES if (size := round(share * least)) > 1])
    wrong = np.zeros((SEEDS, len(sizes), len(rows)))
    asked = np.stack([fold == 0 for fold in folds]).astype(np.float64)
    classes = int(targets.max()) + 1
    for seed, fold in enumerate(folds if len(sizes) >= LEAST else ()):
        free = np.random.default_rng(seed).permutation(np.flatnonzero(fold > 0))
        test = np.flatnonzero(fold == 0)
        for place, size in enumerate(sizes):
            some = free[:size]
            told = log_chances(rows[some], targets[some], rows[test], classes).argmax(1)
            wrong[seed, place, test] = told != targets[test]
    return sizes, wrong, asked


def _doubt(found: Curve, number: int) -> str:
    """Why nothing is said of more labels; empty where something can be."""
    first, last = found.errors[0], found.errors[-1]
    if number + MORE > FAR * found.sizes[-1]:
        return (
            f"{number + MORE:,} labels are more than {FAR:.0f} times the {found.sizes[-1]:,} that "
            "could be learned from."
        )
    if first.low <= last.high:
        return (
            f"The error with {found.sizes[-1]:,} labels ({last.value:.3f}) is not clearly lower "
            f"than with {found.sizes[0]:,} ({first.value:.3f}): there is no curve to follow."
        )
    if not last.low <= found.predicted <= last.high:
        return (
            f"A curve of the smaller sizes says {found.predicted:.3f} for {found.sizes[-1]:,} "
            f"labels, and {last.value:.3f} [{last.low:.3f}, {last.high:.3f}] was measured."
        )
    return ""
