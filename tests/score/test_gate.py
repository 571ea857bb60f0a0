"""The gate's record: what was rejected, how often that was wrong, what it saved."""

from pathlib import Path

import pytest

from atarimae.runlog import Run
from atarimae.score.gate import audit, audit_lines
from atarimae.types import Score, Version

SECONDS = {"smoke": 1.0, "holdout": 10.0, "folds": 30.0}


def run(idea: int, stage: str, decision: str, value: float, edit: int = 1) -> Run:
    first = f"{idea}-smoke"
    return Run(
        folder=Path(f"{idea}-{stage}"), id=f"{idea}-{stage}", task="t", because=f"理由 {idea}",
        stage=stage, seed=0, parent=None, created=f"{idea}", status="done",
        data=Version(edit, "h"), recipe={}, scores=(Score("m", value, {}),), costs={},
        verdict=None, seconds=SECONDS[stage], error=None,
        idea=None if stage == "smoke" else first, gate={"decision": decision, "better": 0.5},
    )  # fmt: skip


def climb(idea: int, *decisions: str, values: tuple[float, ...] = (0.5, 0.5, 0.5)) -> list[Run]:
    told = zip(SECONDS, decisions, values, strict=False)
    return [run(idea, stage, decision, value) for stage, decision, value in told]


BASELINE = climb(0, "baseline", "baseline", "baseline")
ANYWAY = "promoted anyway"


def test_rejected_ideas_that_went_on_tell_how_often_the_gate_is_wrong() -> None:
    runs = [
        *BASELINE,
        *climb(1, "rejected"),
        *climb(2, "passed", "rejected"),
        *climb(3, ANYWAY, ANYWAY, "accepted"),
        *climb(4, "passed", ANYWAY, "not accepted"),
        *climb(5, "passed", "passed", "accepted"),
    ]
    found = audit(runs)
    assert (len(found.ideas), found.rejected, found.promoted, found.wrong) == (5, 4, 2, 1)
    assert found.false_reject_rate == 0.5
    assert found.low == pytest.approx(0.0126, abs=1e-4)  # Clopper and Pearson for 1 of 2
    assert found.high == pytest.approx(0.9874, abs=1e-4)


def test_without_an_idea_that_went_on_the_rate_is_not_known() -> None:
    found = audit([*BASELINE, *climb(1, "rejected")])
    assert found.false_reject_rate is None
    assert (found.low, found.high) == (0.0, 1.0)


def test_seconds_are_set_against_full_validation_of_each_idea() -> None:
    found = audit([*BASELINE, *climb(1, "rejected"), *climb(2, "passed", "passed", "accepted")])
    assert found.spent == 1 + (1 + 10 + 30)
    assert found.full == 30 + 30


def test_stages_that_order_ideas_alike_have_a_correlation_of_one() -> None:
    runs = [
        one
        for n in range(6)
        for one in climb(n, "passed", "passed", "accepted", values=(n / 10, n / 20, -n / 10))
    ]
    alike = {(one.first, one.second): one for one in audit(runs).agreements}
    assert alike["smoke", "holdout"].correlation.value == pytest.approx(1)
    assert alike["smoke", "folds"].correlation.value == pytest.approx(-1)
    assert alike["holdout", "folds"].ideas == 6


def test_only_ideas_on_the_newest_data_are_correlated() -> None:
    old = [run(9, stage, "passed", 0.1, edit=0) for stage in ("smoke", "holdout")]
    runs = [one for n in range(5) for one in climb(n, "passed", "passed")]
    assert audit([*old, *runs]).agreements[0].ideas == 5


def test_runs_that_did_not_climb_are_left_out() -> None:
    assert audit([]).as_dict()["ideas"] == 0


def test_without_a_run_at_folds_full_validation_is_three_times_holdout() -> None:
    found = audit([*climb(0, "passed", "rejected")])
    assert (found.spent, found.full) == (1 + 10, 30)


def test_of_none_rejected_nothing_is_asked_and_seconds_are_told_as_seconds() -> None:
    assert audit_lines(audit(climb(1, "passed", "passed", "not accepted"))) == [
        "1 idea, 0 rejected before folds.",
        "41 s spent; full validation of each alone about 30 s: 11 s more.",
    ]


def test_of_hours_hours_are_told() -> None:
    many = [one for n in range(1, 301) for one in climb(n, "rejected")]
    assert audit_lines(audit([*BASELINE, *many])) == [
        "300 ideas, 300 rejected before folds.",
        "None of these was judged in full: how often that was wrong is not known.",
        "300 s spent; full validation of each alone about 2.50 h: 2.42 h saved.",
    ]
