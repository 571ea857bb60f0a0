"""A run's curve: the model judged after an epoch, without a trace in the training itself."""

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atarimae import runlog, workspace
from atarimae import task as tasks
from atarimae.add import add
from atarimae.errors import AtarimaeError
from atarimae.fit import fit, midway, resume
from atarimae.fit.probes import GAP, SIDE
from atarimae.ideas.ladder import NOT_ACCEPTED, climb
from atarimae.runlog import Run
from atarimae.score.intervals import interval
from atarimae.types import Score
from atarimae.workspace import Workspace

STEP = SIDE + 2 * GAP  # from one picture of a probe sheet to the next, px
RETRIEVE, COLOUR = tasks.load("retrieve"), tasks.load("colour")


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks however short the training is, and whatever they cost."""
    monkeypatch.setattr(midway, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(midway, "SHARE", float("inf"))


def curve(run: Run, metric: str) -> list[tuple[int, float]]:
    rows = run.metrics()
    rows = rows[rows["name"] == f"val {metric}"]
    return list(zip(rows["epoch"].tolist(), rows["value"].tolist(), strict=True))


def probes(run: Run) -> list[str]:
    return sorted(path.name for path in (run.folder / "pictures").glob("*"))


def test_curve_ends_at_the_runs_score_where_val_is_its_sample(
    space: Workspace, small, always: None
) -> None:
    run = fit(space, RETRIEVE, small(epochs=3), because="x")
    points = curve(run, "mrr@20")
    assert [epoch for epoch, _ in points] == [1, 2, 3]
    assert points[-1][1] == pytest.approx(run.score.value, abs=1e-6)
    assert probes(run) == [f"probes-epoch-00{epoch}.webp" for epoch in (1, 2, 3)]
    assert not (run.folder / "checkpoint").exists()


def test_ten_checks_are_spread_evenly_and_the_last_epoch_is_one(
    colours: Workspace, always: None
) -> None:
    run = fit(colours, COLOUR, COLOUR.recipe(epochs=25), because="x")
    assert [epoch for epoch, _ in curve(run, "accuracy")] == [3, 5, 8, 10, 13, 15, 18, 20, 23, 25]


def test_training_of_a_moment_has_no_curve(colours: Workspace) -> None:
    run = fit(colours, COLOUR, COLOUR.recipe(epochs=5), because="x")
    assert curve(run, "accuracy") == []
    assert not (run.folder / "pictures").exists()
    assert run.costs["check_seconds"] == 0


def test_untrained_model_has_no_curve(space: Workspace, small, always: None) -> None:
    run = fit(space, RETRIEVE, small(projection=0), because="x")
    assert curve(run, "mrr@20") == []


def test_dear_checks_are_made_once_and_at_the_end(
    colours: Workspace, always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(midway, "SHARE", 0.0)
    run = fit(colours, COLOUR, COLOUR.recipe(epochs=20), because="x")
    assert [epoch for epoch, _ in curve(run, "accuracy")] == [2, 20]


@pytest.mark.long
def test_weights_are_the_same_with_and_without_checks_and_no_passing_output_is_cached(
    space: Workspace, small, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small(freeze="none", epochs=2, dropout=0.2, whiten="pca", workers=0)
    plain = fit(space, RETRIEVE, recipe, because="x")
    kept = len(list((space.cache / "outputs").iterdir()))
    monkeypatch.setattr(midway, "LEAST_SECONDS", 0.0)
    checked = fit(space, RETRIEVE, recipe, because="x")
    assert len(curve(checked, "mrr@20")) == 2
    for name in ("embed.onnx", "project.onnx"):
        assert (checked.model / name).read_bytes() == (plain.model / name).read_bytes()
    assert checked.score.value == plain.score.value
    # Both ended with one and the same network: nothing but its own outputs may be there.
    assert len(list((space.cache / "outputs").iterdir())) == kept


@pytest.mark.long
def test_probes_are_the_same_queries_for_each_seed_and_right_matches_are_framed(
    space: Workspace, small, always: None
) -> None:
    pictures = []
    for seed in (0, 1):
        run = fit(space, RETRIEVE, small(epochs=2), because="x", seed=seed)
        pictures.append(Image.open(run.folder / "pictures/probes-epoch-002.webp").convert("RGB"))
    first, second = (np.asarray(picture, float)[:, :STEP] for picture in pictures)
    assert np.abs(first - second).mean() < 1  # WebP's edges differ a little
    assert np.abs(first - first[::-1]).mean() > 10  # other pictures do a lot
    assert pictures[0].size == (6 * STEP + 8, 8 * STEP)
    green = sum(_green(pictures[0], row, place) for row in range(8) for place in range(1, 6))
    assert 0 < green <= 40
    assert not any(_green(pictures[0], row, 0) for row in range(8))  # a query has no frame


def _green(picture: Image.Image, row: int, place: int) -> bool:
    """Whether the frame's upper edge, over the middle of the picture, is green."""
    r, g, b = picture.getpixel((place * STEP + STEP // 2 + 8, row * STEP + 6))  # type: ignore[misc]
    return g > 100 and r < 90 and b < 130


def test_answer_without_matches_is_written_beside_its_picture(
    colours: Workspace, always: None
) -> None:
    run = fit(colours, COLOUR, COLOUR.recipe(epochs=2), because="x")
    picture = Image.open(run.folder / "pictures" / "probes-epoch-002.webp").convert("L")
    beside = picture.crop((STEP + 8, 0, picture.width, STEP))
    assert np.asarray(beside).min() < 100


SLOW, FAST = COLOUR.recipe(epochs=20, lr=1e-9), COLOUR.recipe(epochs=20, lr=0.5)


@pytest.fixture
def many(tmp_path: Path) -> Workspace:
    """Four colours, sixty pictures of each: enough in val for an interval."""
    made = workspace.create(tmp_path / "many", "colour")
    random = np.random.default_rng(0)
    for number, colour in enumerate(([250, 0, 0], [0, 250, 0], [0, 0, 250], [0, 0, 0])):
        for i in range(60):
            shade = np.clip(np.array(colour) + random.integers(-60, 60, 3), 0, 255)
            path = tmp_path / "plain" / str(number) / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), tuple(shade.tolist())).save(path)
    add(made, [tmp_path / "plain"])
    return made


