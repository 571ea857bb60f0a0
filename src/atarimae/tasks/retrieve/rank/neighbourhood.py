"""k-reciprocal neighbourhoods as sparse weights: who is near to whom, on both sides.

Zhong et al., Re-ranking Person Re-identification with k-reciprocal Encoding, CVPR 2017.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from atarimae.predict.search import Gallery
from atarimae.tasks.retrieve.rank.ragged import Doubles, Ragged, joined, ragged
from atarimae.tasks.retrieve.rank.view import Asked, hidden
from atarimae.types import Bools, Floats, Ints

BLOCK = 1 << 20  # entries, or numbers of a table, held at once
TILE = 1 << 10  # rows and nodes whose products are held at once


@dataclass(frozen=True)
class Neighbours:
    """The nearest nodes of r rows, the row itself first; -1 where fewer are left."""

    nodes: Ints  # (r, k1 + 1)
    similarity: Floats  # (r, k1 + 1)
    mutual: Bools  # (r, k1 + 1): the row is in that node's list, too
    farthest: Floats  # r: the squared distance of the node that is furthest away


class Graph:
    """The neighbourhoods of N nodes, of unit length, that know one another.

    Node N stands for a row that is none of them, such as a query that comes later, and N + 1
    for nobody.
    """

    def __init__(self, rows: Floats, known: Gallery, k1: int, k2: int) -> None:
        self.rows, self.known = rows, known
        self.size, self.k1, self.k2 = len(rows), k1, k2
        nodes, similarity = known.search(rows, min(k1 + 1, self.size))
        nodes, similarity = itself_first(nodes, similarity)
        own, far = np.arange(self.size), farthest(self.rows, self.rows)
        self.lists = Neighbours(nodes, similarity, are_mutual(own, nodes, nodes), far)
        self.half = nodes[:, : round(k1 / 2) + 1]
        self.half_mutual = are_mutual(own, self.half, self.half)

    @cached_property
    def weights(self) -> Ragged:
        """Each node's expanded k-reciprocal set: weights that fall with distance, 1 in all."""
        own = np.arange(self.size)
        return self.sets(self.rows, own, self.lists, None)

    @cached_property
    def averaged(self) -> Ragged:
        """The mean of `weights` over each node's k2 nearest, itself among them."""
        near = self.lists.nodes[:, : self.k2]
        work = len(self.weights.columns) * near.shape[1] // max(self.size, 1)  # a row
        parts = []
        for rows in blocks(np.arange(self.size), BLOCK // max(work, 1)):
            of, place = np.nonzero(near[rows] >= 0)
            places, which = self.weights.entries(near[rows[of], place])
            share = 1 / np.bincount(of, minlength=len(rows))[of[which]]
            values = self.weights.values[places] * share
            parts.append(ragged(of[which], self.weights.columns[places], values, len(rows)))
        return joined(parts)

    def sets(
        self, vectors: Floats, own: Ints, lists: Neighbours, hidden: "Unseen | None"
    ) -> Ragged:
        """The expanded k-reciprocal sets of r rows, as weights; `own` is the node of each."""
        size = max(1, BLOCK // max(self.size + 2, lists.nodes.shape[1] * self.half.shape[1]))
        of = blocks(np.arange(len(own)), size)
        return joined([self._sets(vectors, own, lists, hidden, rows) for rows in of])

    def _sets(
        self, vectors: Floats, own: Ints, lists: Neighbours, hidden: "Unseen | None", rows: Ints
    ) -> Ragged:
        nodes, mutual = lists.nodes[rows], lists.mutual[rows]
        inside = np.zeros((len(rows), self.size + 2), bool)
        of, place = np.nonzero(mutual)
        inside[of, nodes[of, place]] = True
        more, columns = self._expansion(own, nodes, mutual, inside, hidden, rows)
        near = dots(vectors[rows], more, self.rows, columns)
        of, columns = np.append(of, more), np.append(nodes[of, place], columns)
        near = np.append(lists.similarity[rows][mutual], near)
        weights = np.exp(-squared(near) / lists.farthest[rows][of])
        weights /= np.bincount(of, weights, len(rows))[of]
        return ragged(of, columns, weights, len(rows))

    def _expansion(
        self,
        own: Ints,
        nodes: Ints,
        mutual: Bools,
        inside: Bools,
        hidden: "Unseen | None",
        rows: Ints,
    ) -> tuple[Ints, Ints]:
        """Rows and nodes that come in with a member, more than ⅔ of whose half set is inside."""
        of, place = np.nonzero(mutual & (nodes != own[rows, None]))
        candidate = nodes[of, place]
        half, member = self.half[candidate], self.half_mutual[candidate]
        if hidden is not None:
            member = member & ~hidden.mask(rows[of], half)
        common = (inside[of[:, None], half] & member).sum(1)
        taken = 3 * common > 2 * member.sum(1)
        member &= taken[:, None] & ~inside[of[:, None], half]
        more = np.broadcast_to(of[:, None], half.shape)[member]
        keys = np.unique(more * (self.size + 2) + half[member])
        return keys // (self.size + 2), keys % (self.size + 2)


class Unseen:
    """Which nodes each of n queries must not see: those with its id or its source."""

    def __init__(self, graph: Graph, own: Ints, asked: Asked) -> None:
        nobody = [-1, -1]  # a row that comes later has no name, nor has nobody
        plain = hidden(graph.known, asked)
        self._own = own
        self._hidden = replace(
            plain,
            gallery_own=np.append(plain.gallery_own, nobody),
            gallery_sources=np.append(plain.gallery_sources, nobody),
        )

    def __bool__(self) -> bool:
        """Whether there is any such node."""
        return self._hidden.anything

    def mask(self, queries: Ints, nodes: Ints) -> Bools:
        """Whether each node, (r, any) or (r,), is hidden from the query, (r,); its own isn't."""
        own = self._own[queries].reshape(-1, *[1] * (nodes.ndim - 1))
        return np.asarray(self._hidden.mask(queries, nodes) & (nodes != own))

    def of(self, query: int) -> Bools:
        """Whether each node is hidden from the query, N + 2 of them; nobody is."""
        hides = np.zeros(len(self._hidden.gallery_own), bool)
        hides[self._hidden.of(query)] = True
        hides[self._own[query]] = False
        hides[-1] = True
        return hides


def farthest(rows: Floats, nodes: Floats) -> Floats:
    """The largest squared distance from each row to any node, all of unit length."""
    least = np.full(len(rows), np.inf, np.float32)
    among = rows is nodes  # then half of the products are those of the other half
    for some in blocks(np.arange(len(rows)), TILE):
        for others in blocks(np.arange(some[0] if among else 0, len(nodes)), TILE):
            products = rows[some] @ nodes[others].T
            least[some] = np.fmin(least[some], np.fmin.reduce(products, axis=1))
            if among:
                least[others] = np.fmin(least[others], np.fmin.reduce(products, axis=0))
    distance = squared(least)
    return np.asarray(np.where(np.isfinite(least) & (distance > 0), distance, 1), np.float32)


def squared(similarity: Floats | Doubles) -> Doubles:
    """Squared distances of unit vectors from their inner products."""
    return np.maximum(2 - 2 * np.asarray(similarity, np.float64), 0)


def blocks(numbers: Ints, size: int) -> Iterator[Ints]:
    """The numbers in pieces of `size`."""
    for start in range(0, len(numbers), max(size, 1)):
        yield numbers[start : start + max(size, 1)]


def itself_first(nodes: Ints, similarity: Floats) -> tuple[Ints, Floats]:
    """Each node in front of its own list, where equal ones may have taken its place."""
    if not len(nodes):
        return nodes, similarity
    own = np.arange(len(nodes))[:, None]
    there = nodes == own
    there[~there.any(axis=1), -1] = True
    order = np.argsort(~there, axis=1, kind="stable")
    nodes = np.take_along_axis(nodes, order, 1)
    similarity = np.take_along_axis(similarity, order, 1)
    nodes[:, :1], similarity[:, 0] = own, 1
    return nodes, similarity


def are_mutual(own: Ints, nodes: Ints, lists: Ints) -> Bools:
    """Whether `own` (r,) is in the list of each of its row's `nodes` (r, any)."""
    mutual = np.zeros(nodes.shape, bool)
    for rows in blocks(np.arange(len(nodes)), BLOCK // max(nodes.shape[1] * lists.shape[1], 1)):
        mutual[rows] = (lists[nodes[rows]] == own[rows, None, None]).any(axis=2)
    return mutual & (nodes >= 0)


def dots(left: Floats, of: Ints, right: Floats, at: Ints) -> Floats:
    """The inner products of `left[of]` with `right[at]`, a pair each."""
    products = np.empty(len(of), np.float32)
    for some in blocks(np.arange(len(of)), BLOCK // left.shape[1]):
        products[some] = np.einsum("pd,pd->p", left[of[some]], right[at[some]])
    return products
