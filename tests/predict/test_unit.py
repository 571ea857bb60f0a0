"""Rows at unit length."""

import numpy as np

from atarimae.predict.unit import ROWS, unit


def test_a_list_and_a_table_give_the_same_however_many_blocks():
    rows = np.random.default_rng(0).normal(size=(ROWS + 5, 3)).astype(np.float16)
    made = unit(rows)
    np.testing.assert_array_equal(made, unit(list(rows)))
    naive = rows.astype(float) / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)
    np.testing.assert_allclose(made, naive, atol=1e-6)


def test_what_is_of_unit_length_and_what_is_nothing_stay_as_they_are():
    made = unit(np.random.default_rng(1).normal(size=(500, 64)))
    np.testing.assert_array_equal(unit(made), made)
    np.testing.assert_array_equal(unit(np.zeros((2, 3))), np.zeros((2, 3)))
    assert unit(np.zeros((0, 7))).shape == (0, 7)
