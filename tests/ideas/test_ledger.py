"""Every idea once, expectations against outcomes, and what led to the best run."""

import json
import shutil
from pathlib import Path

import pytest

from atarimae import runlog
from atarimae import task as tasks
from atarimae import workspace as workspaces
from atarimae.add import add
from atarimae.cli import main
from atarimae.compare.ledger import ledger
from atarimae.errors import AtarimaeError
from atarimae.fit import fit
from atarimae.ideas.ladder import climb
from atarimae.ideas.noise import noise
from atarimae.ideas.verify import verify

COLOUR = tasks.load("colour")


# Fitted once for the tests of this file; each has a copy of its own.


@pytest.fixture(scope="module")
def first(tmp_path_factory, draw_photos):
    """A weak start, a good idea on top of it, and one more on top of that."""
    made = workspaces.create(tmp_path_factory.mktemp("ledger") / "色", "colour")
    add(made, [draw_photos(made.root / "写真 photos")])
    parent = None
    for because, expect, settings in [
        ("weak", None, {"epochs": 1, "lr": 0.000001}),
        ("longer", "+0.1", {"epochs": 80, "lr": 0.000001}),
        ("faster", "-0.2", {"epochs": 80, "lr": 0.3}),
    ]:
        recipe = COLOUR.recipe.of(settings)
        parent = fit(made, COLOUR, recipe, because=because, expect=expect, parent=parent).id
    return made


@pytest.fixture
def space(first, tmp_path):
    return copied(first, tmp_path)


@pytest.fixture
def three(space):
    return runlog.runs(space)


@pytest.fixture(scope="module")
def climbed(first, tmp_path_factory):
    """Folds of the two last ideas: those of the parent were made only to compare with."""
    space = copied(first, tmp_path_factory.mktemp("climbed"))
    recipe = COLOUR.recipe.of({"epochs": 80, "lr": 0.3})
    parent = runlog.runs(space)[1].id
    climb(space, COLOUR, recipe, because="up", parent=parent, gate=0.0, audit=0.0)
    return space


def copied(space, to):
    return workspaces.open_(Path(shutil.copytree(space.root, to / "色")))


def test_each_idea_is_there_once_whatever_its_seeds(space, three) -> None:
    noise(space, COLOUR, three[2].id, seeds=3)
    found = ledger(space)
    assert [idea.because for idea in found.ideas] == ["weak", "longer", "faster"]
    assert [len(idea.runs) for idea in found.ideas] == [1, 1, 3]
    assert [change.key for change in found.ideas[2].changes] == ["lr"]
    assert found.ideas[2].verdict == three[2].verdict["verdict"]


def test_expectations_are_counted(space, three) -> None:
    found = ledger(space)
    came = [run.verdict["difference"] for run in three[1:]]
    assert found.direction.hits == (came[0] > 0) + (came[1] < 0)
    assert found.direction.of == 2
    assert found.inside.of == 2
    told = found.as_dict()["expectations"]["direction"]
    assert told["low"] <= told["rate"] <= told["high"]


def test_what_led_to_the_best_run(space, three) -> None:
    found = ledger(space)
    assert found.best == three[2].id
    assert [step.because for step in found.helped] == ["longer", "faster"]
    assert found.helped[1].verdict.better > 0.5
    assert found.helped[1].verdict.difference == pytest.approx(
        three[2].score.value - three[1].score.value, abs=1e-6
    )


def test_an_idea_keeps_its_reason_and_verdict_when_it_serves_as_a_parent(climbed) -> None:
    three = runlog.runs(climbed)[:3]
    _, longer, faster = ledger(climbed).ideas
    assert (longer.run, longer.because, longer.stage) == (three[1].id, "longer", "holdout")
    assert longer.verdict == three[1].verdict["verdict"]
    assert longer.outcome.came == longer.difference
    assert (faster.because, faster.stage) == ("up", "folds")  # that of the dearest verdict


def test_the_way_to_the_best_run_goes_on_below_a_run_made_to_compare_with(climbed) -> None:
    three = runlog.runs(climbed)[:3]
    folded = [run for run in runlog.runs(climbed) if run.stage == "folds"]
    assert [run.parent for run in folded] == [three[1].id, folded[0].id]

    found = ledger(climbed)

    assert found.best in {run.id for run in folded}
    assert [step.because for step in found.helped][:1] == ["longer"]
    assert (found.helped[0].run, found.helped[0].parent) == (three[1].id, three[0].id)


def test_verify_after_a_climb_fits_at_folds_what_was_tried_at_holdout(climbed, tmp_path) -> None:
    space = copied(climbed, tmp_path)
    found = verify(space, COLOUR)
    assert {runlog.find(space, one.run).stage for one in found.left} == {"folds"}
    assert found.joint is None  # the weak start has no folds
    assert found.interaction is None


def test_verify_leaves_one_change_out_at_a_time(space, three) -> None:
    found = verify(space, COLOUR)
    longer, faster = found.left
    run = runlog.find(space, longer.run)
    assert (run.recipe["epochs"], run.recipe["lr"]) == (1, 0.3)
    assert faster.run == three[1].id  # that run is there already
    assert len(runlog.runs(space)) == 4
    joint = three[2].score.value - three[0].score.value
    singles = longer.verdict.difference + faster.verdict.difference
    assert found.joint.difference == pytest.approx(joint, abs=1e-6)
    assert found.interaction.value == pytest.approx(joint - singles, abs=1e-6)
    verify(space, COLOUR)
    assert len(runlog.runs(space)) == 4


def test_nothing_to_leave_out_is_refused(colours, tried) -> None:
    tried()
    with pytest.raises(AtarimaeError, match="nothing to leave out"):
        verify(colours, COLOUR)


def test_the_command_line_says_it(space, capsys) -> None:
    assert main(["-C", str(space.root), "ledger", "--verify"]) == 0
    said = capsys.readouterr().out
    assert "lr: 1e-06 → 0.3" in said
    assert "Together less the sum of each: " in said
    assert main(["-C", str(space.root), "ledger", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"ideas", "expectations", "best", "helped", "verified"}


def test_an_empty_ledger(colours, capsys) -> None:
    assert main(["-C", str(colours.root), "ledger"]) == 0
    assert "No expectation can be judged yet" in capsys.readouterr().out
