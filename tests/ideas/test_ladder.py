"""An idea climbs the stages: rejected when it is no better, accepted by folds alone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from atarimae import runlog, workspace
from atarimae import task as tasks
from atarimae.add import add
from atarimae.cli import main
from atarimae.errors import UsageError
from atarimae.ideas import ladder
from atarimae.ideas.ladder import climb
from atarimae.workspace import Workspace

COLOUR = tasks.load("colour")
GOOD, POOR = {"lr": 1.0, "epochs": 40}, {"lr": 1.0, "epochs": 0}


@pytest.fixture
def space(tmp_path: Path, photos: Path) -> Workspace:
    made = workspace.create(tmp_path / "色", "colour")
    add(made, [photos])
    return made


@pytest.fixture(scope="module")
def climbed(
    tmp_path_factory: pytest.TempPathFactory, draw_photos: Callable[[Path], Path]
) -> dict[str, Workspace]:
    """Workspaces in which one idea, the good or the poor one, has climbed as the baseline."""
    made = {}
    for name, settings in (("good", GOOD), ("poor", POOR)):
        folder = tmp_path_factory.mktemp(name)
        draw_photos(folder / "写真 photos")
        made[name] = workspace.create(folder / "色", "colour")
        add(made[name], [folder / "写真 photos"])
        try_(made[name], settings)
    return made


@pytest.fixture
def good(climbed: dict[str, Workspace], tmp_path: Path) -> Workspace:
    """A copy of the workspace whose baseline is the good idea."""
    shutil.copytree(climbed["good"].root.parent, tmp_path / "good")
    return workspace.open_(tmp_path / "good" / "色")


@pytest.fixture
def poor(climbed: dict[str, Workspace], tmp_path: Path) -> Workspace:
    """A copy of the workspace whose baseline is the poor idea."""
    shutil.copytree(climbed["poor"].root.parent, tmp_path / "poor")
    return workspace.open_(tmp_path / "poor" / "色")


def try_(space: Workspace, settings: dict[str, float], **given: object) -> ladder.Climb:
    recipe = COLOUR.recipe.of(settings)
    return climb(space, COLOUR, recipe, because=f"{settings}", **{"audit": 0.0, **given})


def decisions(found: ladder.Climb) -> dict[str, str]:
    return {rung.stage: rung.decision for rung in found.rungs}


def test_first_idea_is_the_baseline_and_goes_through_all_stages(poor: Workspace) -> None:
    runs = runlog.runs(poor)
    assert [run.gate["decision"] for run in runs] == ["baseline"] * 3
    assert [run.stage for run in runs] == ["smoke", "holdout", "folds"]
    assert [run.idea for run in runs] == [None, runs[0].id, runs[0].id]


def test_better_idea_passes_and_is_accepted_by_folds_alone(poor: Workspace) -> None:
    base = runlog.runs(poor)
    found = try_(poor, GOOD)
    assert decisions(found) == {
        "smoke": "not judged here", "holdout": "passed", "folds": "accepted",
    }  # fmt: skip
    for rung, below in list(zip(found.rungs, base, strict=True))[1:]:
        assert rung.run.parent == rung.against.id == below.id
        assert runlog.read(rung.run.folder).gate["decision"] == rung.decision


def test_worse_idea_is_rejected_before_it_is_dear(good: Workspace) -> None:
    found = try_(good, POOR)
    assert decisions(found) == {"smoke": "not judged here", "holdout": "rejected"}
    assert found.rungs[1].better < ladder.GATE
    assert not found.measured
    assert found.full > 0


def test_gate_of_zero_rejects_nothing(good: Workspace) -> None:
    found = try_(good, POOR, gate=0.0)
    assert decisions(found) == {
        "smoke": "not judged here", "holdout": "passed", "folds": "not accepted",
    }  # fmt: skip


def test_share_of_the_rejected_goes_on_anyway(good: Workspace) -> None:
    found = try_(good, POOR, audit=1.0)
    assert decisions(found) == {
        "smoke": "not judged here", "holdout": "promoted anyway", "folds": "not accepted",
    }  # fmt: skip


def test_who_goes_on_anyway_is_drawn_by_the_recipe(poor: Workspace) -> None:
    run = runlog.find(poor, "last")
    assert ladder._chance(run) == ladder._chance(runlog.read(run.folder))
    assert 0 <= ladder._chance(run) < 1


def test_stage_that_cannot_express_a_change_passes_it_on(good: Workspace) -> None:
    found = try_(good, GOOD | {"epochs": 1})
    assert decisions(found)["smoke"] == "not judged here"
    assert found.rungs[0].run is None
    assert found.rungs[1].run.idea is None  # the first of its idea


def test_parent_without_a_run_at_a_stage_gets_one(space: Workspace) -> None:
    base = runlog.find(space, try_fit(space, {"lr": 1e-6, "epochs": 4}))
    found = try_(space, {"lr": 1.0, "epochs": 4}, parent=base.id, gate=0.0)
    assert found.rungs[0].against.stage == "smoke"
    assert found.rungs[0].against.recipe == base.recipe
    assert found.compared > 0
    assert [rung.against.id for rung in found.rungs][1] == base.id


def try_fit(space: Workspace, settings: dict[str, float]) -> str:
    from atarimae.fit import fit

    return fit(space, COLOUR, COLOUR.recipe.of(settings), because="alone").id


def test_climbing_again_makes_no_new_run(poor: Workspace) -> None:
    first = try_(poor, GOOD, parent="best")
    known = len(runlog.runs(poor))
    again = try_(poor, GOOD, parent=first.rungs[-1].against.id)
    assert len(runlog.runs(poor)) == known
    assert decisions(again) == decisions(first)


def test_idea_that_changes_nothing_is_refused(good: Workspace) -> None:
    with pytest.raises(UsageError, match="There is nothing to judge"):
        try_(good, GOOD, parent="best")


def test_baseline_that_was_stopped_goes_on_as_the_baseline(good: Workspace) -> None:
    folds = runlog.find(good, "last")
    shutil.rmtree(folds.folder)
    found = try_(good, GOOD)
    assert decisions(found) == dict.fromkeys(["smoke", "holdout", "folds"], "baseline")
    assert len(runlog.runs(good)) == 3


@pytest.mark.parametrize("given", [{"gate": 1.5}, {"audit": -0.1}])
def test_gate_out_of_range_is_refused(space: Workspace, given: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="out of range"):
        try_(space, GOOD, **given)


def test_command_tells_each_stage_and_what_was_saved(
    good: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-C", str(good.root), "fit", "--stage", "auto", "--audit", "0", "--because"]
    assert main([*words, "なし", "--set", "lr=1.0", "--set", "epochs=0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["decision"], told["stage"]) == ("rejected", "holdout")
    assert [rung["decision"] for rung in told["stages"]] == ["not judged here", "rejected"]
    assert main([*words, "なし 2", "--set", "lr=2.0", "--set", "epochs=0"]) == 0
    said = capsys.readouterr().out
    assert "rejected" in said
    assert "full validation would have taken about" in said


def test_gate_is_for_stage_auto_alone(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(space.root), "fit", "--because", "x", "--gate", "0.2"]) == 2
    assert "Only stage auto has a gate" in capsys.readouterr().err


def test_gate_command_sums_up_what_was_decided(
    good: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    try_(good, POOR, audit=1.0)
    assert main(["-C", str(good.root), "gate", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ideas"], told["rejected"], told["promoted_anyway"], told["wrong"]) == (1, 1, 1, 0)
    assert main(["-C", str(good.root), "gate"]) == 0
    said = capsys.readouterr().out
    assert "promoted anyway" in said
    assert "1 of these went on anyway; folds accepted 0" in said


def test_gate_command_without_a_climb_says_how_to_make_one(
    space: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(space.root), "gate"]) == 0
    assert "atarimae fit --stage auto" in capsys.readouterr().out
