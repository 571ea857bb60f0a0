"""Classes that are taken for each other meet in a batch; every image still comes."""

import numpy as np
import pytest
import torch

from atarimae.errors import UsageError
from atarimae.tasks.retrieve.network import mining
from atarimae.tasks.retrieve.network.data import balanced_batches
from atarimae.tasks.retrieve.network.mining import Means, nearest, together
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Floats, Ints

CLASSES = 30
TARGETS = [number % CLASSES for number in range(5 * CLASSES)] + [0] * 20 + [CLASSES]


def centres(rows: int, seed: int = 0) -> Floats:
    """Of no length in particular."""
    return np.random.default_rng(seed).normal(size=(rows, 8)).astype(np.float32)


def naively_nearest(rows: Floats, subcentres: int) -> list[list[int]]:
    """All cosines at once; of two classes, the largest between their centres."""
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    classes = len(rows) // subcentres
    blocks = (units @ units.T).reshape(classes, subcentres, classes, subcentres)
    cosines = blocks.max((1, 3))
    return [[c for c in np.argsort(-row) if c != n] for n, row in enumerate(cosines)]


@pytest.mark.parametrize("subcentres", [1, 3])
def test_neighbours_are_those_of_all_cosines(
    monkeypatch: pytest.MonkeyPatch, subcentres: int
) -> None:
    monkeypatch.setattr(mining, "BLOCK", 7)
    monkeypatch.setattr(mining, "NEAREST", 10)
    rows = centres(CLASSES * subcentres)
    expected = [row[:10] for row in naively_nearest(rows, subcentres)]
    assert nearest(rows, subcentres).tolist() == expected


def test_of_few_classes_all_others_are_neighbours() -> None:
    near = nearest(centres(3 * 2), 2)
    assert [sorted(row) for row in near.tolist()] == [[1, 2], [0, 2], [0, 1]]


def naively_together(drawn: list[int], near: Ints, classes: int, hard: int) -> list[list[int]]:
    """A list of what is left, looked through from its beginning each time."""
    left, groups = list(range(len(drawn))), []
    while left:
        group, left = left[: classes - hard], left[classes - hard :]
        asking = {place: list(near[drawn[place]]) for place in group}
        while len(group) < classes and asking:
            for place in list(asking):
                held = {drawn[one] for one in group}
                there = [drawn[one] for one in left]
                free = [c for c in asking[place] if c in there and c not in held]
                if not free or len(group) == classes:
                    del asking[place]
                    continue
                group.append(left.pop(there.index(free[0])))
        while left and len(group) < classes:
            group.append(left.pop(0))
        groups.append(group)
    return groups


@pytest.mark.parametrize(("classes", "hard"), [(8, 0), (8, 1), (8, 4), (8, 7), (2, 1), (64, 32)])
def test_hands_are_put_together_as_said(classes: int, hard: int) -> None:
    drawn = np.random.default_rng(1).integers(0, CLASSES, 101).tolist()
    near = nearest(centres(CLASSES))[:, :12]
    groups = together(drawn, near, classes, hard)
    assert groups == naively_together(drawn, near, classes, hard)
    assert sorted(place for group in groups for place in group) == list(range(101))
    assert [len(group) for group in groups[:-1]] == [classes] * (len(groups) - 1)


def test_no_neighbours_leave_the_order_of_drawing() -> None:
    drawn = [0, 1, 0, 2, 1, 2, 0]
    assert together(drawn, nearest(centres(3)), 3, 0) == [[0, 1, 2], [3, 4, 5], [6]]


def test_nearest_class_comes_along() -> None:
    near = np.array([[1, 2, 3], [0, 2, 3], [3, 0, 1], [2, 0, 1]])  # 0 and 1 are a pair, 2 and 3
    assert together([0, 2, 1, 3], near, 2, 1) == [[0, 2], [1, 3]]
    assert together([0, 2, 3, 1], near, 4, 2) == [[0, 1, 3, 2]]


def batches(hard: int | None, seed: int = 0, epoch: int = 0) -> list[list[int]]:
    """Of 8 classes with 4 images; None is as without mining."""
    near = nearest(centres(CLASSES + 1))
    chosen = None if hard is None else lambda drawn: together(drawn, near, 8, hard)
    return list(balanced_batches(TARGETS, 8, 4, seed, epoch, chosen))


@pytest.mark.parametrize("hard", [None, 1, 4, 7])
def test_every_image_comes_at_least_once_and_as_often_as_without_mining(hard: int | None) -> None:
    came = sorted(number for batch in batches(hard) for number in batch)
    assert set(came) == set(range(len(TARGETS)))
    assert came == sorted(number for batch in batches(None) for number in batch)


def test_one_seed_and_epoch_give_the_same_batches_and_another_epoch_others() -> None:
    assert batches(4, 7, 1) == batches(4, 7, 1)
    assert batches(4, 7, 1) != batches(4, 7, 2)
    assert batches(4, 7, 1) != batches(4, 8, 1)


def test_batches_without_mining_are_what_they_were() -> None:
    """As the code before it dealt them."""
    random = np.random.default_rng([3, 2])
    full: list[list[int]] = []
    for number in range(CLASSES + 1):
        dealt = random.permutation([i for i, target in enumerate(TARGETS) if target == number])
        dealt = dealt.tolist()
        while len(dealt) % 4:
            dealt.append(dealt[int(random.integers(len(dealt)))])
        full += [dealt[start : start + 4] for start in range(0, len(dealt), 4)]
    order = random.permutation(len(full))
    expected = [
        [number for hand in order[start : start + 8] for number in full[hand]]
        for start in range(0, len(full), 8)
    ]
    assert batches(None, 3, 2) == expected


def test_class_that_is_hard_to_tell_apart_is_met_more_often() -> None:
    near = nearest(centres(CLASSES + 1))

    def met(hard: int | None) -> int:
        """Pairs of a class and its nearest that share a batch, over ten epochs."""
        groups = [
            {TARGETS[number] for number in batch}
            for epoch in range(10)
            for batch in batches(hard, epoch=epoch)
        ]
        return sum(int(near[number, 0]) in group for group in groups for number in group)

    assert met(4) > 1.5 * met(None)


def test_means_are_moved_halfway_to_what_a_batch_says() -> None:
    means = Means(3, 2)
    means.keep(torch.tensor([[2.0, 0.0], [0.0, 3.0], [0.0, 1.0]]), torch.tensor([0, 0, 2]))
    torch.testing.assert_close(means.rows, torch.tensor([[0.25, 0.25], [0, 0], [0, 0.5]]))
    means.keep(torch.tensor([[-1.0, 0.0]]), torch.tensor([2]))
    torch.testing.assert_close(means.rows, torch.tensor([[0.25, 0.25], [0, 0], [-0.5, 0.25]]))


def test_share_is_one_of_a_batch_that_leaves_a_class_to_begin_with() -> None:
    with pytest.raises(UsageError, match="hard_classes"):
        RetrieveRecipe.of({"hard_classes": 1})
