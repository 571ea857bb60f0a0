"""MRR, Recall@k, mAP and open-set MRR, each with its convention; docs/metrics.md works them out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from atarimae.errors import AtarimaeError
from atarimae.types import Bools, Floats, Ints, Score

K = 20  # answers that are looked at
RECALLS = (1, 5, 20)

Names = Sequence[str | None]
Numbers = npt.NDArray[np.float64]
Convention = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class Ranking:
    """What n queries found in the gallery, best first, and what there was to find."""

    keys: tuple[str, ...]  # n paths
    labels: tuple[str, ...]  # n classes; "" where the query's is unknown
    similarity: Floats  # (n, k); -inf where fewer were found
    relevant: Bools  # (n, k): the gallery image found is of the query's class
    counts: Ints  # n: gallery images of the query's class that it was allowed to find

    @property
    def has_match(self) -> Bools:
        """Whether there was anything to find."""
        return self.counts > 0

    @property
    def first(self) -> Floats:
        """The similarity of the best answer, -inf where nothing was found."""
        return self.similarity[:, 0]

    @cached_property
    def clusters(self) -> tuple[str, ...]:
        """What is resampled together: a class; a query of unknown class stands alone."""
        return tuple([label or key for label, key in zip(self.labels, self.keys, strict=True)])


def ranking(
    match: Ints,
    similarity: Floats,
    *,
    keys: Sequence[str],
    query_labels: Names,
    query_sources: Names,
    query_ids: Sequence[str],
    gallery_labels: Names,
    gallery_sources: Names,
    gallery_ids: Sequence[str],
) -> Ranking:
    """Join what a search found (gallery positions (n, k), -1 for none) with what is true.

    `keys` names the queries; equal ids on both sides are the same image.
    """
    return Ranking(
        tuple(keys),
        tuple(label or "" for label in query_labels),
        similarity,
        relevance(match, query_labels, gallery_labels),
        relevant_counts(
            query_labels, query_sources, query_ids, gallery_labels, gallery_sources, gallery_ids
        ),
    )


def scores(
    found: Ranking, *, threshold: float | None = None, convention: Convention | None = None
) -> list[Score]:
    """Every metric, `mrr@20` first; `open-set mrr@20` where there is a threshold.

    Where no query has a match there is but the open-set score, or nothing.

    `convention` is added to each score's own: what the caller knows and the ranking doesn't.
    """
    extra = dict(convention or {})
    judged: list[Score] = []
    if found.has_match.any():
        judged = [mrr(found), *(recall(found, at) for at in RECALLS), mean_ap(found)]
    if threshold is not None:
        judged.append(open_set_mrr(found, threshold))
    return [
        Score(s.metric, s.value, {**s.convention, **extra}, s.keys, s.parts, s.clusters)
        for s in judged
    ]


def mrr(found: Ranking, k: int = K) -> Score:
    """Mean of 1 / rank of the first relevant answer among k, 0 where none is relevant."""
    return _of_matched(f"mrr@{k}", found, reciprocal_ranks(found.relevant, k), k)


def recall(found: Ranking, k: int) -> Score:
    """Share of queries with a relevant answer among k: metric learning's Recall@k, ranx's hit rate.

    Not the share of the relevant images that are found, which ranx and scikit-learn call recall.
    """
    hits = np.asarray(found.relevant[:, :k].any(axis=1))
    counted = {"recall": "share of queries with at least one relevant answer among the first k"}
    return _of_matched(f"recall@{k}", found, hits, k, counted)


def mean_ap(found: Ranking, k: int = K) -> Score:
    """Mean over queries of the precision at each relevant answer among k, over min(relevant, k)."""
    relevant = found.relevant[:, :k]
    ranks = np.arange(1, relevant.shape[1] + 1)
    precisions = np.cumsum(relevant, axis=1) / ranks
    best = np.minimum(found.counts, k).clip(1)
    parts = (precisions * relevant).sum(axis=1) / best
    counted = {"precisions are divided by": "the smaller of k and the relevant images there are"}
    return _of_matched(f"map@{k}", found, parts, k, counted)


def open_set_mrr(found: Ranking, threshold: float, k: int = K) -> Score:
    """MRR over all queries, where one without a match counts 1 if rejected and 0 if not.

    A query whose match is there counts 0 if it is rejected. The threshold is part of the
    convention.
    """
    assert found.relevant.shape[1] >= k, "search pads to k"
    no = rejected(found.first, threshold)
    parts = np.where(found.has_match, reciprocal_ranks(found.relevant, k) * ~no, no)
    convention = _convention(k) | {
        "denominator": "all queries",
        "no match": "1 if rejected, 0 if not",
        "rejected": "best similarity below the threshold",
        "threshold": float(threshold),
    }
    return _score(f"open-set mrr@{k}", convention, found.keys, parts, found.clusters)


def rejected(first: Floats, threshold: float) -> Bools:
    """Whether the best similarity is below the threshold, compared in float64."""
    return np.asarray(np.asarray(first, np.float64) < threshold)


def best_threshold(similarity: Floats, reciprocal_rank: Floats, has_match: Bools) -> float:
    """The threshold with the highest open-set MRR; of equally good ones the lowest.

    `similarity` is of each query's best answer. The threshold lies midway between two
    neighbouring similarities; where nothing, or everything, is best rejected, at -1 or 1 or
    just outside the similarities, whichever is further out, so that it stays a finite number.
    """
    found = np.isfinite(similarity)  # a query that found nothing is rejected anyway
    order = np.argsort(similarity[found], kind="stable")
    values = np.asarray(similarity, np.float64)[found][order]
    # Raising the threshold past a query loses its reciprocal rank, or gains 1 for an unknown.
    gains = np.where(has_match, -np.asarray(reciprocal_rank, np.float64), 1.0)[found][order]
    if not len(values):
        return -1.0
    distinct = np.append(values[1:] > values[:-1], True)  # only between two values is a threshold
    totals = np.append(0.0, np.cumsum(gains)[distinct])
    steps = values[distinct]
    low, high = (
        min(-1.0, np.nextafter(steps[0], -np.inf)),
        max(1.0, np.nextafter(steps[-1], np.inf)),
    )
    thresholds = np.concatenate([[low], (steps[:-1] + steps[1:]) / 2, [high]])
    return float(thresholds[np.argmax(totals >= totals.max() - 1e-9)])


def reciprocal_ranks(relevant: Bools, k: int = K) -> Floats:
    """1 / rank of the first relevant answer among k, 0 where none is; `relevant` is (n, k)."""
    relevant = relevant[:, :k]
    first = relevant.argmax(axis=1) if relevant.shape[1] else np.zeros(len(relevant), np.int64)
    return (relevant.any(axis=1) / (first + 1)).astype(np.float32)


def relevance(match: Ints, query_labels: Names, gallery_labels: Names) -> Bools:
    """Whether each gallery image found, (n, k), -1 for none, is of its query's class."""
    number = {label: i for i, label in enumerate(dict.fromkeys(gallery_labels)) if label}
    asked = np.array([number.get(label or "", -1) for label in query_labels], np.int64)
    known = np.array([*(number.get(label or "", -1) for label in gallery_labels), -1], np.int64)
    return np.asarray((known[match] == asked[:, None]) & (asked[:, None] >= 0))


