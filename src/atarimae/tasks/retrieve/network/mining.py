"""Batches of classes that are taken for each other, chosen anew at the start of each epoch.

Hard-class mining, as in Sohn, NeurIPS 2016, but over all classes and not a random few of them.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from atarimae.predict.search import Gallery
from atarimae.types import Floats, Ints

NEAREST = 64  # classes that are known as neighbours of one
BLOCK = 1024  # classes whose neighbours are searched at once


class Means(nn.Module):
    """Where each class lies, by the embeddings that training has just made: the newer, the more.

    For losses without centres. In a buffer, so that a checkpoint keeps it.
    """

    def __init__(self, classes: int, dimension: int) -> None:
        super().__init__()
        self.rows: torch.Tensor
        self.register_buffer("rows", torch.zeros(classes, dimension))  # 0: not seen yet

    @torch.no_grad()
    def keep(self, embeddings: torch.Tensor, targets: torch.Tensor) -> None:
        """Move each class of a batch halfway to the mean of its (n, d) embeddings there."""
        units = functional.normalize(embeddings.float())
        here, places, counts = torch.unique(targets, return_inverse=True, return_counts=True)
        sums = torch.zeros(len(here), units.shape[1], device=units.device)
        sums.index_add_(0, places, units)
        self.rows[here] = (self.rows[here] + sums / counts[:, None]) / 2


def nearest(centres: Floats, subcentres: int = 1) -> Ints:
    """The classes most like each by cosine, most alike first: (classes, at most 64).

    `centres` is (classes × subcentres, d), a class's side by side; the two nearest speak for their
    classes. What is searched for is held in blocks.
    """
    classes = len(centres) // subcentres
    k = min(NEAREST, classes - 1)
    units = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    own = [str(row // subcentres) for row in range(len(units))]
    gallery = Gallery(units, own)  # a centre never finds one of its own class
    near = np.empty((classes, k), np.int64)
    for start in range(0, classes, BLOCK):
        rows = slice(start * subcentres, (start + BLOCK) * subcentres)
        # The k · s nearest of a centre are of k classes at least.
        match, similarity = gallery.search(units[rows], k * subcentres, ids=own[rows])
        of_class = (match // subcentres).reshape(-1, subcentres * subcentres * k)
        order = np.argsort(-similarity.reshape(of_class.shape), axis=1, kind="stable")
        for number, found in enumerate(np.take_along_axis(of_class, order, 1).tolist()):
            near[start + number] = list(dict.fromkeys(found))[:k]
    return near


def together(drawn: Sequence[int], near: Ints, classes: int, hard: int) -> list[list[int]]:
    """Batches of `classes` hands, of which `hard` are neighbours of the others: places in `drawn`.

    `drawn` gives the class of each hand, in the order in which it was drawn. A batch takes the
    next ones, and then in turn for each of those the nearest class that is not in it yet and has a
    hand left; where the neighbours have none left, the next drawn. Each hand comes once.
    """
    hands = _Hands(drawn)
    groups: list[list[int]] = []
    while group := hands.next(classes - hard):
        group += hands.near(group, near, hard)
        group += hands.next(classes - len(group))
        groups.append(group)
    return groups


class _Hands:
    """Those that are not dealt yet, by place and by class."""

    def __init__(self, drawn: Sequence[int]) -> None:
        self.drawn = drawn
        self.left: dict[int, deque[int]] = {}
        for place, number in enumerate(drawn):
            self.left.setdefault(number, deque()).append(place)
        self.dealt: set[int] = set()
        self.ahead = (place for place in range(len(drawn)) if place not in self.dealt)

    def next(self, count: int) -> list[int]:
        """The next in the order of drawing, `count` of them or as many as there are."""
        return [self._deal(self.drawn[place]) for place in islice(self.ahead, count)]

    def near(self, places: Sequence[int], near: Ints, count: int) -> list[int]:
        """Hands of the classes nearest to those of `places`, in turn for each, `count` at most."""
        within = {self.drawn[place] for place in places}
        turns = deque(iter(near[self.drawn[place]].tolist()) for place in places)
        found: list[int] = []
        while turns and len(found) < count:
            nearer = turns.popleft()
            free = (number for number in nearer if number not in within and self.left.get(number))
            for number in islice(free, 1):
                found.append(self._deal(number))
                within.add(number)
                turns.append(nearer)
        return found

    def _deal(self, number: int) -> int:
        """The class's next hand; of all classes the next one's is the next of all."""
        place = self.left[number].popleft()
        self.dealt.add(place)
        return place
