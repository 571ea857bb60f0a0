"""The tuner: what it reports is not what it tuned on."""

import json
import tomllib
from collections import Counter

import numpy as np
import pytest

from atarimae import files, workspace
from atarimae import task as tasks
from atarimae.add import add
from atarimae.api import Bundle
from atarimae.cli import main
from atarimae.errors import AtarimaeError
from atarimae.fit import fit
from atarimae.fit.split import with_split
from atarimae.ideas import rank as tuner
from atarimae.ideas.rank import Ranked, rank
from atarimae.runlog import Run
from atarimae.score.evaluate import evaluate
from atarimae.score.intervals import interval, paired
from atarimae.ship import ship
from atarimae.store import Store
from atarimae.task import Forecast
from atarimae.types import Score
from atarimae.workspace import Workspace

RETRIEVE, COLOUR = tasks.load("retrieve"), tasks.load("colour")


QUICK = {"image_size": 32, "epochs": 0, "weights": "random"}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory, draw_photos) -> Workspace:
    """One workspace for all of these tests: they only add runs to it."""
    folder = tmp_path_factory.mktemp("rank")
    made = workspace.create(folder / "場所", "retrieve")
    add(made, [draw_photos(folder / "写真")])
    return made


@pytest.fixture(scope="module")
def run(space: Workspace) -> Run:
    """Untrained features of pictures of one shape: far from perfect, and quick."""
    recipe = RETRIEVE.recipe.of(QUICK)
    return fit(space, RETRIEVE, recipe, because="features as they are")


@pytest.fixture(scope="module")
def found(space: Workspace, run: Run) -> Ranked:
    return rank(space, RETRIEVE, run.id, folds=2, seed=3)


def test_report_can_be_recomputed_from_its_chains(space, run, found) -> None:
    assert found.own.value == pytest.approx(run.score.value, abs=1e-6)
    assert found.own_chain == ()
    assert found.ended == "nothing left to try"
    values = {one.chain: one.value for one in found.tried}
    assert values[()] == pytest.approx(run.score.value, abs=1e-6)
    assert [one.value for one in found.tried] == sorted(values.values(), reverse=True)
    ranker = _ranker(space, run)
    for one in found.tried[:3]:
        assert ranker.score(one.chain).value == pytest.approx(one.value, abs=1e-6)


def test_nested_score_is_of_each_fold_by_what_was_chosen_without_it(space, run, found) -> None:
    ranker, own = _ranker(space, run), _ranker(space, run).score(())
    held = tuner._dealt(own.clusters, 2, 3)
    parts = own.parts.copy()
    for rows, one in zip(held, found.folds, strict=True):
        parts[rows] = ranker.score(one.chain).parts[rows]
        assert one.value == pytest.approx(parts[rows].mean(), abs=1e-6)
        assert one.own == pytest.approx(own.parts[rows].mean(), abs=1e-6)
        assert one.queries == rows.sum()
    told = interval(Score("mrr@20", float(parts.mean()), {}, own.keys, parts, own.clusters))
    assert found.nested.value == pytest.approx(told.value, abs=1e-6)
    assert (found.nested.low, found.nested.high) == pytest.approx((told.low, told.high), abs=1e-6)
    seen = paired(own.parts, parts, own.clusters)
    assert found.difference.value == pytest.approx(seen.value, abs=1e-6)
    assert found.nested.convention["chain"] == "chosen on the other folds of the classes"


def test_classes_are_dealt_whole() -> None:
    clusters = ["a", "b", "a", "c", "d", "b", "e"]
    held = tuner._dealt(clusters, 2, 0)
    assert np.sum(held, axis=0).tolist() == [1] * 7
    for name in set(clusters):
        assert (
            len({tuple(one[row] for one in held) for row, c in enumerate(clusters) if c == name})
            == 1
        )


class Noise:
    """Chains that are all worth the same, but for luck: what is picked only looks better."""

    def score(self, chain):
        seed = sum(ord(letter) * 31**place for place, letter in enumerate("".join(chain)))
        parts = np.random.default_rng(seed % 2**32).random(300).astype(np.float32)
        parts = parts if chain else np.full(300, 0.5, np.float32)
        names = tuple(f"query {n}" for n in range(300))
        return Score("luck", float(parts.mean()), {}, names, parts, names)

    def forecast(self, chain):
        return Forecast(0, 0.0)

    def can(self, chain):
        return True


