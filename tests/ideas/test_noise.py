"""A recipe repeated with other seeds, and what later verdicts make of it."""

import json
import shutil

import numpy as np
import pytest
from scipy import stats

from atarimae import files, runlog
from atarimae import task as tasks
from atarimae.add import add
from atarimae.cli import main
from atarimae.compare import compare
from atarimae.errors import AtarimaeError, UsageError
from atarimae.fit import fit
from atarimae.ideas.noise import noise
from atarimae.store import Store

COLOUR = tasks.load("colour")


def test_sigma_is_that_of_ordinary_runs_with_other_seeds(colours, tried) -> None:
    run = tried()
    found = noise(colours, COLOUR, run.id, seeds=4)
    known = runlog.runs(colours)
    assert sorted(found.seeds) == [0, 1, 2, 3]
    assert sorted(found.runs) == sorted(one.id for one in known)
    assert [one.because for one in known[1:]] == [f"noise of {run.id}"] * 3
    assert {one.parent for one in known[1:]} == {run.id}
    values = [one.score.value for one in known]
    assert found.sigma == pytest.approx(np.std(values, ddof=1), abs=1e-6)
    chi2 = stats.chi2(3)
    assert found.low == pytest.approx(found.sigma * (3 / chi2.ppf(0.975)) ** 0.5, rel=1e-6)
    assert found.high == pytest.approx(found.sigma * (3 / chi2.ppf(0.025)) ** 0.5, rel=1e-6)
    assert files.read_json(run.folder / "noise.json") == json.loads(json.dumps(found.as_dict()))


def test_runs_that_are_there_count(colours, tried) -> None:
    run = tried(seed=7)
    tried("by hand", seed=1)
    tried("another recipe", seed=2, lr=0.2)
    assert sorted(noise(colours, COLOUR, run.id, seeds=3).seeds) == [0, 1, 7]
    assert len(noise(colours, COLOUR, run.id, seeds=3).seeds) == 3
    assert len(runlog.runs(colours)) == 4
    assert len(noise(colours, COLOUR, run.id, seeds=5).seeds) == 5


def test_a_repetition_that_was_stopped_is_gone_on_with(colours, tried) -> None:
    run = tried()

    def stop(done: int, total: int, note: str = "") -> None:
        if "epoch 2/2" in note:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        noise(colours, COLOUR, run.id, seeds=3, progress=stop)
    assert [one.status for one in runlog.runs(colours)] == ["done", "stopped"]
    noise(colours, COLOUR, run.id, seeds=3)
    assert [one.status for one in runlog.runs(colours)] == ["done"] * 3


def test_it_repeats_on_the_runs_own_data(colours, tried, photos) -> None:
    run = tried()
    more = shutil.copytree(photos / "赤 red", photos.with_name("more") / "赤 red")
    add(colours, [more.parent])
    assert Store(colours).data().version != run.data
    found = noise(colours, COLOUR, run.id, seeds=3)
    assert {runlog.get(colours, name).data for name in found.runs} == {run.data}


def test_what_trains_nothing_has_no_noise(space, small) -> None:
    retrieve = tasks.load("retrieve")
    run = fit(space, retrieve, small(projection=0, epochs=0), because="as it is")
    found = noise(space, retrieve, run.id, seeds=5)
    assert (found.deterministic, found.sigma, len(found.runs)) == (True, 0.0, 2)


@pytest.mark.long
def test_random_weights_that_nothing_trains_are_noisy_all_the_same(space, small) -> None:
    retrieve = tasks.load("retrieve")
    run = fit(space, retrieve, small(projection=16, epochs=0), because="a random projection")
    assert not noise(space, retrieve, run.id, seeds=3).deterministic


def test_later_verdicts_combine_both_noises_and_say_so(colours, tried) -> None:
    run = tried()
    before = compare(colours, run.id, tried("a bit slower", lr=0.25))
    assert (before.seed_noise, before.seeds) == ("seed noise unknown", (1, 1))
    found = noise(colours, COLOUR, run.id, seeds=5)
    after = compare(colours, before.first, before.second)
    assert after.seeds == (5, 1)
    assert after.sigma == (found.sigma, found.sigma)
    assert after.seed_noise.startswith(f"σ {found.sigma:.4f} from 5 seeds of {run.mark}")
    assert f"the nearest to {after.second[-4:]}" in after.seed_noise
    mean = np.mean(found.values)
    assert after.difference == pytest.approx(value_of(colours, after.second) - mean, abs=1e-6)


def value_of(space, name: str) -> float:
    return runlog.find(space, name).score.value


def test_two_seeds_of_one_recipe_are_compared_each_alone(colours, tried) -> None:
    run = tried()
    found = noise(colours, COLOUR, run.id, seeds=4)
    sister = next(name for name in found.runs if name != run.id)
    seen = compare(colours, run.id, sister)
    assert (seen.seeds, seen.sigma) == ((1, 1), (found.sigma, found.sigma))
    assert seen.difference == pytest.approx(value_of(colours, sister) - run.score.value, abs=1e-6)


def test_too_few_seeds_and_runs_without_a_recipe_are_refused(colours, tried) -> None:
    run = tried()
    with pytest.raises(UsageError, match="Too few seeds"):
        noise(colours, COLOUR, run.id, seeds=2)
    with runlog.start(colours, because="a loop of my own") as log:
        log.metric("loss", 1.0)
    with pytest.raises(AtarimaeError, match="can't be repeated"):
        noise(colours, COLOUR, log.id)


def test_the_command_line_says_it(colours, tried, capsys) -> None:
    run = tried()
    assert main(["-C", str(colours.root), "noise", run.mark, "--seeds", "3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"metric", "stage", "sigma", "low", "high", "seeds", "runs", "values"} <= told.keys()
    assert main(["-C", str(colours.root), "noise", run.mark, "--seeds", "3"]) == 0
    assert "σ of accuracy over 3 seeds: " in capsys.readouterr().out
