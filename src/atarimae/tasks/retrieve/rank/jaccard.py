"""How much weight two neighbourhoods share, and the answers that come first by that."""

from dataclasses import dataclass

import numpy as np

from atarimae.predict.ties import sorted_by
from atarimae.tasks.retrieve.rank.attached import Attached, seen
from atarimae.tasks.retrieve.rank.neighbourhood import BLOCK, Graph, blocks, dots, squared
from atarimae.tasks.retrieve.rank.ragged import Doubles, Ragged
from atarimae.types import Bools, Floats, Ints

SLACK = 1e-6  # of a distance, for what float32 rounds away
NOTHING = 1e-12  # of a weight: no two neighbourhoods share so little


@dataclass(frozen=True)
class Comparison:
    """Queries beside the nodes from `first` on, which are the gallery."""

    graph: Graph
    asked: Attached
    columns: Ragged  # the gallery's averaged weights, by column
    first: int
    blend: float

    def distance(self, shared: Doubles, straight: Doubles) -> Doubles:
        """Of the weight that both share, and the embeddings' distance over the largest."""
        return (1 - self.blend) * (1 - shared / (2 - shared)) + self.blend * straight

    def least(self, distance: Doubles, straight: Doubles) -> Doubles:
        """The weight that must be shared for a distance of at most that; more than nothing."""
        jaccard = (distance - self.blend * straight) / max(1 - self.blend, NOTHING)
        alike = np.clip(1 - jaccard, 0, 1)
        return np.maximum(2 * alike / (1 + alike), NOTHING)


def ranked(both: Comparison, near: tuple[Ints, Floats], k: int) -> tuple[Ints, Floats]:
    """The k best gallery positions and 1 − distance; `near` are the nearest, for each query."""
    n = len(both.asked.rows)
    match, similarity = np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)
    for rows in _batches(both):
        shared = _shared(both, rows)
        if both.asked.hidden:
            _share_again(both, rows, shared)
        match[rows], similarity[rows] = _best(both, rows, shared, near[0][rows], near[1][rows], k)
    return match, similarity


def _batches(both: Comparison) -> list[Ints]:
    """Queries that are compared at once: table and entries together hold BLOCK numbers."""
    rows = both.asked.averaged
    work = np.append(0, np.cumsum(both.columns.counts[rows.columns]))[rows.starts[1:]]
    batch = (work + np.arange(len(rows)) * (both.graph.size + 1)) // BLOCK
    return np.split(np.arange(len(rows)), np.flatnonzero(np.diff(batch)) + 1)


def _shared(both: Comparison, rows: Ints) -> Doubles:
    """Σ min(query's weight, gallery row's weight) of all pairs: (r, m)."""
    width = both.graph.size - both.first
    places, of = both.asked.averaged.entries(rows)
    weight = both.asked.averaged.values[places]
    theirs, entry = both.columns.entries(both.asked.averaged.columns[places].astype(np.int64))
    keys = of[entry] * width + both.columns.columns[theirs]
    least = np.minimum(weight[entry], both.columns.values[theirs])
    sums = np.bincount(keys, least, len(rows) * width)
    return np.asarray(sums.reshape(len(rows), width), np.float64)


def _share_again(both: Comparison, rows: Ints, shared: Doubles) -> None:
    """`shared` without what is hidden from each query."""
    for row, query in enumerate(rows):
        hides = both.asked.hidden.of(query)
        nodes = both.first + np.flatnonzero(shared[row])
        nodes = nodes[~hides[nodes]]
        shared[row] = 0  # what is hidden itself is no answer
        work = both.graph.k2 * int(both.asked.averaged.counts[query])  # a node
        for some in blocks(nodes, BLOCK // work):
            shared[row, some - both.first] = _shared_of_seen(both, query, hides, some)


def _shared_of_seen(both: Comparison, query: int, hides: Bools, nodes: Ints) -> Doubles:
    """Σ min(query's weight, node's weight as the query sees it), for some nodes."""
    graph, mine = both.graph, both.asked.averaged.row(query)
    near = graph.lists.nodes[nodes, : graph.k2]
    visible = ~hides[near]
    members, local = np.unique(near[visible], return_inverse=True)
    pair, columns, values = seen(graph, hides, members)
    place = np.full(graph.size + 2, -1)
    place[mine[0]] = np.arange(len(mine[0]))
    there = place[columns] >= 0
    table = np.zeros((len(members) + 1, len(mine[0])), np.float32)  # the last for the hidden
    table[pair[there], place[columns[there]]] = values[there]
    rows = np.full(near.shape, len(members))
    rows[visible] = local
    mean = table[rows].sum(axis=1) / visible.sum(axis=1)[:, None]
    return np.asarray(np.minimum(mean, mine[1]).sum(axis=1, dtype=np.float64))


def _best(
    both: Comparison, rows: Ints, shared: Doubles, near: Ints, similar: Floats, k: int
) -> tuple[Ints, Floats]:
    """The k best answers of a batch: of the nearest, and of those that share neighbours.

    Who is neither has a Jaccard distance of 1 and is no nearer: it comes behind the nearest.
    """
    far, there = both.asked.lists.farthest[rows], near >= 0
    straight = squared(similar) / far[:, None]
    listed = both.distance(np.take_along_axis(shared, near, 1), straight)
    listed[~there] = np.inf
    np.put_along_axis(shared, near, 0, 1)
    shared[~there[:, -1]] = 0  # a list that isn't full holds all there are
    worst = np.partition(listed, k - 1, axis=1)[:, k - 1] + SLACK
    last = np.where(there[:, -1], straight[:, -1], 0)
    of, position = np.nonzero(shared >= both.least(worst, last)[:, None])
    visible = ~both.asked.hidden.mask(rows[of], both.first + position)
    of, position = of[visible], position[visible]
    similar = dots(both.asked.rows, rows[of], both.graph.rows, both.first + position)
    others = both.distance(shared[of, position], squared(similar) / far[of])
    return _first(near, listed, (of, position, others), k)


def _first(
    near: Ints, listed: Doubles, others: tuple[Ints, Ints, Doubles], k: int
) -> tuple[Ints, Floats]:
    """The k of the smallest distance in each row, from a table and from pairs beside it."""
    of, position, distance = others
    counts = np.bincount(of, minlength=len(near))
    place = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = near.shape[1] + int(counts.max(initial=0))
    positions = np.full((len(near), width), -1, np.int64)
    similarity = np.full((len(near), width), -np.inf, np.float32)
    positions[:, : near.shape[1]], similarity[:, : near.shape[1]] = near, 1 - listed
    positions[of, near.shape[1] + place] = position
    similarity[of, near.shape[1] + place] = 1 - distance
    similarity, positions = sorted_by(similarity, positions, k)
    return positions, similarity
