"""Each leak on data in sight, and against a plain loop."""

import json
from pathlib import Path

import numpy as np
import pytest

import atarimae as at
from atarimae import bundle, files, runlog, workspace
from atarimae import task as tasks
from atarimae.cli import main
from atarimae.fit import fit
from atarimae.predict.run import kept_outputs, outputs
from atarimae.score import leaks
from atarimae.score.leaks import Leaks
from atarimae.store import Store
from atarimae.types import Data, File, Label, Predictions, Version

RETRIEVE, COLOUR = tasks.load("retrieve"), tasks.load("colour")


def data(*rows: tuple[str, str, str, str]) -> Data:
    """Rows of path, label, role, source; the image is the path's first part."""
    files = tuple(
        File(path, path.split("/")[0], split="val", role=role, source=source or None)
        for path, _, role, source in rows
    )
    labels = {
        path.split("/")[0]: tuple(Label(path.split("/")[0], name) for name in label.split("+"))
        for path, label, _, _ in rows
        if label
    }
    return Data(Path(), Version(1, ""), files, {}, labels)


def paths(files: list[File]) -> list[str]:
    return [file.path for file in files]


def may_find(query: File, known: File) -> bool:
    own_source = query.source is not None and query.source == known.source
    return query.image != known.image and not own_source


def test_gallery_image_is_out_of_reach_where_all_queries_share_its_source() -> None:
    given = data(
        ("棚.png", "酒", "gallery", "蔵"), ("q1.png", "酒", "query", "蔵"),
        ("q2.png", "酒", "query", "蔵"), ("店.png", "酒", "gallery", "店"),
    )  # fmt: skip
    assert paths(leaks.unreachable(given)) == ["棚.png"]


def test_classes_that_nobody_asks_about_are_only_in_the_way() -> None:
    given = data(
        ("a.png", "A", "gallery", "s"), ("b.png", "B", "both", "s"), ("c.png", "", "gallery", "s"),
        ("q.png", "", "query", "s"),
    )  # fmt: skip
    assert leaks.unreachable(given) == []


def test_unreachable_is_what_a_loop_over_all_pairs_finds() -> None:
    random = np.random.default_rng(0)
    rows = [
        (f"{random.integers(150)}/{n}", f"c{random.integers(40)}",
         ["both", "query", "gallery"][random.integers(3)], ["", "s", "t"][random.integers(3)])
        for n in range(200)
    ]  # fmt: skip
    given = data(*rows)
    asked = [file for file in given.files if file.role != "gallery"]
    slow = []
    for known in given.files:
        own = [q for q in asked if given.label(q) == given.label(known) and q.image != known.image]
        if known.role != "query" and own and not any(may_find(query, known) for query in own):
            slow.append(known.path)
    assert paths(leaks.unreachable(given)) == slow
    assert slow


def test_near_duplicates_are_what_all_cosines_say() -> None:
    random = np.random.default_rng(1)
    train = data(*((f"t{n}/x", "T", "both", "") for n in range(60)))
    val = data(*((f"v{n}/x", "V", "both", "") for n in range(40)))
    rows = list(random.normal(size=(60, 5)).astype(np.float32))
    asked = list(random.normal(size=(40, 5)).astype(np.float32) * 7)
    found = leaks.near_duplicates(train, rows, val, asked, 0.9)
    slow = {}
    for file, query in zip(val.files, asked, strict=True):
        near = [float(q @ query / np.linalg.norm(q) / np.linalg.norm(query)) for q in rows]
        if max(near) >= 0.9:
            slow[file.path] = (train.files[int(np.argmax(near))].path, max(near))
    assert {one.file.path: one.other.path for one in found} == {k: v[0] for k, v in slow.items()}
    assert [one.cosine for one in found] == pytest.approx(sorted((v[1] for v in slow.values()), reverse=True), abs=1e-6)  # fmt: skip  # noqa: E501
    assert 3 < len(found) < 40


def test_the_same_image_is_a_duplicate_and_no_near_one_and_two_files_of_one_count_once() -> None:
    row = np.array([1, 0], np.float32)
    near = np.array([1, 0.01], np.float32)
    train = data(("a/1", "A", "both", ""))
    val = data(("a/2", "A", "both", ""), ("b/1", "A", "both", ""), ("b/2", "A", "both", ""))
    (found,) = leaks.near_duplicates(train, [row], val, [row, near, near], 0.9)
    assert (found.file.path, found.other.path) == ("b/1", "a/1")


def test_hub_is_wrong_in_many_more_lists_than_others() -> None:
    gallery = [(f"g{n}", f"c{n % 30}", "gallery", "") for n in range(300)]
    queries = [(f"q{n}", f"c{n}", "query", "") for n in range(30)]
    given = data(*gallery, *queries, ("ぼけ.png", "c0", "gallery", ""))
    lists = np.empty((30, 2), object)
    for n in range(30):
        lists[n] = [f"g{n}" if n < 25 else f"g{n - 1}", "ぼけ.png"]
    found = leaks.hubs(Predictions(tuple(f"q{n}" for n in range(30)), {"match_files": lists}), given)  # fmt: skip  # noqa: E501
    assert found is not None
    # Right for q0 alone; the five g of the last queries are wrong once each.
    assert [(hub.file.path, hub.wrong, hub.of) for hub in found] == [("ぼけ.png", 29, 30)]
    assert found[0].usual == pytest.approx((29 + 5) / 301)


