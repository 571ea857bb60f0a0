"""Neighbours in cells: the same pairs as those of all cosines, however many vectors there are."""

import numpy as np

from atarimae.survey.cells import FEW, MOST, Cells

WIDTH = 16


def test_of_few_vectors_every_near_pair_is_found():
    vectors = unit(np.random.default_rng(0).normal(size=(200, WIDTH)))
    asked = vectors[:50]
    assert pairs(Cells(vectors), asked, 0.7) == naive(vectors, asked, 0.7)


def test_of_many_vectors_the_nearest_are_found():
    random = np.random.default_rng(1)
    vectors = unit(random.normal(size=(FEW + 1000, WIDTH)))
    asked = unit(vectors[:500] + random.normal(scale=0.05, size=(500, WIDTH)))
    truth = naive(vectors, asked, 0.9)
    found = pairs(Cells(vectors), asked, 0.9)
    assert found <= truth
    assert len(found) >= 0.99 * len(truth) >= 495


def test_each_question_has_its_own_bound():
    vectors = unit(np.random.default_rng(2).normal(size=(100, WIDTH)))
    rows, there, _ = Cells(vectors).near(vectors[:2], np.array([0.999, 2], np.float32))
    assert (rows.tolist(), there.tolist()) == ([0], [0])


def test_of_many_alike_the_nearest_are_told():
    random = np.random.default_rng(3)
    first = unit(random.normal(size=(1, WIDTH)))
    vectors = unit(first + random.normal(scale=0.1, size=(300, WIDTH)))
    told = pairs(Cells(vectors), first, 0.0)
    nearest = np.argsort(-(vectors @ first[0]))[:MOST]
    assert told == {(0, int(other)) for other in nearest}


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def pairs(cells, asked, least):
    bounds = np.full(len(asked), least, np.float32)
    rows, there, cosines = cells.near(asked, bounds)
    assert cosines.min() >= least
    return set(zip(rows.tolist(), there.tolist(), strict=True))


def naive(vectors, asked, least):
    rows, there = np.nonzero(asked @ vectors.T >= np.float32(least))
    return set(zip(rows.tolist(), there.tolist(), strict=True))
