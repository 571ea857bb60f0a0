"""A training is given up only where every doubt speaks against it."""

from dataclasses import replace

import pytest

from atarimae.fit.hopeless import Check, Rival, hopeless

PARENT = Rival("parent", ((0.1, 0.2), (0.2, 0.4), (0.5, 0.6), (1.0, 0.7)))
LOW = [Check(0.4, 0.1, 0.15), Check(0.5, 0.1, 0.15)]


def test_two_checks_in_a_row_far_below_the_parent_are_hopeless() -> None:
    assert hopeless(LOW, PARENT)


def test_one_check_is_not_enough() -> None:
    assert not hopeless(LOW[1:], PARENT)
    assert not hopeless([LOW[0], Check(0.5, 0.6, 0.65)], PARENT)


def test_early_checks_say_nothing() -> None:
    assert not hopeless([Check(0.2, 0.0, 0.0), Check(0.29, 0.0, 0.0)], PARENT)


def test_model_that_learns_half_as_fast_as_its_parent_goes_on() -> None:
    slow = [Check(s, value, value) for s in (0.4, 0.6, 0.8) if (value := PARENT.at(s / 2))]
    assert len(slow) == 3
    assert not any(hopeless(slow[:n], PARENT) for n in range(4))
    assert hopeless([replace(check, high=check.high - 0.01) for check in slow], PARENT)


def test_sample_that_is_too_small_to_tell_goes_on() -> None:
    wide, unknown = 0.9, float("nan")
    assert not hopeless([replace(check, high=wide) for check in LOW], PARENT)
    assert not hopeless([replace(check, high=unknown) for check in LOW], PARENT)


def test_parent_without_a_check_by_then_stops_nobody() -> None:
    assert not hopeless(LOW, Rival("late", ((0.9, 0.7), (1.0, 0.7))))
    assert not hopeless(LOW, Rival("none", ()))


def test_between_two_checks_the_parent_is_on_a_line() -> None:
    assert PARENT.at(0.15) == pytest.approx(0.3)
    assert PARENT.at(0.05) is None
