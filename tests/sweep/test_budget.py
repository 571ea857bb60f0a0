"""What a budget says, and what still fits into it."""

from pathlib import Path

import pytest

from atarimae.errors import UsageError
from atarimae.runlog import Run
from atarimae.sweep.budget import Budget, seconds


@pytest.mark.parametrize(
    ("said", "is_"),
    [("30m", 1800), ("2h", 7200), ("90s", 90), ("1h30m", 5400), ("0.5h", 1800), (45, 45)],
)
def test_spans_of_time(said: str | float, is_: float) -> None:
    assert seconds(said) == is_


@pytest.mark.parametrize("said", ["", "30", "m30", "1 hour", "-3m", "0s", 0, -1, float("nan")])
def test_what_is_no_span_of_time_is_refused(said: str | float) -> None:
    with pytest.raises(UsageError, match="no span of time"):
        seconds(said)


def took(stage: str, seconds: float, status: str = "done") -> Run:
    return Run(
        folder=Path(), id="r", task="t", because="b", stage=stage, seed=0, parent=None, created="",
        status=status, data=None, recipe={}, scores=(), costs={}, verdict=None, seconds=seconds,
        error=None,
    )  # fmt: skip


RUNS = [
    took("smoke", 1), took("smoke", 2), took("smoke", 300), took("holdout", 50),
    took("holdout", 1, "stopped"),
]  # fmt: skip


def test_stage_costs_the_median_of_what_it_took_so_far() -> None:
    spent_940 = Budget(seconds=1000, ideas=None, before=940)
    assert spent_940.fits(["smoke"], RUNS)  # 2 s
    assert spent_940.fits(["smoke", "holdout"], RUNS)  # 52 s
    spent_950 = Budget(seconds=1000, ideas=None, before=949)
    assert spent_950.fits(["holdout"], RUNS)  # 50 s
    assert not spent_950.fits(["smoke", "holdout"], RUNS)


def test_stage_that_nobody_went_through_is_tried_while_there_is_time() -> None:
    assert Budget(seconds=10, ideas=None, before=5).fits(["holdout"], [])
    assert not Budget(seconds=10, ideas=None, before=11).fits(["holdout"], [])


def test_without_a_time_everything_fits() -> None:
    assert Budget(seconds=None, ideas=3, before=1e9).fits(["holdout"], RUNS)
