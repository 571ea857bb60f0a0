"""α-query expansion, and the same on the gallery's side (database-side augmentation).

Radenović, Tolias and Chum, Fine-tuning CNN Image Retrieval with No Human Annotation, TPAMI 2019;
for the gallery Arandjelović and Zisserman, CVPR 2012, and Gordo et al., IJCV 2017.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from atarimae.predict.search import Gallery
from atarimae.predict.ties import sorted_by
from atarimae.predict.unit import unit
from atarimae.tasks.retrieve.rank.view import Asked, Hidden, Plain, View, first, reach
from atarimae.types import Bools, Floats, Ints

BLOCK = 1 << 22  # similarities held at once: 16 MB
SPARE = 16  # found beyond k, so that equal ones at the end are ordered by position
MANY = 16  # queries from which the same is hidden, for which a gallery is made
PAIRS = 4096  # of a query and a row, mixed at once
NOTHING = np.zeros(0, np.int64)
DIGITS = 6  # cosines that are the same to so many decimals tie


def expand(view: View, asked: Asked, match: Ints, similarity: Floats, *, alpha: float) -> Asked:
    """Each query plus the k gallery rows that it found, weighted by cosine to the power `alpha`.

    `match` and `similarity` (n, k) are of a search in the view: what a query may not find is not
    mixed into it either. O(n·d) beside them.
    """
    everyone = np.arange(len(asked))
    mixed = asked.rows.copy()
    for column in range(match.shape[1]):
        there = everyone[match[:, column] >= 0]
        rows = view.seen(asked, there, match[there, column])
        mixed[there] += weights(similarity[there, column], alpha)[:, None] * rows
    return Asked(unit(mixed), asked.ids, asked.sources)


def weights(similarity: Floats, alpha: float) -> Floats:
    """Cosine to the power alpha; what points away counts nothing, unless alpha is 0."""
    return np.asarray(np.maximum(similarity, 0) ** alpha, np.float32)


class Augmented:
    """A gallery whose rows are each mixed with their k nearest others.

    A query sees a row as if its own image and source were not in the gallery: they are left out of
    the mixture, and the next nearest comes in their place, out of the `reach(k)` nearest.
    """

    def __init__(self, plain: Plain, *, k: int, alpha: float) -> None:
        self.plain = plain
        self.k = k
        self.match, similarity = plain.nearest(reach(k))
        self.weights = np.where(self.match >= 0, weights(similarity, alpha), 0)
        everything = np.arange(len(plain))
        self.rows = self._mixed(everything, np.zeros(self.match.shape, bool))
        self.gallery = Gallery(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def seen(self, asked: Asked, queries: Ints, positions: Ints) -> Floats:
        """Rows without what each query may not find; those that have nothing of it as they are."""
        lists = self.match[positions]
        gone = self.plain.hidden(asked).mask(queries, lists) & (lists >= 0)
        rows = self.rows[positions]
        other = np.flatnonzero(gone[:, : self.k].any(axis=1))
        rows[other] = self._mixed(positions[other], gone[other])
        return rows

    def search(self, asked: Asked, k: int) -> tuple[Ints, Floats]:
        """As of a plain gallery; O(n·k) beside blocks of 16 MB."""
        hidden = self.plain.hidden(asked)
        if not hidden.anything:
            return self.gallery.search(asked.rows, k)
        match = np.full((len(asked), k), -1, np.int64)
        similarity = np.full((len(asked), k), -np.inf, np.float32)
        groups = _groups(hidden)
        for group in groups:
            if len(group) >= MANY:
                found = self._found(asked.rows[group], hidden.of(int(group[0])), k)
                match[group], similarity[group] = found
        few = [group for group in groups if len(group) < MANY]
        for some in _blocks(few, max(1, BLOCK // max(1, len(self)))):
            queries = np.concatenate(some)
            table = self._table(asked, queries, hidden, [len(group) for group in some])
            match[queries], similarity[queries] = best(table, k)
        return match, similarity

    def _found(self, rows: Floats, gone: Ints, k: int) -> tuple[Ints, Floats]:
        """What many queries find from which the same is hidden: in a gallery made for them."""
        import faiss  # 0.1 s: only where there is something to search

        flag, touched = self._touched(gone)
        seen = np.flatnonzero(~flag[:-1])
        known = self.rows[seen]
        touched = touched[~flag[touched]]
        known[np.searchsorted(seen, touched)] = self._mixed(touched, flag[self.match[touched]])
        some = min(k + SPARE, len(seen))
        if not some:
            return np.full((len(rows), k), -1), np.full((len(rows), k), -np.inf, np.float32)
        rows = np.ascontiguousarray(rows)
        values, columns = faiss.knn(rows, known, some, metric=faiss.METRIC_INNER_PRODUCT)
        values = np.where(columns < 0, -np.inf, values)
        return _first_of(seen[columns], values, k)

    def _table(self, asked: Asked, queries: Ints, hidden: Hidden, sizes: list[int]) -> Floats:
        """Similarities of queries (n), in groups of `sizes`, to all rows; -inf for hidden ones."""
        found = asked.rows[queries] @ self.rows.T
        groups = np.split(np.arange(len(queries)), np.cumsum(sizes)[:-1])
        alone = np.array([group[0] for group in groups if len(group) == 1], np.int64)
        self._hide_each(found, alone, asked, queries, hidden)
        for group in groups:
            if len(group) > 1:
                self._hide(found, group, asked.rows[queries[group]], hidden.of(queries[group[0]]))
        return found

    def _hide_each(
        self, found: Floats, alone: Ints, asked: Asked, queries: Ints, hidden: Hidden
    ) -> None:
        """Put right what single queries find: many of them at once."""
        gone = [hidden.of(query) for query in queries[alone]]
        touched = [self._holding(positions) for positions in gone]
        places = np.repeat(alone, [len(rows) for rows in touched])
        rows = np.concatenate([NOTHING, *touched])
        for start in range(0, len(rows), PAIRS):
            place, row = places[start : start + PAIRS], rows[start : start + PAIRS]
            mixed = self.seen(asked, queries[place], row)
            found[place, row] = np.einsum("pd,pd->p", asked.rows[queries[place]], mixed)
        places = np.repeat(alone, [len(positions) for positions in gone])
        found[places, np.concatenate([NOTHING, *gone])] = -np.inf

    def _holding(self, gone: Ints) -> Ints:
        """Rows that one of these positions is mixed into."""
        order, starts = self._mixed_into
        held = [order[starts[position] : starts[position + 1]] for position in gone]
        return np.unique(np.concatenate([NOTHING, *held]))

    @cached_property
    def _mixed_into(self) -> tuple[Ints, Ints]:
        """Rows in order of what is mixed into them, and where each such position begins."""
        inside = self.match[:, : self.k]
        order = np.argsort(inside, axis=None, kind="stable")
        starts = np.searchsorted(inside.ravel()[order], np.arange(len(self) + 1))
        return order // max(1, inside.shape[1]), starts

    def _hide(self, found: Floats, group: Ints, rows: Floats, gone: Ints) -> None:
        """Put right what some queries, from which the same is hidden, find."""
        flag, touched = self._touched(gone)
        if len(touched):
            mixed = self._mixed(touched, flag[self.match[touched]])
            found[np.ix_(group, touched)] = rows @ mixed.T
        found[np.ix_(group, gone)] = -np.inf

    def _touched(self, gone: Ints) -> tuple[Bools, Ints]:
        """Whether each position is gone, -1 last; and rows that one of them is mixed into."""
        flag = np.zeros(len(self) + 1, bool)
        flag[gone] = True
        return flag, np.flatnonzero(flag[self.match[:, : self.k]].any(axis=1))

    def _mixed(self, positions: Ints, gone: Bools) -> Floats:
        """Rows at `positions` (q,), mixed with the first k of their neighbours that are not gone.

        `gone` is (q, reach).
        """
        lists = self.match[positions]
        kept = first((lists >= 0) & ~gone, self.k)
        chosen = np.argsort(~kept, axis=1, kind="stable")[:, : self.k]
        share = np.take_along_axis(self.weights[positions] * kept, chosen, 1)
        chosen = np.take_along_axis(lists, chosen, 1)
        mixed = self.plain.rows[positions].copy()
        for column in range(chosen.shape[1]):
            mixed += share[:, [column]] * self.plain.rows[chosen[:, column]]
        return unit(mixed)


def best(found: Floats, k: int) -> tuple[Ints, Floats]:
    """The k best columns of (n, m), ties by column; -1 and -inf where fewer are left."""
    m = found.shape[1]
    some = min(m, k + SPARE)
    columns = np.argpartition(-found, some - 1, axis=1)[:, :some]
    return _first_of(columns, np.take_along_axis(found, columns, 1), k)


def _first_of(columns: Ints, values: Floats, k: int) -> tuple[Ints, Floats]:
    """The k best of some columns with their values (n, any), as `best`."""
    n = len(columns)
    values, columns = sorted_by(np.round(values, DIGITS), columns, k)
    match = np.full((n, k), -1, np.int64)
    similarity = np.full((n, k), -np.inf, np.float32)
    similarity[:, : columns.shape[1]] = values
    match[:, : columns.shape[1]] = columns
    match[similarity == -np.inf] = -1
    return match, similarity


def _groups(hidden: Hidden) -> list[Ints]:
    """Queries, those together from which the same is hidden."""
    own = np.where(_alone(hidden), -1, hidden.own)
    order = np.lexsort((own, hidden.sources))
    pairs = np.stack([hidden.sources[order], own[order]], axis=1)
    edges = np.flatnonzero((pairs[1:] != pairs[:-1]).any(axis=1)) + 1
    return np.split(order, edges) if len(order) else []


def _blocks(groups: Sequence[Ints], size: int) -> Iterator[list[Ints]]:
    """Some groups at once, of about `size` queries."""
    ends = np.cumsum([len(group) for group in groups])
    block = (ends - 1) // size
    for number in np.unique(block):
        yield [groups[place] for place in np.flatnonzero(block == number).tolist()]


def _alone(hidden: Hidden) -> Bools:
    """Queries whose own image lies in their own source only, which hides it already."""
    known = hidden.gallery_own >= 0
    pairs = np.unique(np.stack([hidden.gallery_own, hidden.gallery_sources])[:, known], axis=1)
    sources = np.bincount(pairs[0], minlength=1) if pairs.size else np.zeros(1, np.int64)
    of_image = np.full(len(sources), -1, np.int64)
    of_image[pairs[0]] = pairs[1]
    here = np.where((hidden.own >= 0) & (hidden.own < len(sources)), hidden.own, 0)
    one = (sources[here] == 1) & (of_image[here] == hidden.sources)
    return np.asarray((hidden.own < 0) | (one & (hidden.sources >= 0)))
