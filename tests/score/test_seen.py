"""How much of the training data a person has seen."""

import json
from pathlib import Path

import pytest

from atarimae import runlog, workspace
from atarimae.score.seen import seen, told
from atarimae.store import Row, Store
from atarimae.types import File, Image
from atarimae.workspace import Workspace


def row(number: int, label: str, split: str | None = None) -> Row:
    digest = f"{number:064x}"
    file = File(f"{number}.png", digest, split=split)
    return Row(file, Image(digest, 8, 6, "PNG", 100), (label,), frozenset({"split"}))


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """Eight images of four classes, and a ninth in test."""
    made = workspace.create(tmp_path / "酒", "retrieve")
    rows = [row(number, f"class {number // 2}") for number in range(8)]
    Store(made).record([*rows, row(8, "class 0", "test")])
    return made


def finished(space: Workspace, *judged: str) -> runlog.Run:
    with runlog.start(space, because="基準", stage="holdout") as log:
        (log.folder / "evaluated.json").write_text(json.dumps({"files": judged}))
        log.finish()
    return runlog.read(log.folder)


def test_share_counts_images_and_classes_that_training_had(space: Workspace) -> None:
    run, store = finished(space, "6.png", "7.png"), Store(space)
    assert told(store, run).startswith("You have seen 0 of 6 training images (0 %), of 0 of 3")
    store.look([f"{number:064x}" for number in (0, 1, 2, 7, 8)])  # 7 was judged by, 8 is test's
    assert told(store, run) == (
        "You have seen 3 of 6 training images (50 %), of 2 of 3 classes."
        " The others: atarimae look --unseen"
    )


def test_nothing_is_left_once_everything_was_seen(space: Workspace) -> None:
    run, store = finished(space, "6.png", "7.png"), Store(space)
    store.look([f"{number:064x}" for number in range(6)])
    assert told(store, run) == "You have seen 6 of 6 training images (100 %), of 3 of 3 classes."


def test_folds_learn_from_all_that_they_are_judged_by(space: Workspace) -> None:
    run = finished(space, *(f"{number}.png" for number in range(8)))
    assert "0 of 8 training images" in told(Store(space), run)


def test_another_person_has_seen_something_else(space: Workspace) -> None:
    store = Store(space)
    store.look([f"{0:064x}"], by="花子")
    data = store.data()
    assert (seen(store, data).images, seen(store, data, "花子").images) == (0, 1)


def test_small_shares_are_not_rounded_to_nothing(tmp_path: Path) -> None:
    made = workspace.create(tmp_path / "many", "retrieve")
    store = Store(made)
    store.record([row(number, "one") for number in range(3000)])
    store.look([f"{1:064x}"])
    assert "(0.033 %)" in str(seen(store, store.data()))
    store.look([f"{number:064x}" for number in range(2999)])
    assert "2,999 of 3,000 training images (99.9 %)" in str(seen(store, store.data()))
