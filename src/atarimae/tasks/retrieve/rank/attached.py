"""Queries in a graph of neighbourhoods: each sees it without what is hidden from it."""

from dataclasses import dataclass

import numpy as np

from atarimae.tasks.retrieve.rank.neighbourhood import (
    Graph,
    Neighbours,
    Unseen,
    are_mutual,
    farthest,
)
from atarimae.tasks.retrieve.rank.ragged import Doubles, Ragged, Small, joined, ragged
from atarimae.tasks.retrieve.rank.view import Asked
from atarimae.types import Bools, Floats, Ints

EQUAL = 1e-6  # cosines that differ by no more are as near: a query may be a row's own twin


@dataclass(frozen=True)
class Attached:
    """n queries and their neighbourhoods, averaged over k2."""

    rows: Floats
    lists: Neighbours
    hidden: Unseen
    averaged: Ragged


def attach(graph: Graph, asked: Asked, own: Ints) -> Attached:
    """The queries' neighbourhoods; `own` is each one's node, from 0 up, or `graph.size` for all."""
    hidden = Unseen(graph, own, asked)
    if not hidden and own[0] < graph.size:  # then the graph knows them as they are
        known, n = graph.lists, len(own)
        lists = Neighbours(
            known.nodes[:n], known.similarity[:n], known.mutual[:n], known.farthest[:n]
        )
        return Attached(asked.rows, lists, hidden, graph.averaged.head(n))
    lists = _lists(graph, asked, own)
    fresh = graph.sets(asked.rows, own, lists, hidden if hidden else None)
    return Attached(asked.rows, lists, hidden, _averaged(graph, lists, hidden, fresh))


def _lists(graph: Graph, asked: Asked, own: Ints) -> Neighbours:
    """The queries' nearest nodes that are not hidden, behind their own node or its stand-in."""
    width = graph.lists.nodes.shape[1]
    nodes, similarity = graph.known.search(asked.rows, width, ids=asked.ids, sources=asked.sources)
    other = np.argsort(nodes == own[:, None], axis=1, kind="stable")[:, : graph.k1]
    nodes = np.take_along_axis(nodes, other, 1)
    similarity = np.take_along_axis(similarity, other, 1)
    nodes = np.where(nodes == own[:, None], -1, nodes)
    if own[0] < graph.size:
        mutual, far = are_mutual(own, nodes, graph.lists.nodes), graph.lists.farthest[own]
    else:
        last = graph.lists.similarity[nodes, -1] if width > graph.k1 else -np.inf
        mutual = (similarity >= last - EQUAL) & (nodes >= 0)
        far = farthest(asked.rows, graph.rows)
    return Neighbours(
        np.column_stack([own, nodes]),
        np.column_stack([np.ones(len(own), np.float32), similarity]),
        np.column_stack([np.ones(len(own), bool), mutual]),
        far,
    )


def _averaged(graph: Graph, lists: Neighbours, hidden: Unseen, fresh: Ragged) -> Ragged:
    """The mean of each query's weights and those of its k2 − 1 nearest."""
    parts = []
    for query, near in enumerate(lists.nodes[:, 1 : graph.k2]):
        near = near[near >= 0]
        own, mine = fresh.row(query)
        _, others, theirs = seen(graph, hidden.of(query), near)
        columns = np.concatenate([own, others])
        values = np.concatenate([mine, theirs]).astype(np.float64) / (1 + len(near))
        parts.append(ragged(np.zeros(len(columns), np.int64), columns, values, 1))
    return joined(parts)


def seen(graph: Graph, hides: Bools, nodes: Ints) -> tuple[Ints, Small, Doubles]:
    """The weights of p nodes as a query sees them: which of the nodes, column and value.

    What falls on the hidden nodes is shared out among the others.
    """
    places, which = graph.weights.entries(nodes)
    columns, values = graph.weights.columns[places], graph.weights.values[places]
    kept = ~hides[columns]
    which, columns, values = which[kept], columns[kept], values[kept]
    return which, columns, values / np.bincount(which, values, len(nodes))[which]