def test_where_lists_are_as_long_as_the_gallery_nobody_is_a_hub() -> None:
    rows = [(f"{n}", f"c{n}", "both", "") for n in range(20)]
    lists = np.array([[f"{n}" for n in range(20)]] * 20, object)
    keys = tuple(f"{n}" for n in range(20))
    assert leaks.hubs(Predictions(keys, {"match_files": lists}), data(*rows)) == []


def test_a_task_without_lists_has_no_hubs() -> None:
    assert leaks.hubs(Predictions(("a",), {"said": np.array(["A"])}), data(("a", "A", "both", ""))) is None  # fmt: skip  # noqa: E501


def test_all_of_it_in_one_line() -> None:
    train = data(("a/1", "A", "both", ""), ("b/1", "B", "both", ""), ("n/1", "N+M", "both", ""))
    val = data(
        ("a/2", "A", "query", "s"), ("b/2", "B", "gallery", "s"), ("d/1", "B", "query", "s"),
        ("e/1", "E+F", "both", ""),
    )  # fmt: skip
    one, other = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    rows = [other, other, one, other]
    found = leaks.leaks(
        RETRIEVE, train, val, Predictions((), {}), rows, (train, [one, one, one])
    )  # fmt: skip
    assert found == Leaks(2, 2, 1, 2, 1, None, "", 0, 0, True)
    line = leaks.told(json.loads(json.dumps(found.as_dict())))
    assert line == (
        "Leaks: 2 classes of val also in train, 2 images of val also in train, 1 image of val with "
        "a near-duplicate in train, 2 images with several labels, 1 gallery image out of reach of "
        "every query."
    )
    named = Leaks(hubs=1, hub="ぼけ.png", wrong=29, lists=30)
    assert str(named) == "Leaks: 1 gallery image in many wrong answers (ぼけ.png wrong in 29 of 30 lists)."  # fmt: skip  # noqa: E501


def test_what_could_not_be_looked_for_is_said_where_the_task_has_embeddings() -> None:
    val = data(("a", "A", "both", ""))
    rows = [np.ones(2, np.float32)]
    none = Predictions((), {})
    unknown = "Leaks: none found; near-duplicates unknown, train is not embedded."
    assert str(leaks.leaks(RETRIEVE, val.split("train"), val, none, rows, None)) == unknown
    assert str(leaks.leaks(COLOUR, val.split("train"), val, none, rows, None)) == "Leaks: none found."  # fmt: skip  # noqa: E501


def test_folds_together() -> None:
    first = Leaks(0, 1, 2, 5, 1, 1, "a", 20, 40, True)
    second = Leaks(0, 0, 3, 5, 2, 2, "b", 30, 50, True)
    assert leaks.joined([first, second]) == Leaks(0, 1, 5, 5, 3, 3, "b", 30, 50, True)
    assert leaks.joined([first, Leaks(embeds=True)]).near is None


def test_fit_tells_its_leaks_and_so_do_its_record_and_its_pages(walked, capsys, tmp_path) -> None:
    run = runlog.find(workspace.open_(walked.workspace), walked.run)
    line = leaks.told(run.leaks)
    assert line in walked.said["fit"].stderr
    assert main(["-C", str(walked.workspace), "show", run.id]) == 0
    assert line in " ".join(capsys.readouterr().out.split())
    page = at.open(walked.workspace).run_report(run, tmp_path / "run.html")
    assert line in page.read_text("utf-8")


def test_near_duplicates_of_a_fit_are_those_of_all_its_embeddings(walked) -> None:
    space = workspace.open_(walked.workspace)
    run = runlog.find(space, walked.run)
    predictor = RETRIEVE.predictor(bundle.read_model(run.model))
    known = Store(space).data(run.data.edit)
    train, val = (
        np.stack(outputs(predictor, known.split(name), cache=space.cache))
        for name in ("train", "val")
    )
    lengths = np.linalg.norm(train, axis=1) * np.linalg.norm(val, axis=1)[:, None]
    assert run.leaks["near"] == int(((val @ train.T / lengths).max(1) >= 0.95).sum())


def test_train_that_was_never_embedded_is_not_embedded_for_its_leaks(space, small) -> None:
    run = fit(space, RETRIEVE, small(projection=0, whiten="none"), because="as it is")
    assert run.leaks["near"] is None
    predictor = RETRIEVE.predictor(bundle.read_model(run.model))
    kept, _ = kept_outputs(predictor, Store(space).data(), space.cache)
    judged = files.read_json(run.folder / "evaluated.json")["files"]
    assert [file.path for file in kept.files] == judged