class Lucky:
    """A task with a hundred such chains."""

    chain = "rank"

    def chains(self, chain, *, transductive, learned):
        return [(f"step {number}",) for number in range(100)] if not chain else []


def test_what_luck_picks_is_rosy_and_what_is_reported_is_not() -> None:
    bench = tuner._Bench([Noise()], lambda *_: None, 60.0)
    bench.judge(())
    held = tuner._dealt(bench.clusters, 5, 0)
    climbs = [tuner._Climb(~one) for one in held] + [tuner._Climb(np.ones(300, bool))]
    tuner._search(Lucky(), bench, climbs, transductive=False)
    everything = np.ones(300, bool)
    rosy = bench.mean(climbs[-1].best, everything)
    nested = np.mean([bench.mean(c.best, h) for h, c in zip(held, climbs, strict=False)])
    assert rosy > 0.53
    assert abs(nested - 0.5) < 0.03


def test_search_of_a_fold_knows_nothing_of_its_queries() -> None:
    """Whatever they score, the same chain is chosen without them."""
    first = tuner._Bench([Noise()], lambda *_: None, 60.0)
    first.judge(())
    held = tuner._dealt(first.clusters, 5, 0)[0]

    class Changed(Noise):
        def score(self, chain):
            told = super().score(chain)
            told.parts[held] = np.roll(told.parts[held], 7) * (len(chain[0]) if chain else 1)
            return told

    chosen = []
    for side in (Noise(), Changed()):
        bench = tuner._Bench([side], lambda *_: None, 60.0)
        bench.judge(())
        climb = tuner._Climb(~held)
        tuner._search(Lucky(), bench, [climb, tuner._Climb(held)], transductive=False)
        chosen.append(climb.best)
    assert chosen[0] == chosen[1] != ()


def test_more_steps_must_be_clearly_better() -> None:
    class Few(Lucky):
        def chains(self, chain, *, transductive, learned):
            return [("one",)] if not chain else []

    class OneQuery(Noise):
        def score(self, chain):
            told = super().score(())
            if chain:
                told.parts[0] += 0.01
            return told

    bench = tuner._Bench([OneQuery()], lambda *_: None, 60.0)
    bench.judge(())
    climb = tuner._Climb(np.ones(300, bool))
    tuner._search(Few(), bench, [climb], transductive=False)
    assert climb.best == ()


def test_recipe_with_the_chain_is_written_and_fits(space, run, monkeypatch) -> None:
    monkeypatch.setattr(tuner._Climb, "step", _take_the_first)
    path = space.root / "記録" / "ranked.toml"
    found = rank(space, RETRIEVE, run.id, folds=2, budget=5, write=path)
    assert found.recipe == path
    written = tomllib.loads(path.read_text("utf-8"))
    assert tuple(written["rank"]) == found.chain != ()
    assert {k: v for k, v in written.items() if k != "rank"} == {
        k: v for k, v in run.recipe.items() if k != "rank"
    }
    again = fit(space, RETRIEVE, RETRIEVE.recipe.read(path), because="ranked", parent=run.id)
    assert again.score.value == pytest.approx(found.value, abs=1e-6)
    assert again.verdict is not None
    settings = files.read_json(again.model / "model.json")["settings"]
    assert settings["rank"] == list(found.chain)
    shipped = ship(space, RETRIEVE, again, space.root / "bundle")
    assert shipped.model.settings["rank"] == list(found.chain)


@pytest.fixture(scope="module")
def looking_back(space: Workspace) -> Run:
    """A run whose chain looks at what it was trained on."""
    recipe = RETRIEVE.recipe.of(QUICK | {"rank": ["whiten:dimension=8,shrink=0.6", "vote:train=1"]})
    return fit(space, RETRIEVE, recipe, because="train votes")


def test_what_was_trained_on_goes_where_the_chain_needs_it(space, looking_back) -> None:
    data = with_split(RETRIEVE, Store(space).data())
    shipped = ship(space, RETRIEVE, looking_back, space.root / "looks back")
    learned = shipped.context.learned
    assert {file.path for file in learned.files} == {f.path for f in data.split("train").files}
    assert "learned/index.safetensors" in shipped.about["files"]
    assert f"Of {len(learned)} training images it carries" in (
        (shipped.folder / "README.md").read_text("utf-8")
    )
    again = evaluate(RETRIEVE, shipped.model, data.split("val"))
    assert again.scores[0].value == pytest.approx(looking_back.score.value, abs=1e-6)
    picture = data.path(data.split("val").files[0])
    assert Bundle(shipped.folder).search(picture)["matches"]


