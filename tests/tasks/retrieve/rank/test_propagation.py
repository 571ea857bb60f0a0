"""Votes of labels, beside a naive version that reads like their definition."""

import numpy as np
import pytest

from atarimae.tasks.retrieve.rank.propagation import numbered, vote

WIDTH = 15


def naive(world, i, match, near, *, k, weight, power, add, voters=()):
    """One query's list, in plain Python."""
    found = [(j, s) for j, s in zip(match, near, strict=True) if j >= 0]
    votes: dict[str, float] = {}
    ballots = [(world.labels[j], s) for j, s in found[:k]] + list(voters)
    for label, s in ballots:
        if label and s > 0:
            votes[label] = votes.get(label, 0) + s**power
    total = sum(votes.values())
    if votes:
        first_voted = [label for label, _ in ballots]
        winner = max(votes, key=lambda label: (round(votes[label], 6), -first_voted.index(label)))
        lacking = [
            j for j in world.may_see(i)
            if world.labels[j] == winner and j not in [j for j, _ in found]
        ]  # fmt: skip
        found += [(j, found[-1][1]) for j in lacking[:add]]
    top = max(near[0], 0)
    share = {label: won / total for label, won in votes.items()}
    scored = [
        (j, (1 - weight) * s + weight * top * share.get(world.labels[j], 0)) for j, s in found
    ]
    return sorted(scored, key=lambda one: (-round(one[1], 6), one[0]))[: len(match)]


@pytest.mark.parametrize("add", [0, 3])
@pytest.mark.parametrize(("k", "weight", "power"), [(5, 0.5, 1), (10, 0.25, 3), (3, 1.0, 2)])
def test_votes_agree_with_a_naive_count(world, k: int, weight: float, power: float, add: int):
    match, near = world.plain.search(world.asked, WIDTH)
    told = {"k": k, "weight": weight, "power": power, "add": add}
    hidden = world.plain.hidden(world.asked)
    found, close = vote(match, near, numbered(world.labels), hidden=hidden, **told)
    for i in range(len(match)):
        expected = naive(world, i, match[i].tolist(), near[i].tolist(), **told)
        np.testing.assert_allclose(close[i], [s for _, s in expected], atol=1e-5)
        same = [j == k for j, (k, _) in zip(found[i].tolist(), expected, strict=True)]
        assert sum(same) >= len(same) - 2  # two that tie to the last digit may change places


def test_labels_of_train_vote_as_well() -> None:
    match = np.array([[0, 1]])
    near = np.array([[0.9, 0.8]], np.float32)
    labels = numbered(["red", "blue"])
    voters = np.array([[1, 1, 1]]), np.array([[0.9, 0.9, 0.9]], np.float32)
    alone, _ = vote(match, near, labels, k=2, weight=0.5)
    found, close = vote(match, near, labels, k=2, weight=0.5, voters=voters)
    assert (alone.tolist(), found.tolist()) == ([[0, 1]], [[1, 0]])
    share = (0.8 + 2.7) / (0.9 + 0.8 + 2.7)
    assert close[0, 0] == pytest.approx(0.4 + 0.45 * share, abs=1e-6)


def test_one_query_is_answered_as_among_others(world) -> None:
    match, near = world.plain.search(world.asked, WIDTH)
    labels = numbered(world.labels)
    whole = vote(match, near, labels, k=5, weight=0.5)
    alone = vote(match[4:5], near[4:5], labels, k=5, weight=0.5)
    np.testing.assert_array_equal(whole[0][4], alone[0][0])
    np.testing.assert_array_equal(whole[1][4], alone[1][0])


def test_what_is_hidden_is_not_added(world) -> None:
    match, near = world.plain.search(world.asked, 3)
    hidden = world.plain.hidden(world.asked)
    found, _ = vote(match, near, numbered(world.labels), k=3, weight=1, add=20, hidden=hidden)
    for i, row in enumerate(found):
        assert set(row.tolist()) <= {*world.may_see(i), -1}


def test_image_without_a_label_neither_votes_nor_wins() -> None:
    match, near = np.array([[0, 1, 2]]), np.array([[0.9, 0.8, 0.7]], np.float32)
    found, _ = vote(match, near, numbered(["", "", "red"]), k=3, weight=0.5)
    assert found.tolist() == [[2, 0, 1]]


def test_similarity_falls_where_the_answers_disagree() -> None:
    match, near = np.array([[0, 1], [2, 3]]), np.array([[0.9, 0.8], [0.9, 0.8]], np.float32)
    _, close = vote(match, near, numbered(["a", "a", "b", "c"]), k=2, weight=0.5)
    assert close[0, 0] == pytest.approx(0.9, abs=1e-6)
    assert close[1, 0] < 0.75


def test_nothing_found_stays_nothing() -> None:
    match, near = np.full((1, 3), -1), np.full((1, 3), -np.inf, np.float32)
    found, close = vote(match, near, numbered(["a"]), k=3, weight=0.5, add=2)
    assert found.tolist() == [[-1] * 3]
    assert np.isneginf(close).all()


def test_a_label_that_train_alone_has_can_win_and_brings_nothing_in() -> None:
    match, near = np.array([[0, 1]]), np.array([[0.9, 0.8]], np.float32)
    voters = np.array([[7, 7]]), np.array([[0.9, 0.9]], np.float32)
    told = {"k": 2, "weight": 0.5, "power": 1.0, "add": 3}
    found, close = vote(match, near, numbered(["red", "blue", "red"]), voters=voters, **told)
    assert found.tolist() == [[0, 1]]
    assert close[0, 0] == pytest.approx(0.45 + 0.45 * 0.9 / 3.5, abs=1e-6)


@pytest.mark.parametrize("train", [0.5, 2.0])
def test_votes_of_train_are_worth_what_they_are_told_to_be(train: float) -> None:
    match, near = np.array([[0, 1]]), np.array([[0.9, 0.8]], np.float32)
    voters = np.array([[1]]), np.array([[0.7]], np.float32)
    _, close = vote(match, near, numbered(["a", "b"]), k=2, weight=1.0, voters=voters, train=train)
    total = 0.9 + 0.8 + train * 0.7
    votes = sorted([0.9 * 0.9 / total, 0.9 * (0.8 + train * 0.7) / total], reverse=True)
    np.testing.assert_allclose(close[0], votes, atol=1e-6)
