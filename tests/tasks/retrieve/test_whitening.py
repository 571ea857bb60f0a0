"""Whitening, fitted on training rows only."""

import numpy as np
from sklearn.decomposition import PCA

from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.tasks.retrieve.whitening import fit_whitening, learned, whitened


def recipe(**settings: object) -> RetrieveRecipe:
    return RetrieveRecipe.of({"whiten": "pca", "whiten_shrink": 1e-6, **settings})


def test_pca_whitened_rows_are_uncorrelated_with_unit_variance() -> None:
    random = np.random.default_rng(0)
    rows = (random.normal(size=(4000, 6)) @ random.normal(size=(6, 6)) + 3).astype(np.float32)
    arrays = fit_whitening(recipe(whiten_dimension=6), rows, [0] * 4000)
    moved = (rows - arrays["mean"]) @ arrays["matrix"]
    np.testing.assert_allclose(np.cov(moved.T), np.eye(6), atol=0.05)


def test_pca_whitening_agrees_with_scikit_learn() -> None:
    rows = np.random.default_rng(3).normal(size=(400, 10)) * np.arange(1, 11)
    ours = fit_whitening(recipe(whiten_dimension=4), rows.astype(np.float32), [0] * 400)
    mine = (rows - ours["mean"]) @ ours["matrix"]
    theirs = PCA(4, whiten=True).fit(rows).transform(rows)
    signs = np.sign((mine * theirs).sum(0))
    np.testing.assert_allclose(mine * signs, theirs, rtol=0.01, atol=0.01)


def test_learned_whitening_makes_the_variation_within_classes_a_sphere() -> None:
    random = np.random.default_rng(1)
    centres = random.normal(size=(200, 5)) * 4
    noise = random.normal(size=(200, 8, 5)) * [1, 2, 3, 4, 5]
    rows = (centres[:, None] + noise).reshape(-1, 5)
    targets = np.repeat(np.arange(200), 8)
    matrix = learned(rows - rows.mean(0), targets, 5, shrink=1e-9)
    inner = noise - noise.mean(1, keepdims=True)
    moved = (inner @ matrix).reshape(-1, 5) * np.sqrt(8 / 7)
    np.testing.assert_allclose(np.cov(moved.T), np.eye(5), atol=0.02)


def test_learned_whitening_leaves_classes_of_one_image_out_of_the_variation() -> None:
    random = np.random.default_rng(2)
    rows = random.normal(size=(40, 4))
    pairs = np.repeat(np.arange(20), 2)
    lonely = np.concatenate([pairs, [77, 78]])
    more = np.concatenate([rows, random.normal(size=(2, 4)) * 50])
    first, second = learned(rows, pairs, 4, 0.1), learned(more, lonely, 4, 0.1)
    # The same metric within classes, though the directions are turned by the two outliers.
    np.testing.assert_allclose(first @ first.T, second @ second.T, rtol=1e-6)


def test_whitened_rows_have_unit_length() -> None:
    rows = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)
    lengths = np.linalg.norm(whitened(rows, fit_whitening(recipe(), rows, [0] * 50)), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


def test_components_are_never_more_than_rows_or_columns_allow() -> None:
    rows = np.random.default_rng(2).normal(size=(5, 8)).astype(np.float32)
    assert fit_whitening(recipe(), rows, [0] * 5)["matrix"].shape == (8, 4)
