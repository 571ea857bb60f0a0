"""Sweeps of a task whose fits take no time: proposals become runs, which are all there is."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import tomli_w
from PIL import Image

from atarimae import api, runlog
from atarimae.errors import AtarimaeError, UsageError
from atarimae.predict.graph import cores

LOSS = "name == 'loss'"  # a training that takes long is judged midway too
FAST = {"epochs": 60, "lr": 0.3}
SPACE = {
    "because": "速いか 🍶",
    "recipe": {"epochs": 150, "lr": 0.5},
    "space": {"lr": [0.5, 0.4, 1e-6], "epochs": {"low": 149, "high": 150}},
}


def draw_classes(folder: Path, each: int, classes: int) -> Path:
    """A folder a class, of plain colours that a straight line can tell apart."""
    for number in range(classes):
        for i in range(each):
            shade = [20 + i] * 3
            shade[number % 3] += 150 if number < 3 else 0
            path = folder / f"色{number}" / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (16, 16), tuple(shade)).save(path)
    return folder


def settings(found) -> list[tuple[object, object]]:
    return [(idea.settings["lr"], idea.settings["epochs"]) for idea in found.ideas]


def stages(space: api.Workspace) -> Counter[tuple[object, ...]]:
    """How many runs there are of each idea and stage."""
    return Counter(
        (run.recipe["lr"], run.recipe["epochs"], run.stage) for run in runlog.runs(space.folder)
    )


@pytest.mark.long
def test_small_space_is_tried_to_its_end_by_ordinary_runs(tmp_path: Path) -> None:
    colours = api.init(tmp_path / "色", "colour")
    colours.add(draw_classes(tmp_path / "photos", each=20, classes=4))
    found = colours.sweep(SPACE, ideas=20, workers=2)
    assert found.ended == "the space has no other idea"
    assert settings(found)[0] == (0.5, 150)
    assert len(found.ideas) == len(set(settings(found))) == 6
    assert set(stages(colours).values()) == {1}
    runs = runlog.runs(colours.folder)
    assert {run.sweep for run in runs} == {found.id}
    threads = [json.loads((run.folder / "run.json").read_text())["threads"] for run in runs]
    assert set(threads) == {max(1, cores() // 2)}
    start = found.start.runs
    assert start["smoke"].because == "sweep of 速いか 🍶: the recipe as it is"
    assert (start["smoke"].parent, start["holdout"].idea) == (None, start["smoke"].id)
    for idea in found.ideas[1:]:
        lr, epochs = idea.settings["lr"], idea.settings["epochs"]
        for stage, run in idea.runs.items():
            assert run.because == f"sweep of 速いか 🍶: lr {lr:g}, epochs {epochs}"
            assert run.parent == start[stage].id
        # Smoke scales epochs, and so can't judge a change of them.
        assert ("smoke" in idea.runs) is (epochs == 150)
        # What smoke rejects never costs a holdout.
        smoke = idea.runs.get("smoke")
        rejected = smoke is not None and smoke.gate["decision"] == "rejected"
        assert idea.state(found.stages) == ("rejected" if rejected else "done")
        assert ("holdout" in idea.runs) is not rejected
    # Of what smoke turns down, one in twenty goes on anyway: by the recipe's hash, not by chance.
    smoke = [(idea.settings, idea.runs["smoke"]) for idea in found.ideas if "smoke" in idea.runs]
    turned_down = [
        told for told, run in smoke if run.gate["decision"] in ("rejected", "promoted anyway")
    ]
    assert turned_down == [{"lr": 1e-6, "epochs": 150}]
    assert found.best.score.value == max(run.score.value for run in runs if run.stage == "holdout")


OPEN = {
    "because": "x",
    "recipe": FAST,
    "space": {"lr": {"low": 0.01, "high": 0.5, "log": True}, "epochs": {"low": 40, "high": 60}},
}


@pytest.mark.long
def test_sweep_in_two_sessions_is_that_of_one(colours: api.Workspace, tmp_path: Path) -> None:
    """Gone on with, it proposes what it would have, and tries nothing twice."""
    other = api.open(colours.folder.root)
    first = colours.sweep(OPEN, ideas=2, stage="smoke")
    assert first.ended == "2 ideas were tried"
    more = other.sweep(OPEN, ideas=4, stage="smoke")
    assert more.id == first.id
    assert settings(more)[:2] == settings(first)
    before = stages(colours)
    assert colours.sweep(OPEN, ideas=4, stage="smoke").ideas == more.ideas
    assert stages(colours) == before
    whole = colours.sweep(
        OPEN | {"because": "x "}, ideas=4, stage="smoke"
    )  # the same space: the same sweep
    assert whole.id == first.id
    seeds = colours.sweep(OPEN, ideas=4, stage="smoke", seed=1)
    assert seeds.id != first.id
    assert settings(seeds)[1:] != settings(more)[1:]


@pytest.mark.long
def test_idea_that_fails_is_told_and_the_others_go_on(colours: api.Workspace) -> None:
    tried = {"because": "x", "recipe": FAST, "space": {"lr": [0.3, 1e38, 0.2]}}
    found = colours.sweep(tried, ideas=9, stage="smoke")
    assert {i.settings["lr"]: i.state(found.stages) for i in found.ideas} == {
        0.3: "done", 0.2: "done", 1e38: "failed",
    }  # fmt: skip
    assert found.ranked[-1].settings == {"lr": 1e38}


@pytest.mark.long
def test_recipe_that_can_not_be_fitted_ends_the_sweep(colours: api.Workspace) -> None:
    tried = {"because": "x", "recipe": FAST | {"lr": 1e38}, "space": {"lr": [0.3, 1e38]}}
    with pytest.raises(AtarimaeError) as caught:
        colours.sweep(tried, ideas=9)
    assert "The recipe as it is can't be fitted" in caught.value.what
    assert "Error" in caught.value.found  # the last line of the run's own


@pytest.mark.long
def test_data_that_changed_begins_a_new_sweep(colours: api.Workspace, photos: Path) -> None:
    tried = {"because": "x", "recipe": FAST, "space": {"lr": [0.3, 0.2]}}
    first = colours.sweep(tried, ideas=1, stage="smoke")
    Image.new("RGB", (16, 16), (200, 30, 31)).save(photos / "赤 red" / "別.png")
    colours.add(photos)
    assert colours.sweep(tried, ideas=1, stage="smoke").id != first.id


@pytest.mark.long
def test_budget_is_kept_over_sessions(colours: api.Workspace) -> None:
    first = colours.sweep(OPEN, ideas=2, stage="smoke")
    spent = sum(run.seconds for run in runlog.runs(colours.folder))
    again = colours.sweep(OPEN, budget=spent, stage="smoke")
    assert again.ended == "no further idea fits into the budget"
    assert again.ideas == first.ideas


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({}, "needs an end"),
        ({"ideas": 0}, "needs ideas"),
        ({"budget": "soon"}, "no span of time"),
        ({"ideas": 1, "stage": "holdot"}, "No stage 'holdot'"),
        ({"ideas": 1, "workers": 0}, "needs workers"),
        ({"ideas": 1, "workers": "rai"}, "no workers 'rai'"),
    ],
)
def test_wrong_usage_is_refused_before_a_run_begins(
    colours: api.Workspace, given: dict[str, object], what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        colours.sweep(SPACE, **given)
    assert runlog.runs(colours.folder) == []


# -- the command -----------------------------------------------------------------------------------


def command(space: Path, *words: object) -> list[str]:
    return [sys.executable, "-m", "atarimae", "-C", str(space), "sweep", *map(str, words)]


@pytest.mark.long
def test_command_prints_one_object_and_its_process_never_loads_torch(
    colours: api.Workspace, tmp_path: Path
) -> None:
    (tmp_path / "空間.toml").write_text(tomli_w.dumps(OPEN), encoding="utf-8")
    words = ["-C", str(colours.folder.root), "sweep", str(tmp_path / "空間.toml"), "--ideas", "2"]
    code = "import sys; from atarimae.cli import main; c = main(); sys.exit(9 * ('torch' in sys.modules) or c)"  # noqa: E501
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == ["sweep", "because", "ended", "seconds", "ideas", "matters", "next"]
    assert {idea["number"] for idea in found["ideas"]} == {0, 1}
    assert {idea["state"] for idea in found["ideas"]} <= {"done", "rejected"}
    start = next(idea for idea in found["ideas"] if not idea["number"])
    assert set(start["runs"]) == {"smoke", "holdout"}
    assert len(done.stderr.splitlines()) == sum(len(idea["runs"]) for idea in found["ideas"])


# -- kills -----------------------------------------------------------------------------------------

SLOW = {
    "because": "遅い",
    "recipe": {"epochs": 30, "lr": 0.3},
    "space": {"lr": {"low": 0.1, "high": 0.5}},
}


@pytest.fixture
def slow(tmp_path: Path, photos: Path) -> api.Workspace:
    made = api.init(tmp_path / "遅い", "slow-colour")
    made.add(photos)
    (tmp_path / "space.toml").write_text(tomli_w.dumps(SLOW), encoding="utf-8")
    return made


def until(true, seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


def half_way(space: api.Workspace, stage: str = "holdout") -> bool:
    """Whether a run of the stage has a few epochs behind it, and more before it."""
    going = [r for r in runlog.runs(space.folder) if r.stage == stage and r.status == "running"]
    return any((r.folder / "metrics.jsonl").read_text().count("\n") >= 5 for r in going)


def children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in told.split()]


def epochs_of(space: api.Workspace) -> list[list[int]]:
    """Of each holdout run, the epochs that were logged."""
    return [
        run.metrics().query(LOSS)["epoch"].tolist()
        for run in runlog.runs(space.folder)
        if run.stage == "holdout"
    ]


@pytest.mark.long
@pytest.mark.parametrize("victim", ["worker", "driver", "Ctrl-C"])
def test_nothing_is_lost_and_nothing_done_twice_by_a_kill(
    slow: api.Workspace, tmp_path: Path, victim: str
) -> None:
    words = command(slow.folder.root, tmp_path / "space.toml", "--ideas", "3", "--json")
    with (tmp_path / "out.json").open("w") as out:
        driver = subprocess.Popen(words, stdout=out, stderr=subprocess.PIPE, text=True)
    until(lambda: half_way(slow))
    workers = children(driver.pid)
    if victim == "worker":
        os.kill(workers[0], signal.SIGKILL)
        _, said = driver.communicate(timeout=120)
        assert driver.returncode == 0, said + (tmp_path / "out.json").read_text()
        assert "a worker died; going on" in said
    else:
        driver.send_signal(signal.SIGKILL if victim == "driver" else signal.SIGINT)
        driver.communicate(timeout=30)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 10)
        assert {run.status for run in runlog.runs(slow.folder)} <= {
            "done",
            "interrupted",
            "stopped",
        }
        subprocess.run(words, check=True, capture_output=True)
    runs = runlog.runs(slow.folder)
    assert {run.status for run in runs} == {"done"}
    assert len({run.recipe["lr"] for run in runs}) == 3
    assert Counter((run.recipe["lr"], run.stage) for run in runs).most_common(1)[0][1] == 1
    assert len(epochs_of(slow)) >= 1
    for epochs in epochs_of(slow):  # from the checkpoint on: none left out
        assert sorted(set(epochs)) == list(range(1, 31))
        # A kill between an epoch's log and its checkpoint, and that epoch is logged again.
        assert len(epochs) <= 31
