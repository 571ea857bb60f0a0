"""Labels vote: what the answers agree on moves up, and more of the same label comes in.

In the manner of the winners of Google Landmark Retrieval 2019 to 2021, who reordered answers by
labels that were carried over from similar labelled images, and added those of the query's label.
"""

import numpy as np

from atarimae.predict.ties import sorted_by
from atarimae.tasks.retrieve.rank.view import Hidden, first
from atarimae.types import Bools, Floats, Ints

BLOCK = 1024  # queries at once
Lists = tuple[Ints, Floats]


def numbered(labels: tuple[str, ...] | list[str]) -> Ints:
    """Equal labels as equal numbers from 0 on; -1 where there is none."""
    number = {label: i for i, label in enumerate(dict.fromkeys(filter(None, labels)))}
    return np.array([number.get(label, -1) for label in labels], np.int64)


def vote(
    match: Ints,
    similarity: Floats,
    labels: Ints,
    *,
    k: int,
    weight: float,
    power: float = 1.0,
    add: int = 0,
    hidden: Hidden | None = None,
    voters: Lists | None = None,
    train: float = 1.0,
) -> Lists:
    """Lists (n, w), best first, reordered by how many of their neighbours share a label.

    The first k answers vote for their labels (m,), each with its similarity to the power `power`;
    negative ones not at all. A label's share of the votes times the best similarity is mixed into
    its answers' own similarity by `weight`, 0 to 1, so similarities stay comparable between
    queries: where the answers disagree, the first falls. `voters` are further votes, label numbers
    (n, t) with similarities, each worth `train` of an answer's: those of training images.

    `add` rows at most of the label with the most votes, which the list lacks, come in as if they
    were as similar as its last answer; none that is hidden from the query. O(n·w·add).
    """
    found, near = np.full_like(match, -1), np.full_like(similarity, -np.inf)
    ends = _ends(labels, labels if voters is None else voters[0])
    for start in range(0, len(match), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(match)))
        lists = match[rows], similarity[rows]
        extra = None if voters is None else (voters[0][rows], voters[1][rows])
        names, ballots = _ballots(lists, labels, k, power, extra, train)
        if add:
            winner = np.take_along_axis(names, _shares(names, names, ballots).argmax(1)[:, None], 1)
            lists = _with_more(lists, rows, winner[:, 0], ends, add, hidden)
        share = _shares(_labels(lists[0], labels), names, ballots)
        own = np.where(lists[0] >= 0, lists[1], 0)
        top = np.maximum(similarity[rows][:, :1], 0)
        mixed = (1 - weight) * own + weight * top * share
        found[rows], near[rows] = ordered(lists[0], mixed.astype(np.float32), match.shape[1])
    return found, near


def ordered(match: Ints, similarity: Floats, width: int) -> Lists:
    """The first `width` of each list by falling similarity, ties by position."""
    near = np.where(match >= 0, similarity, -np.inf).astype(np.float32)
    near, match = sorted_by(near, match, width)
    return match, near


def _labels(match: Ints, labels: Ints) -> Ints:
    return np.asarray(np.append(labels, -1)[match])


def _ballots(
    lists: Lists, labels: Ints, k: int, power: float, extra: Lists | None, train: float
) -> tuple[Ints, Floats]:
    """Who is voted for, (n, k + t), and with what weight."""
    names, near = _labels(lists[0][:, :k], labels), lists[1][:, :k]
    worth = np.ones(names.shape[1])
    if extra is not None:
        names, near = np.hstack([names, extra[0]]), np.hstack([near, extra[1]])
        worth = np.append(worth, np.full(extra[0].shape[1], train))
    weights = worth * np.maximum(near, 0) ** power
    return names, np.where((names >= 0) & (near > 0), weights, 0).astype(np.float32)


def _shares(asked: Ints, names: Ints, ballots: Floats) -> Floats:
    """The share of the votes that each label asked about (n, w) has; 0 for no label."""
    won = np.zeros(asked.shape, np.float32)
    for column in range(names.shape[1]):
        won += ballots[:, [column]] * (asked == names[:, [column]])
    total = np.maximum(ballots.sum(axis=1, keepdims=True), 1e-12)
    return np.where(asked >= 0, won / total, 0).astype(np.float32)


def _ends(labels: Ints, voted: Ints) -> tuple[Ints, Ints]:
    """Gallery positions in order of label, and where each label, also of voters, begins."""
    order = np.argsort(labels, kind="stable")
    most = max(labels.max(initial=-1), voted.max(initial=-1))
    return order, np.searchsorted(labels[order], np.arange(most + 2))


def _with_more(
    lists: Lists,
    rows: Ints,
    winner: Ints,
    ends: tuple[Ints, Ints],
    add: int,
    hidden: Hidden | None,
) -> Lists:
    """The lists, and behind them members of the winning label that they lack."""
    order, starts = ends
    match, near = lists
    begin = starts[np.maximum(winner, 0)]
    size = np.where(winner >= 0, starts[np.maximum(winner, 0) + 1] - begin, 0)
    width = int(size.max(initial=0))
    place = begin[:, None] + np.arange(width)
    more = np.where(np.arange(width) < size[:, None], order[np.minimum(place, len(order) - 1)], -1)
    fresh = (more >= 0) & ~_in(more, match)
    if hidden is not None:
        fresh &= ~hidden.mask(rows, more)
    more = np.where(first(fresh, add), more, -1)
    last = np.where(near > -np.inf, near, np.inf).min(axis=1, keepdims=True)
    added = np.where(more >= 0, last, -np.inf).astype(np.float32)
    return np.hstack([match, more]), np.hstack([near, added])


def _in(positions: Ints, match: Ints) -> Bools:
    """Whether each position (n, any) is in its list."""
    there = np.zeros(positions.shape, np.bool_)
    for column in range(match.shape[1]):
        there |= positions == match[:, [column]]
    return np.asarray(there)
