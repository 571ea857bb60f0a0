"""One score from those of several folds."""

from collections.abc import Sequence

import numpy as np

from atarimae.score.intervals import interval
from atarimae.types import Score


def pooled(folds: Sequence[Sequence[Score]]) -> list[Score]:
    """Each metric over the parts of all folds together, with its interval.

    No query is in two folds. A metric without parts is the mean of the folds' values, without an
    interval. A metric that not every fold has (it may lack queries of a kind) is left out. Where
    conventions differ, as the number of queries does, the folds' are told one after the other.
    """
    metrics = [{score.metric: score for score in fold} for fold in folds]
    shared = [name for name in metrics[0] if all(name in fold for fold in metrics)]
    return [_pooled([fold[name] for fold in metrics]) for name in shared]


def _pooled(scores: Sequence[Score]) -> Score:
    keys = tuple(key for score in scores for key in score.keys)
    parts = [float(part) for score in scores for part in score.parts]
    values = parts or [score.value for score in scores]
    whole = Score(
        scores[0].metric,
        sum(values) / len(values),
        _convention(scores),
        keys,
        np.asarray(parts, np.float32),
        tuple(name for score in scores for name in score.clusters),
        within=scores[0].within,
    )
    return interval(whole) if keys else whole


def _convention(scores: Sequence[Score]) -> dict[str, str | int | float | bool]:
    names = dict.fromkeys(name for score in scores for name in score.convention)
    told: dict[str, str | int | float | bool] = {"folds": len(scores)}
    for name in names:
        found = [score.convention.get(name, "none") for score in scores]
        told[name] = found[0] if len(set(found)) == 1 else " / ".join(map(str, found))
    return told
