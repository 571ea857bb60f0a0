"""Which of two close similarities is larger: in float64, where float32 doesn't settle it."""

from collections.abc import Iterator

import numpy as np

from atarimae.types import Bools, Floats, Ints

BLOCK = 1 << 22  # numbers held at once: 32 MB


def sorted_by(
    similarities: Floats, positions: Ints, width: int | None = None
) -> tuple[Floats, Ints]:
    """Each row by falling similarity, equal ones by position; the first `width` of it, or all."""
    order = np.lexsort((positions, -similarities), axis=1)[:, :width]
    return np.take_along_axis(similarities, order, 1), np.take_along_axis(positions, order, 1)


def reach(queries: Floats, longest: float) -> Floats:
    """How far apart float32 similarities may be and still be in the wrong order, per query.

    The rounding error of an inner product of d terms grows with sqrt(d) and both lengths;
    `longest` is that of the gallery's longest row.
    """
    lengths = np.linalg.norm(queries, axis=1)
    return np.asarray(2**-22 * np.sqrt(queries.shape[1]) * lengths * longest, np.float32)


def are_close(similarities: Floats, reach: Floats) -> Bools:
    """Rows where two neighbours are within reach, so that float32 doesn't settle their order."""
    with np.errstate(invalid="ignore"):  # -inf minus -inf
        gaps = similarities[:, :-1] - similarities[:, 1:]
    return np.asarray((gaps <= reach[:, None]).any(axis=1))


def again(gallery: Floats, queries: Floats, positions: Ints, found: Floats) -> Floats:
    """The similarities that were found, computed in float64 and rounded to float32."""
    near = gallery[positions].astype(np.float64)
    exact = (near @ queries.astype(np.float64)[:, :, None])[:, :, 0]
    return np.where(found > -np.inf, exact.astype(np.float32), -np.inf).astype(np.float32)


def search_whole(gallery: Floats, queries: Floats, k: int, hides: Bools) -> tuple[Ints, Floats]:
    """The k nearest from all similarities in float64: dear, and right however many are tied.

    `hides` (n, m) are rows that a query may not find.
    """
    n, m = hides.shape
    match = np.full((n, k), -1, np.int64)
    similarity = np.full((n, k), -np.inf, np.float32)
    wide = queries.astype(np.float64)
    found = np.empty((n, m), np.float32)
    for some in blocks(np.arange(m), BLOCK // queries.shape[1]):
        part = slice(some[0], some[-1] + 1)
        found[:, part] = wide @ gallery[part].astype(float).T
    found[hides] = -np.inf
    for row, line in enumerate(np.nan_to_num(found, nan=-np.inf, neginf=-np.inf)):
        least = np.partition(line, max(m - k, 0))[max(m - k, 0)]
        best = np.flatnonzero(line >= least)
        best = best[np.argsort(-line[best], kind="stable")][:k]
        similarity[row, : len(best)] = line[best]
        match[row, : len(best)] = np.where(line[best] > -np.inf, best, -1)
    return match, similarity


def blocks(numbers: Ints, size: int) -> Iterator[Ints]:
    """The numbers in pieces of `size`, at least 1."""
    for start in range(0, len(numbers), max(size, 1)):
        yield numbers[start : start + max(size, 1)]
