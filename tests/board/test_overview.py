"""What a board's scores say of gains, of the private score, and of what to submit."""

import json

import numpy as np
import pytest

from atarimae.board import describe, overview, record
from atarimae.board.chances import best_of_two
from atarimae.board.entries import of_run
from atarimae.cli import main
from atarimae.errors import AtarimaeError
from atarimae.workspace import Workspace


def parts(chance: float, seed: int, n: int = 500) -> np.ndarray:
    """Hits and misses."""
    return (np.random.default_rng(seed).random(n) < chance).astype(float)


def test_gain_that_equal_runs_reach_by_chance_is_within_the_noise(space: Workspace, log) -> None:
    first, second = log(parts(0.7, 1)), log(parts(0.7, 2))
    describe(space, "public", public_share=0.5, queries=400)
    record(first, 0.70)
    record(second, 0.72)
    (gain,) = overview(space).gains
    # Hits and misses of independent runs differ by sqrt(2 × 0.7 × 0.3 / 200).
    assert gain.needed == pytest.approx(1.96 * np.sqrt(2 * 0.21 / 200), rel=0.1)
    assert gain.within_noise


def test_the_same_gain_of_runs_that_err_alike_is_more_than_noise(space: Workspace, log) -> None:
    common = parts(0.7, 1)
    better = common.copy()
    better[np.flatnonzero(common == 0)[:10]] = 1  # 2 % more
    describe(space, "public", public_share=0.5, queries=1000)
    record(log(common), 0.70)
    record(log(better), 0.72)
    (gain,) = overview(space).gains
    assert not gain.within_noise


def test_false_alarms_of_gains_are_as_rare_as_promised(space: Workspace, log) -> None:
    random = np.random.default_rng(3)
    describe(space, "public", public_share=0.5, queries=800)
    for _ in range(2):
        record(log(random.random(4000)), 0.5)
    needed = overview(space).gains[0].needed
    boards = random.random((4000, 2, 400)).mean(axis=2)
    alarms = np.mean(np.abs(boards[:, 1] - boards[:, 0]) >= needed)
    assert 0.04 <= alarms <= 0.06


def test_private_interval_holds_the_private_score(space: Workspace, log) -> None:
    run = log(parts(0.6, 1, 2000))
    random, inside = np.random.default_rng(5), 0
    describe(space, "public", public_share=0.3, queries=1000)
    for _ in range(60):
        public, private = (random.random(n) < 0.6 for n in (300, 700))
        record(run, float(public.mean()))
        (told,) = overview(space).shake.runs
        inside += told.low <= private.mean() <= told.high
    assert inside >= 53  # 57 of 60 are expected; fewer than 53 with a chance of 2 %


def test_first_of_equals_rarely_stays_first(space: Workspace, log) -> None:
    describe(space, "public", public_share=0.3, queries=1000)
    for seed in range(4):
        record(log(parts(0.7, seed)), 0.70 + seed / 1000)
    shake = overview(space).shake
    assert shake.leader_stays < 0.6
    assert sum(run.leads for run in shake.runs) == pytest.approx(1)
    assert shake.places > 0.5


def test_final_pair_errs_on_different_queries(space: Workspace, log) -> None:
    best = parts(0.7, 1)
    twin = best.copy()
    twin[np.flatnonzero(best)[0]] = 0  # all but the same
    other = np.roll(best, 50)  # misses other queries
    other[np.flatnonzero(other)[:2]] = 0
    runs = [log(p) for p in (best, twin, other)]
    describe(space, "public", public_share=0.3, queries=1000)
    record(runs[0], 0.7)
    pair = overview(space).final
    assert (pair.first, pair.second) == (runs[0].id, runs[2].id)
    assert pair.correlation < 0.5
    assert pair.gain > 0


def test_best_of_two_agrees_with_drawing() -> None:
    random = np.random.default_rng(0)
    one, two = random.normal(0.7, 0.03, 200_000), random.normal(0.69, 0.04, 200_000)
    assert best_of_two(0.7, 0.69, 0.05) == pytest.approx(np.maximum(one, two).mean(), abs=3e-4)
    assert best_of_two(0.7, 0.6, 0.0) == 0.7


def test_last_score_of_a_run_counts_and_other_questions_are_left_out(space: Workspace, log) -> None:
    cheap, run, best = log([0.1, 0.2], stage="smoke"), log([0.2, 0.4]), log([0.5, 0.6])
    record(cheap, 0.1)
    record(run, 0.5)
    record(run, 0.25)
    found = overview(space)
    assert [(row.run, row.lb) for row in found.standings] == [(run.id, 0.25)]
    assert found.left_out == (cheap.id,)
    assert found.prediction.run == best.id
    assert found.prediction.lb is None
    assert "too few to predict" in found.too_few


def test_run_without_parts_is_in_the_table_and_in_no_simulation(space: Workspace, log) -> None:
    whole, bare = log(parts(0.7, 1)), log(parts(0.6, 2))
    (bare.folder / "parts.parquet").unlink()
    describe(space, "public", public_share=0.3, queries=1000)
    for run in (whole, bare):
        record(run, 0.5)
    found = overview(space)
    assert {row.run for row in found.standings} == {whole.id, bare.id}
    assert [run.run for run in found.shake.runs] == [whole.id]


def test_board_without_scores_names_those_that_have_some(space: Workspace, log) -> None:
    record(log([0.5]), 0.5, board="公開")
    with pytest.raises(AtarimaeError, match="--board 公開"):
        overview(space)


def test_command_records_and_then_shows(space: Workspace, log, capsys) -> None:
    runs = [log(parts(0.5 + seed / 10, seed)) for seed in range(4)]
    for number, run in enumerate(runs):
        words = ["-C", str(space.root), "lb", run.id, "--score", str(0.4 + number / 10)]
        assert main([*words, "--public-share", "0.3", "--queries", "1000", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["score"] == 0.4 + number / 10
    assert main(["-C", str(space.root), "lb", "--predict", runs[0].id, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["spearman"]["value"] == 1
    assert told["prediction"]["run"] == runs[0].id
    assert told["shake"]["public_queries"] == 300
    assert main(["-C", str(space.root), "lb"]) == 0
    shown = capsys.readouterr().out
    assert "rank correlation" in shown
    assert "final two" in shown


@pytest.mark.parametrize(("score", "doubted"), [("41", True), ("0.41", False)])
def test_percentage_beside_a_share_is_doubted_and_kept(
    space: Workspace, log, capsys, score: str, doubted: bool
) -> None:
    run = log([0.5, 1.0])
    assert main(["-C", str(space.root), "lb", run.id, "--score", score]) == 0
    assert ("a percentage?" in capsys.readouterr().out) == doubted
    assert [entry.score for entry in of_run(run)] == [float(score)]


def test_command_without_a_score_to_record_says_what_to_write(
    space: Workspace, log, capsys
) -> None:
    assert main(["-C", str(space.root), "lb", log([0.5]).id]) == 2
    assert "--score" in capsys.readouterr().err
    assert main(["-C", str(space.root), "lb", "--score", "0.4"]) == 2
    assert "No RUN is named" in capsys.readouterr().err