@pytest.mark.long
def test_hopeless_run_ends_early_and_says_so(many: Workspace, always: None) -> None:
    parent = fit(many, COLOUR, FAST, because="base")
    run = fit(many, COLOUR, SLOW, because="x", may_stop=True)
    assert run.status == "done early"
    assert run.early is not None
    assert run.early["against"] == parent.id
    assert run.early["epoch"] == max(epoch for epoch, _ in curve(run, "accuracy")) < 20
    assert run.early["of"] == 20
    assert run.early["high"] < run.early["had"]
    assert run.score is not None
    assert run.verdict is not None
    assert runlog.find_best(many).id == parent.id
    with pytest.raises(AtarimaeError, match="done early"):
        resume(many, COLOUR, run.id)


def test_hopeless_run_goes_on_where_nobody_said_that_it_may_stop(
    many: Workspace, always: None
) -> None:
    fit(many, COLOUR, FAST, because="base")
    run = fit(many, COLOUR, SLOW, because="x")
    assert (run.status, run.early) == ("done", None)
    assert curve(run, "accuracy")[-1][0] == 20


@pytest.mark.long
def test_run_as_good_as_its_parent_is_never_given_up(many: Workspace, always: None) -> None:
    fit(many, COLOUR, FAST, because="base")
    assert fit(many, COLOUR, FAST, because="again", seed=1, may_stop=True).status == "done"


def test_parent_of_another_stage_stops_nobody(many: Workspace, always: None) -> None:
    parent = fit(many, COLOUR, FAST, because="base", stage="smoke")
    run = fit(many, COLOUR, SLOW, because="x", parent=parent.id, may_stop=True)
    assert run.status == "done"


def score(parts: list[float]) -> Score:
    keys = tuple(map(str, range(len(parts))))
    return interval(Score("m", float(np.mean(parts)), {}, keys, np.float32(parts), keys))


def test_interval_of_few_queries_or_of_equal_ones_is_not_relied_on() -> None:
    assert 0.5 < midway.trusted_high(score([0, 1] * 20)) < 0.7
    assert math.isnan(midway.trusted_high(score([0, 1] * 5)))
    assert math.isnan(midway.trusted_high(score([0] * 40)))


@pytest.mark.long
def test_climb_gives_up_a_hopeless_run_but_never_its_folds(many: Workspace, always: None) -> None:
    climb(many, COLOUR, FAST, because="base")
    found = climb(many, COLOUR, SLOW, because="x", gate=0)
    ended = {rung.stage: rung.run.status for rung in found.rungs if rung.run}
    assert ended == {"smoke": "done", "holdout": "done early", "folds": "done"}
    assert found.decision == NOT_ACCEPTED
    again = climb(many, COLOUR, SLOW, because="x", gate=0)  # what is done early is done
    assert [rung.run.id for rung in again.rungs] == [rung.run.id for rung in found.rungs]
