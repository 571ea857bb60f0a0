"""Ensembles: runs joined into one run, and what each of them adds."""

import json
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from atarimae import api, bundle, files, look, runlog, workspace
from atarimae import task as tasks
from atarimae.add import add
from atarimae.cli import main
from atarimae.errors import AtarimaeError, UsageError
from atarimae.fit import ensemble, fit
from atarimae.fit.again import again
from atarimae.fit.assembly import Assembly
from atarimae.fit.split import folds, with_split
from atarimae.ideas.noise import noise
from atarimae.ideas.rank import rank
from atarimae.ideas.verify import verify
from atarimae.predict.run import apply, outputs
from atarimae.predict.source import open_source
from atarimae.runlog import Run
from atarimae.score.intervals import paired
from atarimae.score.verdict import word
from atarimae.ship import ship
from atarimae.store import Store
from atarimae.types import Data, File
from atarimae.workspace import Workspace

RETRIEVE = tasks.load("retrieve")
QUICK = {"epochs": 0, "weights": "random"}
# Features that nobody trained, at two sizes, and one of them whitened: right at times.
RECIPES = (
    {"image_size": 32},
    {"image_size": 64, "power": 0.5},
    {"image_size": 32, "whiten": "pca", "whiten_dimension": 8},
)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory, draw_photos) -> Workspace:
    """Five classes to learn from, three to be judged by; tests only add runs."""
    made = workspace.create(tmp_path_factory.mktemp("ensemble") / "場所", "retrieve")
    photos = draw_photos(made.root / "写真")
    rows = ["file,label,split"]
    for number, folder in enumerate(sorted(photos.iterdir())):
        split = "train" if number < 5 else "val"
        rows += [f"{p.relative_to(made.root)},{folder.name},{split}" for p in folder.iterdir()]
    (made.root / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    add(made, [made.root / "labels.csv"])
    return made


@pytest.fixture(scope="module")
def members(space: Workspace) -> list[Run]:
    return [
        fit(space, RETRIEVE, RETRIEVE.recipe.of(QUICK | one), because=f"member {n}")
        for n, one in enumerate(RECIPES)
    ]


@pytest.fixture(scope="module")
def joined(space: Workspace, members: list[Run]):
    """An ensemble of the members, each way made once."""
    made: dict[str, Run] = {}

    def of(**settings: object) -> Run:
        name = repr(settings)
        if name not in made:
            names = [run.id for run in members]
            made[name] = ensemble(space, RETRIEVE, names, settings, because=f"together: {name}")
        return made[name]

    return of


def test_ensemble_is_an_ordinary_run(space, members, joined) -> None:
    run = joined()
    best = max(members, key=lambda one: one.score.value)
    assert run.status == "done"
    assert run.origin == "ensemble"
    assert run.parent == best.id
    assert run.verdict["against"] == best.id
    assert run.recipe["members"] == [one.id for one in members]
    assert run.stage == "holdout"
    assert run.costs["parameters"] == sum(one.costs["parameters"] for one in members)
    assert {"ms_members", "ms_search", "model_mb"} <= run.costs.keys()
    assert len(runlog.parts(run)) == 18
    assert runlog.judged_paths(run.folder) == runlog.judged_paths(best.folder)
    assert run.id in {one.id for one in runlog.runs(space)}


def test_concatenated_is_the_mean_of_cosines(space, members, joined) -> None:
    data, rows = val(space, members)
    assert_parts(joined(), data, sum(one @ one.T for one in rows))


def test_weights_of_the_user_count_as_they_were_given(space, members, joined) -> None:
    data, rows = val(space, members)
    run = joined(join="weighted", weights=[3, 0, 1])
    assert_parts(run, data, 3 * rows[0] @ rows[0].T + rows[2] @ rows[2].T)
    assert [one.weights for one in run.ensemble.members] == [(0.75,), (0.0,), (0.25,)]


def test_weights_are_chosen_on_train_alone(space, members, joined) -> None:
    from atarimae.tasks.retrieve.joining.weights import chosen

    data, rows = side(space, members, "train")
    run = joined(join="weighted")
    expected = chosen([(data, rows)])
    told = files.read_json(run.model / "model.json")["settings"]["weights"]
    assert told == pytest.approx(expected)


def test_reduced_is_pca_of_train(space, members, joined) -> None:
    _, known = side(space, members, "train")
    data, rows = val(space, members)
    train, judged = (np.concatenate(one, axis=1) / np.sqrt(3) for one in (known, rows))
    _, _, axes = np.linalg.svd(train - train.mean(0), full_matrices=False)
    moved = (judged - train.mean(0)) @ axes[:7].T
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    run = joined(dimension=7)
    assert_parts(run, data, moved @ moved.T)
    made = RETRIEVE.predictor(bundle.read_model(run.model))
    found = np.stack(outputs(made, data, cache=space.cache))
    assert found @ found.T == pytest.approx(moved @ moved.T, abs=1e-4)


@pytest.mark.parametrize("method", ["rrf", "borda"])
def test_fused_lists_are_those_of_the_members(space, members, joined, method) -> None:
    data, rows = val(space, members)
    points: list[dict[int, float]] = [defaultdict(float) for _ in data.files]
    for one in rows:
        near = one @ one.T
        for query, found in enumerate(points):
            order = sorted(others(data, query), key=lambda g: (-near[query, g], data.files[g].path))
            for place, known in enumerate(order, 1):
                found[known] += 1 / (60 + place) if method == "rrf" else len(order) - place + 1
    table = np.array([[found[g] for g in range(len(data))] for found in points])
    assert_parts(joined(join=method), data, table)


def test_report_is_the_whole_beside_the_others_joined(space, members, joined) -> None:
    run = joined()
    told = run.ensemble
    whole = runlog.parts(run).set_index("key")
    assert [one.run for one in told.members] == [one.id for one in members]
    for number, one in enumerate(told.members):
        rest = [run.id for run in members[:number] + members[number + 1 :]]
        other = ensemble(space, RETRIEVE, rest, {}, because="the others")
        for found, what in ((one.without, other), (one.alone, members[number])):
            parts = runlog.parts(what).set_index("key").loc[whole.index]
            seen = paired(parts["mrr@20"], whole["mrr@20"], list(whole["cluster"]))
            assert found.value == pytest.approx(what.score.value, abs=1e-6)
            assert found.difference == pytest.approx(run.score.value - what.score.value, abs=2e-6)
            assert (found.low, found.high) == pytest.approx((seen.low, seen.high), abs=1e-6)
            assert found.verdict == word(seen)
    first, second = (runlog.parts(one).set_index("key")["mrr@20"] for one in members[:2])
    pair = told.together[0]
    assert (pair.first, pair.second) == (members[0].id, members[1].id)
    assert pair.either == ((first < 1) | (second < 1)).sum()
    assert pair.both == ((first < 1) & (second < 1)).sum()
    assert json.loads(json.dumps(told.as_dict())) == files.read_json(run.folder / "ensemble.json")


@pytest.mark.long
def test_folds_join_models_that_have_not_seen_what_they_are_judged_by(space) -> None:
    known = [
        fit(
            space, RETRIEVE, RETRIEVE.recipe.of(QUICK | one | {"whiten": "pca"}), because="folds",
            stage="folds", folds=2,
        )
        for one in RECIPES[:2]
    ]  # fmt: skip
    names = [run.id for run in known]
    run = ensemble(space, RETRIEVE, names, {"join": "weighted"}, because="folds together")
    assert run.stage == "folds"
    assert run.score.convention["folds"] == 2
    whole = with_split(RETRIEVE, Store(space).data())
    parts = {}
    for turn, data in enumerate(folds(RETRIEVE, whole, 2), 1):
        judged = data.split("val")
        rows = [
            unit_rows(space, one.folder / "folds" / str(turn) / "model", judged) for one in known
        ]
        weights = files.read_json(run.folder / "folds" / str(turn) / "model" / "model.json")
        counts = weights["settings"]["weights"]
        near = sum(c * one @ one.T for c, one in zip(counts, rows, strict=True))
        parts |= reciprocal_ranks(judged, near)
    found = runlog.parts(run).set_index("key")["mrr@20"].dropna()
    assert found.to_dict() == pytest.approx(parts, abs=1e-6)
    assert len(run.ensemble.members[0].weights) == 2
    with pytest.raises(AtarimaeError, match="has no one model to ship"):
        ship(space, RETRIEVE, run, space.root / "never")


@pytest.mark.long  # it reads the folds of the test above
def test_weights_of_a_fold_come_of_the_other_folds(space) -> None:
    run = next(one for one in runlog.runs(space) if one.because == "folds")
    whole = with_split(RETRIEVE, Store(space).data())
    work = Assembly(
        space, RETRIEVE, RETRIEVE.ensemble.of({}), (run,), run.folder, whole,
        lambda *_: None, whole,
    )  # fmt: skip
    for place in work.places():
        judged = {file.path for file in place.data.split("val").files}
        ((models, data),) = place._sides([run.id])
        assert not judged & {file.path for file in data.files}
        # The model that is asked about those images has not learned from them.
        other = 3 - place.turn
        assert models[run.id].folder == run.folder / "folds" / str(other) / "model"


def test_bundle_outlives_the_members_and_answers_without_torch_as_the_run_did(
    space, members, joined, bare_python, tmp_path
) -> None:
    run = joined(join="rrf")
    for one in members:
        shutil.move(one.folder, tmp_path / one.id)
    try:
        shipped = ship(space, RETRIEVE, run, tmp_path / "bundle")
        told = runlog.read(run.folder).ensemble
    finally:
        for one in members:
            shutil.move(tmp_path / one.id, one.folder)
    assert told.members[1].run == members[1].id
    assert {path.parent for path in shipped.model.graphs.values()} == {shipped.folder}
    table = runlog.parts(run).set_index("key").index
    asked = next(space.root / path for path in table)
    script = (
        "import sys, json, atarimae as at; print(json.dumps(at.Bundle(sys.argv[1])"
        ".search(sys.argv[2]))); assert not {'torch', 'ranx', 'numba'} & {*sys.modules}"
    )
    done = subprocess.run(
        [bare_python, "-c", script, str(tmp_path / "bundle"), str(asked)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    matches = json.loads(done.stdout)["matches"]
    assert matches[0]["file"] == str(asked.relative_to(space.root))  # it is in the gallery here
    data = Store(space).data()
    rows = np.stack(outputs(RETRIEVE.predictor(bundle.read_model(run.model)), data))
    context = tasks.Context(RETRIEVE.index(rows, data), {}, bundle.read_model(run.model).settings)
    row = [file.path for file in data.files].index(matches[0]["file"])
    # Asked by nobody in particular, as a service is: nothing is hidden.
    strange = Data(Path(), data.version, (File("", ""),), {}, {})
    answered = RETRIEVE.finish([rows[row]], strange, context).columns["match_files"][0]
    assert [one["file"] for one in matches] == list(answered)


def test_members_with_one_graph_share_it(space, joined) -> None:
    """The first and the third, which only whitens what the first says."""
    model = bundle.read_model(joined().model)
    names = {name: path.name for name, path in model.graphs.items()}
    assert names == {
        "1.embed": "1.embed.onnx",
        "2.embed": "2.embed.onnx",
        "3.embed": "1.embed.onnx",
    }
    made = RETRIEVE.predictor(model)
    assert made.shape == (3 * 32**2 + 3 * 64**2,)
    data = Store(space).data().where(lambda file: file.split == "val")
    cached = np.stack(outputs(made, data, cache=space.cache))
    assert np.stack(outputs(made, data)) == pytest.approx(cached, abs=1e-5)
    batch = [made.windows(open_source(data.path(file))) for file in data.files]
    assert np.stack(apply(made, batch)) == pytest.approx(cached, abs=1e-5)


def test_ensembles_can_be_joined_and_lists_can_not(space, members, joined) -> None:
    run = ensemble(space, RETRIEVE, [joined().id, members[0].id], {}, because="of ensembles")
    data, rows = val(space, members)
    both = sum(one @ one.T for one in rows) / 3 + rows[0] @ rows[0].T
    assert_parts(run, data, both)
    with pytest.raises(AtarimaeError, match="It fuses its members' lists"):
        ensemble(space, RETRIEVE, [joined(join="rrf").id, members[0].id], {}, because="no")
    with pytest.raises(AtarimaeError, match="has no outputs to rank"):
        rank(space, RETRIEVE, joined(join="rrf").id, folds=2, budget=1)


def test_chain_of_an_ensemble_is_ranked_and_kept(space, joined) -> None:
    found = rank(space, RETRIEVE, joined().id, folds=2, budget=1)
    assert found.own.value == pytest.approx(joined().score.value, abs=1e-6)
    assert found.members == tuple(joined().recipe["members"])  # for the command that comes next
    run = joined(rank=["aqe:k=2"])
    assert bundle.read_model(run.model).settings["rank"] == ["aqe:k=2,alpha=3"]


def test_members_that_do_not_fit_are_refused(space, members) -> None:
    smoke = fit(
        space, RETRIEVE, RETRIEVE.recipe.of(QUICK | RECIPES[0]), because="smoke", stage="smoke"
    )

    def refused(*names: str, **settings: object) -> AtarimaeError:
        with pytest.raises(AtarimaeError) as caught:
            ensemble(space, RETRIEVE, names, settings, because="no")
        return caught.value

    first, second = members[0].id, members[1].id
    before = len(runlog.runs(space))
    assert "two runs at least" in str(refused(first))
    assert "each once" in str(refused(first, first))
    assert "the stage differs" in str(refused(first, smoke.id))
    assert f"{first} has holdout" in refused(first, smoke.id).found
    assert "Did you mean 'weights'" in refused(first, second, wieghts=[1, 2]).fix
    assert "1 weights for 2" in refused(first, second, join="weighted", weights=[1]).found
    assert "dimension is not for rrf" in refused(first, second, join="rrf", dimension=9).found
    (members[1].folder / "model").rename(members[1].folder / "away")
    assert "Its model is not there" in refused(first, second).found
    (members[1].folder / "away").rename(members[1].folder / "model")
    assert len(runlog.runs(space)) == before


def test_runs_on_other_data_are_refused(space, members, tmp_path) -> None:
    start = files.read_json(members[1].folder / "run.json")
    other = space.runs / "261125-000000-data"
    shutil.copytree(members[1].folder, other)
    files.write_json(other / "run.json", start | {"data": {"edit": 1, "hash": "0" * 64}})
    try:
        with pytest.raises(AtarimaeError, match="the data version differs"):
            ensemble(space, RETRIEVE, [members[0].id, other.name], {}, because="no")
    finally:
        shutil.rmtree(other)


def test_task_without_ensembles_is_refused(colours) -> None:
    with pytest.raises(AtarimaeError, match="Task colour has no ensembles"):
        ensemble(colours, tasks.load("colour"), ["a", "b"], {}, because="no")


def test_what_fits_a_recipe_again_refuses_an_ensemble(space, joined) -> None:
    for asked in (again, noise, verify):
        with pytest.raises(AtarimaeError, match="is an ensemble, and has no recipe"):
            asked(space, RETRIEVE, joined().id)


def test_recipe_is_not_measured_against_an_ensemble(space, members, joined) -> None:
    best = runlog.find_parent(space, "holdout")
    assert best.origin is None
    ours = joined()
    told = files.read_json(ours.folder / "result.json")
    kept = (ours.folder / "result.json").read_bytes()
    told["scores"][0]["value"] = 2.0
    try:
        files.write_json(ours.folder / "result.json", told)
        assert runlog.best_of(runlog.runs(space), "holdout").id == ours.id
        assert runlog.find_parent(space, "holdout").id == best.id
    finally:
        (ours.folder / "result.json").write_bytes(kept)


def test_student_follows_an_ensemble_and_is_compared_with_it(space, joined) -> None:
    teacher = joined()
    data = with_split(RETRIEVE, Store(space).data()).split("train")
    near = [(rows := unit_rows(space, teacher.model, data)) @ rows.T]
    for epochs in (1, 30):
        told = {"image_size": 32, "weights": "random", "projection": 32, "teacher": teacher.mark}
        recipe = RETRIEVE.recipe.of(told | {"epochs": epochs, "classes_per_batch": 5})
        run = fit(space, RETRIEVE, recipe, because="one network for three")
        near.append((rows := unit_rows(space, run.model, data)) @ rows.T)
    apart = [np.abs(one - near[0]).mean() for one in near[1:]]
    assert apart[1] < 0.7 * apart[0]
    assert run.parent == run.recipe["teacher"] == teacher.id
    assert run.verdict["against"] == teacher.id
    assert {path.name for path in run.model.glob("*.onnx")} == {"embed.onnx", "project.onnx"}


def test_teacher_that_knows_the_answers_is_refused(space, joined) -> None:
    told = {"image_size": 32, "projection": 4}

    def refused(name: str, stage: str) -> str:
        with pytest.raises(AtarimaeError, match="can't be a teacher here") as caught:
            fit(
                space,
                RETRIEVE,
                RETRIEVE.recipe.of(told | {"teacher": name}),
                because="no",
                stage=stage,
            )
        return caught.value.found

    assert "would know images that the student is judged by" in refused(joined().id, "folds")
    assert refused(joined(join="rrf").id, "holdout") == "It fuses its members' lists."
    with pytest.raises(UsageError, match="values that can't be used"):
        RETRIEVE.recipe.of({"teacher": "x"})


def test_command_says_what_each_member_adds(space, members, capsys) -> None:
    words = ["-C", str(space.root), "fit", "--because", "一緒に", "--set", "dimension=5"]
    names = [run.mark for run in members[:2]]
    assert main([*words, "--ensemble", *names, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["run"] for one in told["ensemble"]["members"]] == [run.id for run in members[:2]]
    assert told["value"] == pytest.approx(told["ensemble"]["value"], abs=1e-6)
    assert main(["-C", str(space.root), "show", told["id"]]) == 0
    said = capsys.readouterr().out
    assert "it adds" in said
    assert f"{members[0].mark}: member 0" in said
    assert main([*words, "--seed", "3", "--ensemble", *names, "--json"]) == 2
    assert "--seed beside --ensemble" in json.loads(capsys.readouterr().out)["error"]["found"]
    assert main(["-C", str(space.root), "fit", "--resume", "last", "--ensemble", "a"]) == 2


def test_pages_show_what_each_member_adds(space, members, joined, tmp_path) -> None:
    run = joined()
    client = TestClient(look.create_app(space), base_url="http://127.0.0.1")
    page = client.get(f"/runs/{run.id}").text
    api.open(space.root).run_report(run.id, tmp_path / "run.html")
    for html in (page, (tmp_path / "run.html").read_text("utf-8")):
        assert "What each member adds" in html
        assert all(one.id in html for one in members)
        assert f"{run.ensemble.members[0].without.difference:+.4f}" in html


def val(space: Workspace, members):
    return side(space, members, "val")


def side(space: Workspace, members, split: str):
    """The files of a split, and each member's unit embeddings of them."""
    data = with_split(RETRIEVE, Store(space).data()).split(split)
    return data, [unit_rows(space, run.model, data) for run in members]


def unit_rows(space: Workspace, model: Path, data):
    found = outputs(RETRIEVE.predictor(bundle.read_model(model)), data, cache=space.cache)
    rows = np.stack(found).astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def others(data, query: int) -> list[int]:
    image = data.files[query].image
    return [row for row, file in enumerate(data.files) if file.image != image]


def reciprocal_ranks(data, near) -> dict[str, float]:
    """By file, the reciprocal rank of the first image of its class among the 20 nearest."""
    found = {}
    for query, file in enumerate(data.files):
        order = sorted(others(data, query), key=lambda g: (-near[query, g], data.files[g].path))
        ranks = [
            place
            for place, row in enumerate(order[:20], 1)
            if data.label(data.files[row]) == data.label(file)
        ]
        found[file.path] = 1 / ranks[0] if ranks else 0.0
    return found


def assert_parts(run: Run, data, near) -> None:
    expected = reciprocal_ranks(data, near)
    assert 0 < np.mean(list(expected.values())) < 1  # else it would say little
    found = runlog.parts(run).set_index("key")["mrr@20"]
    assert found.to_dict() == pytest.approx(expected, abs=1e-6)
