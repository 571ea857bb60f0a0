"""A chain is read from a recipe, applied as its steps say, and says what it will take."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atarimae import task as tasks
from atarimae.errors import UsageError
from atarimae.task import Answers, Context, Ranks, Transductive
from atarimae.tasks.retrieve.rank import bench, diffusion, reciprocal, steps
from atarimae.tasks.retrieve.rank.chain import Finder, cost, parse, transductive
from atarimae.tasks.retrieve.rank.expansion import Augmented, expand
from atarimae.tasks.retrieve.rank.propagation import vote
from atarimae.tasks.retrieve.rank.steps import DEPTH, Size, Step
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Data, File, Image, Index, Label, Version

TASK = tasks.load("retrieve")
EVERY = ["dba:k=2", "aqe:k=2,alpha=1", "csls:k=3", "rivals", "vote:add=2"]
RERANKED = [
    ["aqe:k=2", "kreciprocal_alone:k1=5,k2=2", "vote"],
    ["diffusion:neighbours=6,seeds=3", "rivals"],
]


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that looks at all queries together, as a re-ranker plugs in: a line in `STEPS`."""

    def centred(asked, plain, k):
        return plain.search(replace(asked, rows=asked.rows - asked.rows.mean(0)), k)

    step = Step(
        "together", "search", {}, steps.searching(centred), lambda size, _: steps.search_cost(size),
        transductive=True,
    )  # fmt: skip
    monkeypatch.setitem(steps.STEPS, "together", step)


def data_of(world) -> Data:
    """The gallery's files, all of which also ask."""
    files, labels, images = [], {}, {}
    for number, (image, source) in enumerate(zip(world.ids, world.sources, strict=True)):
        files.append(File(f"{number:02}.png", image, source=source))
        images[image] = Image(image, 9, 9, "PNG", 9)
        if world.labels[number]:
            labels.setdefault(image, (Label(image, world.labels[number]),))
    return Data(Path(), Version(0, ""), tuple(files), images, labels)


def answered(world, rank, rows=slice(None)):
    data, outputs = data_of(world), list(world.rows)
    index = TASK.index(outputs, data)
    asked = replace(data, files=data.files[rows])
    return TASK.finish(outputs[rows], asked, Context(index, {}, {"rank": rank}))


def test_recipe_writes_every_parameter_out() -> None:
    recipe = RetrieveRecipe.of({"rank": ["dba: k = 3", "vote"]})
    assert recipe.rank == ("dba:k=3,alpha=3", "vote:k=10,weight=0.5,power=3,add=0,train=0")
    assert RetrieveRecipe.of({}).rank == ()
    assert RetrieveRecipe.of(recipe.model_dump()) == recipe