def relevant_counts(
    query_labels: Names,
    query_sources: Names,
    query_ids: Sequence[str],
    gallery_labels: Names,
    gallery_sources: Names,
    gallery_ids: Sequence[str],
) -> Ints:
    """How many gallery images of its class each query may find, its own image and source left out.

    Linear in queries and gallery.
    """
    of_class = Counter(gallery_labels)
    of_source = Counter(zip(gallery_labels, gallery_sources, strict=True))
    own = Counter(zip(gallery_labels, gallery_sources, gallery_ids, strict=True))
    of_id = Counter(zip(gallery_labels, gallery_ids, strict=True))
    counts = np.zeros(len(query_labels), np.int64)
    asked = zip(query_labels, query_sources, query_ids, strict=True)
    for row, (label, source, own_id) in enumerate(asked):
        if not label:
            continue
        counts[row] = of_class[label] - of_id[label, own_id]
        if source:
            counts[row] -= of_source[label, source] - own[label, source, own_id]
    return counts


def _of_matched(
    metric: str,
    found: Ranking,
    parts: npt.NDArray[np.generic],
    k: int,
    extra: Convention | None = None,
) -> Score:
    """A mean over the queries that have something to find."""
    assert found.relevant.shape[1] >= k, "search pads to k"
    there = np.flatnonzero(found.has_match)
    if not len(there):
        raise AtarimaeError(
            f"{metric} can't be measured: no query has a match in the gallery.",
            f"Of {len(found.keys)} queries none shares its label with a gallery image "
            "that is neither itself nor of its own source.",
            "Label queries and gallery with the same names, or add gallery images.",
        )
    convention = _convention(k) | {
        "denominator": "queries with a match in the gallery",
        "no match": "left out",
        **(extra or {}),
    }
    clusters = found.clusters
    return _score(
        metric,
        convention,
        tuple(found.keys[row] for row in there),
        parts[there],
        tuple(clusters[row] for row in there),
    )


def _convention(k: int) -> dict[str, str | int | float | bool]:
    return {
        "k": k,
        "query itself in the gallery": False,
        "own source in the gallery": False,
        "ties": "by file path",
    }


def _score(
    metric: str,
    convention: Convention,
    keys: tuple[str, ...],
    parts: npt.NDArray[np.generic],
    clusters: tuple[str, ...],
) -> Score:
    kept = parts.astype(np.float32)
    return Score(metric, float(kept.mean(dtype=np.float64)), convention, keys, kept, clusters)
