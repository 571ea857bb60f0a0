"""Cosine against calibrated confidence on a workspace's runs: Markdown tables on stdout.

    python scripts/compare_confidence.py WORKSPACE RUN RUN …

For each run: AURC, GAP, open-set MRR@20 and the AUROC of queries with a match against those
without, by the cosine, by the confidence of classes left out, and by models that lack one of its
parts, with paired 95 % intervals; on val, and on test by what was fitted on val. Then how true
confidence is told: by classes left out, on test, and on val among all of the workspace's images.
The runs' embeddings must be in the cache, or are made.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from atarimae import api, bundle, runlog, task
from atarimae.predict.index import Catalogue
from atarimae.runlog import Run
from atarimae.score.coverage import calibration_error, reliability
from atarimae.score.evaluate import Evaluation, evaluate
from atarimae.score.intervals import paired
from atarimae.store import Store
from atarimae.tasks.retrieve import confidence, metrics
from atarimae.tasks.retrieve.crowd import Crowd
from atarimae.tasks.retrieve.ranking import Ranking
from atarimae.tasks.retrieve.task import task as retrieve
from atarimae.tasks.retrieve.threshold import best_threshold
from atarimae.types import Bools, Floats, Index, Ints, Score

MODELS = {"calibrated": (), **{f"without {name}": (name,) for name in confidence.NAMES}}


@dataclass(frozen=True)
class Judged:
    """Queries with what confidence goes by."""

    found: Ranking  # without confidence
    rows: confidence.Numbers

    @property
    def right(self) -> Bools:
        """Whether the first answer is, (n)."""
        return self.found.relevant[:, 0]

    def without(self, names: tuple[str, ...]) -> confidence.Numbers:
        """The rows with some columns that tell nothing."""
        return self.rows * [name not in names for name in confidence.NAMES]

    def held(self, names: tuple[str, ...] = ()) -> Floats:
        """Confidences of classes left out."""
        told = confidence.crossfitted(self.without(names), self.right, self.found.clusters)
        assert told is not None, "there are enough to fit"
        return told[0]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("runs", nargs="+")
    arguments = parser.parse_args()
    space = api.open(arguments.workspace)
    for name in arguments.runs:
        run = runlog.find(space.folder, name)
        val, test, whole = judged(space, run)
        print(f"\n**{run.because}** (`{run.id}`)\n")
        print("\n".join([*compared(val, test), "", *calibrated(val, test, whole)]))


def judged(space: api.Workspace, run: Run) -> tuple[Judged, Judged, Judged]:
    """Val, test, and val's queries among all images."""
    chosen, model = task.load("retrieve"), bundle.read_model(run.model)
    data = Store(space.folder).data(run.data.edit if run.data else None)
    paths = runlog.judged_paths(run.folder)
    parts = [data.where(lambda file: file.path in paths), data.split("test")]
    val, test = (evaluate(chosen, model, part, cache=space.folder.cache) for part in parts)
    every = evaluate(chosen, model, data, cache=space.folder.cache)
    whole = evaluate(chosen, model, parts[0], index=every.context.index, cache=space.folder.cache)
    return _judged(val), _judged(test), _judged(whole)


def _judged(found: Evaluation) -> Judged:
    index, columns = found.context.index, found.predictions.columns
    match, similarity = cast(Ints, columns["match"]), cast(Floats, columns["similarity"])
    ranking = retrieve._ranking(found.predictions, found.data, found.context)
    return Judged(replace(ranking, confidence=None), _rows(match, similarity, index))


def _rows(match: Ints, similarity: Floats, index: Index) -> confidence.Numbers:
    crowd = Crowd(Catalogue.opened(index))
    return confidence.evidence(match, similarity, crowd.classes, crowd.of(match[:, 0]))


def compared(val: Judged, test: Judged) -> Iterator[str]:
    """A row a way to be sure; differences to the cosine, with their intervals."""
    for name, part in (("val", val), ("test", test)):
        yield f"| {name} | aurc | gap | open-set mrr@20 | auroc |"
        yield "|---|---|---|---|---|"
        threshold = _threshold(val.found)
        first = _scores(part.found, threshold)
        yield _row("cosine", first, first, part.found)
        for way, lacking in MODELS.items():
            held = replace(val.found, confidence=val.held(lacking))
            constants = confidence.fitted(val.without(lacking), val.right)
            told = confidence.confidences(test.without(lacking), constants)
            found = held if part is val else replace(test.found, confidence=told)
            yield _row(way, _scores(found, _threshold(held)), first, found)


def _threshold(found: Ranking) -> float:
    return best_threshold(found.sure, metrics.reciprocal_ranks(found.relevant), found.has_match)


def _scores(found: Ranking, threshold: float) -> dict[str, Score]:
    told = (metrics.aurc(found), metrics.gap(found), metrics.open_set_mrr(found, threshold))
    return {score.metric: score for score in told}


def _row(name: str, scores: Mapping[str, Score], first: Mapping[str, Score], found: Ranking) -> str:
    cells = []
    for metric, score in scores.items():
        before = first[metric]
        seen = paired(before.parts, score.parts, score.clusters)
        change = f" {seen.value:+.3f} [{seen.low:+.3f}, {seen.high:+.3f}]"
        cells.append(f"{score.value:.3f}" + change * (score is not before))
    return f"| {name} | {' | '.join(cells)} | {_auroc(found):.3f} |"


def _auroc(found: Ranking) -> float:
    """The chance that a query with a match is surer than one without."""
    sure, known = np.sort(found.sure), found.has_match
    below, upto = np.searchsorted(sure, found.sure), np.searchsorted(sure, found.sure, "right")
    ranks = (below + upto + 1) / 2  # equal ones share theirs
    there, none = int(known.sum()), int((~known).sum())
    return float((ranks[known].sum() - there * (there + 1) / 2) / (there * none))


def calibrated(val: Judged, test: Judged, whole: Judged) -> Iterator[str]:
    """What was told and what was right, a tenth of the queries a row."""
    constants = confidence.fitted(val.rows, val.right)
    ways = {
        "val, class left out": reliability(val.held(), val.right),
        "test": reliability(confidence.confidences(test.rows, constants), test.right),
        "val among all images": reliability(
            confidence.confidences(whole.rows, constants), whole.right
        ),
    }  # fmt: skip
    yield "| tenth | " + " | ".join(f"{name}: told | right" for name in ways) + " |"
    yield "|---|" + "---|---|" * len(ways)
    for number, row in enumerate(zip(*ways.values(), strict=True), 1):
        yield f"| {number} | " + " | ".join(f"{one.told:.3f} | {one.right:.3f}" for one in row) + " |"  # fmt: skip  # noqa: E501
    yield "| ECE | " + " | ".join(f"{calibration_error(one):.3f} |" for one in ways.values()) + " |"


if __name__ == "__main__":
    main()