@pytest.mark.parametrize(
    ("rank", "said"),
    [
        (["dbs:k=3"], "No step 'dbs' of rank. There is aqe, cells, csls, dba, diffusion"),
        (["dba:q=3"], "No parameter 'q' of dba. There is alpha, k."),
        (["dba:k=0"], "k of dba is a whole number from 1 to 100. Found '0'. Write dba:k=3, say."),
        (["dba:k=2.5"], "k of dba is a whole number"),
        (["aqe:alpha"], "alpha of aqe is a number from 0 to 20. Found ''."),
        (["vote:weight=2"], "weight of vote is a number from 0 to 1."),
        (["aqe", "aqe:k=1"], "aqe stands twice in the chain."),
        (["vote", "dba"], "dba can't come after vote. dba changes embeddings, vote their lists."),
    ],
)  # fmt: skip
def test_wrong_chain_says_what_found_and_fix(rank: list[str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        RetrieveRecipe.of({"rank": rank})
    assert said in error.value.found


def test_no_chain_changes_nothing(world) -> None:
    plain, empty = answered(world, []), answered(world, [])
    data, outputs = data_of(world), list(world.rows)
    without = TASK.finish(outputs, data, Context(TASK.index(outputs, data)))
    for name in without.columns:
        np.testing.assert_array_equal(plain.columns[name], without.columns[name])
        np.testing.assert_array_equal(empty.columns[name], without.columns[name])


def test_chain_is_its_steps_in_order(world) -> None:
    files = data_of(world).files
    index = Index(files, tuple(world.labels), {"embedding": world.rows})
    links = parse(["dba:k=2", "aqe:k=3,alpha=1", "vote:k=5,weight=0.5,power=1"])
    match, near = Finder(world.rows, index)(links, world.asked, 20)
    view = Augmented(world.plain, k=2, alpha=3)
    asked = expand(view, world.asked, *view.search(world.asked, 3), alpha=1)
    labels = Finder(world.rows, index).labels
    again, close = vote(*view.search(asked, DEPTH), labels, k=5, weight=0.5, power=1)
    np.testing.assert_array_equal(match, again[:, :20])
    np.testing.assert_allclose(near, close[:, :20], atol=1e-6)


@pytest.mark.parametrize("rank", [[one] for one in EVERY] + [EVERY, *RERANKED])
def test_no_answer_depends_on_other_queries(world, rank: list[str]) -> None:
    """Every step that ships answers one query as it answers many."""
    whole = answered(world, rank)
    alone = answered(world, rank, slice(9, 10))
    np.testing.assert_allclose(
        whole.columns["similarity"][9], alone.columns["similarity"][0], atol=2e-6
    )
    assert whole.keys[9] == alone.keys[0]


@pytest.mark.parametrize("rank", [[one] for one in EVERY] + [EVERY, *RERANKED])
def test_own_image_and_source_are_never_found(world, rank: list[str]) -> None:
    index = TASK.index(list(world.rows), data_of(world))
    found = answered(world, rank)
    for file, row in zip(data_of(world).files, found.columns["match"], strict=True):
        there = [index.files[position] for position in row if position >= 0]
        assert not [one for one in there if one.image == file.image]
        assert not [one for one in there if file.source and one.source == file.source]


@pytest.mark.parametrize("rank", [[one] for one in EVERY] + [EVERY, *RERANKED])
def test_similarity_is_best_first_and_can_be_a_threshold(world, rank: list[str]) -> None:
    near = answered(world, rank).columns["similarity"]
    assert (near[:, :-1] >= near[:, 1:]).all()
    assert np.isfinite(near[:, 0]).all()


def test_published_reranking_looks_at_all_queries_and_says_so(world) -> None:
    rank = ["kreciprocal:k1=5,k2=2,blend=0.3"]
    index = TASK.index(list(world.rows), data_of(world))
    links = parse(rank)
    assert transductive(links) == ("kreciprocal",)
    match, near = Finder(world.rows, index)(links, world.asked, 20)
    again, close = reciprocal.rerank(world.asked, world.plain, DEPTH, k1=5, k2=2, blend=0.3)
    np.testing.assert_array_equal(match, again[:, :20])
    np.testing.assert_allclose(near, close[:, :20], atol=1e-6)


def test_what_a_reranker_makes_of_a_gallery_is_made_once(
    world, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Counted(diffusion.Known):
        def __init__(self, *given, **told):
            made.append(told)
            super().__init__(*given, **told)

    step = replace(steps.STEPS["diffusion"], run=steps.prepared("diffusion", Counted))
    monkeypatch.setitem(steps.STEPS, "diffusion", step)
    finder = Finder(world.rows, TASK.index(list(world.rows), data_of(world)))
    first, again, _ = (
        finder(parse([f"diffusion:neighbours={n}"]), world.asked, 5) for n in (6, 6, 7)
    )
    np.testing.assert_array_equal(first[0], again[0])
    assert [told["neighbours"] for told in made] == [6, 7]


def test_calibration_sees_what_the_chain_gives(world) -> None:
    data, outputs = data_of(world), list(world.rows)
    unlabelled = replace(data, labels={k: v for k, v in data.labels.items() if v[0].value != "3"})
    context = Context(TASK.index(outputs, data), {}, {"rank": ["csls:weight=1"]})
    found = TASK.finish(outputs, unlabelled, context)
    threshold = TASK.calibrate(found, unlabelled, context)["threshold"]
    first = found.columns["similarity"][:, 0]
    assert min(-1, first.min()) - 1e-3 <= threshold <= max(1, first.max()) + 1e-3
    again = TASK.finish(outputs, unlabelled, replace(context, constants={"threshold": threshold}))
    np.testing.assert_array_equal(
        again.columns["unknown"], again.columns["similarity"][:, 0] < threshold
    )


def test_bench_scores_a_chain_as_finish_does(world) -> None:
    assert isinstance(TASK, Ranks)
    data, outputs = data_of(world), list(world.rows)
    ranker = TASK.ranker(outputs, data)
    index = TASK.index(outputs, data)
    for rank in ([], ["aqe:k=2"], ["dba:k=2"], EVERY, ["dba:k=2", "aqe:k=2,alpha=1"], ["vote"]):
        context = Context(index, {}, {"rank": rank})
        score = TASK.score(TASK.finish(outputs, data, context), data, context)[0]
        np.testing.assert_allclose(ranker.score(rank).parts, score.parts, atol=1e-6)


def test_other_countings_start_from_what_the_chain_answered(world) -> None:
    data, outputs = data_of(world), list(world.rows)
    context = Context(TASK.index(outputs, data), {"threshold": -9.0}, {"rank": EVERY})
    found = TASK.finish(outputs, data, context)
    own = TASK.score(found, data, context)[0]
    answers = Answers(found, data, outputs, replace(data, files=()), None, context.settings)
    first, *others = TASK.countings(answers)
    np.testing.assert_array_equal(first.parts, own.parts)
    missing = {way.changes: way.missing for way in others if way.missing}
    if any(world.sources):
        assert "went through the chain" in missing[("images of the query's own source left in",)]


def test_chains_one_change_away_are_valid_and_lead_to_every_shipped_step() -> None:
    near = TASK.chains([], transductive=False, learned=True)
    shipped = {step.name for step in steps.STEPS.values() if not step.transductive}
    assert {chain[0].partition(":")[0] for chain in near} == shipped
    for chain in TASK.chains(["dba:k=2", "aqe", "vote"], transductive=False):
        assert parse(chain)
    orders = {
        tuple(one.partition(":")[0] for one in chain)
        for chain in TASK.chains(EVERY, transductive=False)
    }
    assert ("aqe", "dba", "csls", "rivals", "vote") in orders
    assert ("dba", "aqe", "rivals", "csls", "vote") in orders


def test_forecast_grows_with_the_gallery_and_never_with_its_square_in_memory() -> None:
    small, large = (cost(parse(EVERY), Size(n, n, 512)) for n in (1_000, 100_000))
    assert large.products > 5000 * small.products
    assert large.bytes < 200 * small.bytes


def test_forecast_of_a_longer_chain_is_longer(world) -> None:
    ranker = TASK.ranker(list(world.rows), data_of(world))
    assert ranker.forecast(EVERY).seconds > ranker.forecast(["vote"]).seconds > 0


@pytest.mark.usefixtures("together")
def test_step_that_uses_other_queries_is_labelled(world) -> None:
    assert isinstance(TASK, Transductive)
    assert transductive(parse(["together", "vote"])) == ("together",)
    assert TASK.transductive({"rank": ["vote"]}) == ()
    data, outputs = data_of(world), list(world.rows)
    context = Context(TASK.index(outputs, data), {}, {"rank": ["together"]})
    scores = TASK.score(TASK.finish(outputs, data, context), data, context)
    assert {score.convention["transductive"] for score in scores} == {"together"}
    plain = replace(context, settings={"rank": ["vote"]})
    scores = TASK.score(TASK.finish(outputs, data, plain), data, plain)
    assert "transductive" not in scores[0].convention


@pytest.mark.usefixtures("together")
def test_tuner_leaves_steps_that_use_other_queries_out_unless_told() -> None:
    def names(chains):
        return {one.partition(":")[0] for chain in chains for one in chain}

    assert "together" not in names(bench.near((), transductive=False))
    assert "together" in names(bench.near((), transductive=True))
    assert "together" not in names(bench.near(["dba"], transductive=True))
    for chain in bench.near(["aqe", "together", "vote"], transductive=True):
        assert parse(chain) is not None


@pytest.mark.usefixtures("together")
def test_search_that_would_see_through_a_mixed_gallery_is_refused() -> None:
    with pytest.raises(UsageError, match="dba can't come before together"):
        parse(["dba", "together"])
    with pytest.raises(UsageError, match="together can't come after vote"):
        parse(["vote", "together"])
