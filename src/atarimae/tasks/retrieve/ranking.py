"""What queries found, joined with what was there to find."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atarimae.types import Bools, Floats, Ints

Names = Sequence[str | None]


@dataclass(frozen=True)
class Ranking:
    """What n queries found in the gallery, best first, and what there was to find."""

    keys: tuple[str, ...]  # n paths
    labels: tuple[str, ...]  # n classes; "" where the query's is unknown
    similarity: Floats  # (n, k); -inf where fewer were found
    relevant: Bools  # (n, k): the gallery image found is of the query's class
    counts: Ints  # n: gallery images of the query's class that it was allowed to find
    confidence: Floats | None = None  # n: that the best answer is right, where that was calibrated

    @property
    def has_match(self) -> Bools:
        """Whether there was anything to find."""
        return self.counts > 0

    @property
    def sure(self) -> Floats:
        """What answers are sorted and rejected by: confidence, or the best answer's similarity.

        That is -inf where nothing was found.
        """
        return self.similarity[:, 0] if self.confidence is None else self.confidence

    @property
    def by(self) -> str:
        """What `sure` is, in a word."""
        return "similarity" if self.confidence is None else "confidence"

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
    asked_ids = {*query_ids}  # few of a large gallery's images are asked about as well
    theirs = zip(gallery_labels, gallery_sources, gallery_ids, strict=True)
    own = Counter(three for three in theirs if three[2] in asked_ids)
    of_id: Counter[tuple[str | None, str]] = Counter()
    for (label, _, own_id), times in own.items():
        of_id[label, own_id] += times
    counts = np.zeros(len(query_labels), np.int64)
    asked = zip(query_labels, query_sources, query_ids, strict=True)
    for row, (label, source, own_id) in enumerate(asked):
        if not label:
            continue
        counts[row] = of_class[label] - of_id[label, own_id]
        if source:
            counts[row] -= of_source[label, source] - own[label, source, own_id]
    return counts