def test_tuner_looks_back_where_train_is_in_the_cache(space, run, looking_back) -> None:
    found = rank(space, RETRIEVE, looking_back.id, folds=2, budget=1)
    assert found.own.value == pytest.approx(looking_back.score.value, abs=1e-6)
    assert found.looked_back
    # Its fit embedded train, by the same network that `run` has.
    (own,) = tuner._parts(space, RETRIEVE, RETRIEVE.remembered, looking_back, lambda *_: None)
    (kept,) = tuner._parts(space, RETRIEVE, RETRIEVE.remembered, run, lambda *_: None)
    assert [file.path for file in kept.learned.files] == [f.path for f in own.learned.files]
    assert kept.learned.labels == own.learned.labels
    np.testing.assert_array_equal(kept.learned.arrays["embedding"], own.learned.arrays["embedding"])


def test_own_chain_is_compared_with_and_not_started_from(space) -> None:
    recipe = RETRIEVE.recipe.of(QUICK | {"rank": ["aqe:k=2", "csls:weight=2"]})
    run = fit(space, RETRIEVE, recipe, because="a chain of one's own")
    found = rank(space, RETRIEVE, run.id, folds=2, budget=1)
    assert found.own_chain == ("aqe:k=2,alpha=3", "csls:k=10,weight=2")
    assert found.own.value == pytest.approx(run.score.value, abs=1e-6)
    assert found.difference.value == pytest.approx(found.nested.value - run.score.value, abs=1e-6)


def test_score_says_which_steps_saw_other_queries() -> None:
    own, alone = ("kreciprocal", "vote"), ("kreciprocal_alone",)
    assert tuner._transductive(RETRIEVE, [own, alone, ()]) == ["kreciprocal"]
    bench = tuner._Bench([Noise()], lambda *_: None, 60.0)
    bench.judge(())
    told = bench.score(bench.parts[()], "chosen", ["kreciprocal"]).convention
    assert told["transductive"] == "kreciprocal"
    assert "transductive" not in bench.score(bench.parts[()], "chosen", []).convention


def test_folds_are_ranked_on_outputs_of_models_that_did_not_see_them(space) -> None:
    recipe = RETRIEVE.recipe.of(QUICK | {"whiten": "pca"})
    run = fit(space, RETRIEVE, recipe, because="folds", stage="folds", folds=2)
    found = rank(space, RETRIEVE, run.id, folds=2, budget=1)
    assert found.own.value == pytest.approx(run.score.value, abs=1e-6)
    assert set(found.own.keys) == {file.path for file in Store(space).data().files}


def test_budget_ends_the_search(space, run) -> None:
    found = rank(space, RETRIEVE, run.id, folds=2, budget=1e-9)
    assert found.ended == "budget spent"
    assert [one.chain for one in found.tried] == [()]
    assert found.recipe is None
    assert found.difference.value == 0


def test_every_chain_is_scored_once(space, run) -> None:
    told: list[str] = []
    found = rank(
        space, RETRIEVE, run.id, folds=2, budget=2,
        progress=lambda done, total, note="": told.append(note.partition(": about")[0]),
    )  # fmt: skip
    judged = [chain for chain in told if ":" in chain]
    assert max(Counter(judged).values()) == 1
    assert len(judged) == len(found.tried) - 1


def test_task_without_a_chain_is_refused(colours, tried) -> None:
    run = tried()
    with pytest.raises(AtarimaeError, match="Task colour has no chain to search"):
        rank(colours, COLOUR, run.id)


def test_folds_must_fit_the_classes(space, run) -> None:
    with pytest.raises(AtarimaeError, match="The choice can't be judged"):
        rank(space, RETRIEVE, run.id, folds=99)


def test_command_says_and_writes_what_was_found(space, run, capsys) -> None:
    words = ["-C", str(space.root), "rank", run.id, "--folds", "2", "--budget", "1s"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == run.id
    assert {"chain", "value", "difference", "seconds", "forecast"} == {*told["tried"][0]}
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "chains in" in said
    assert "The run as it is:" in said
    assert main([*words[:-1], "soon", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["what"] == "The budget is no span of time."


def _take_the_first(climb, bench, near) -> None:
    climb.done = climb.best != ()
    climb.best = climb.best or near[0]


def _ranker(space, run):
    (part,) = tuner._parts(space, RETRIEVE, RETRIEVE.remembered, run, lambda *_: None)
    return RETRIEVE.ranker(part.outputs, part.data, part.learned, part.constants)
