"""The public API, in the words of the README."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import atarimae as at
from atarimae import api
from atarimae.runlog import Run, find
from atarimae.score.intervals import interval
from atarimae.types import Score, Version

EVIL = "<script>alert(1)</script>"
SMALL = {"image_size": 32, "projection": 8, "epochs": 1, "classes_per_batch": 4}


def logged(ws: at.Workspace, because: str, *parts: float) -> Run:
    """A run of a loop of one's own, judged by one query a part."""
    keys = tuple(f"{EVIL} {number}.png" for number in range(len(parts)))
    score = Score("mrr@20", float(np.mean(parts)), {"k": 20}, keys, np.float32(parts), keys)
    with ws.log(because=because) as log:
        log.scores([interval(score)])
        log.finish(scores=[interval(score)])
    return find(ws.folder, log.id)


def test_the_words_of_the_readme(tmp_path: Path, photos: Path, walked) -> None:
    ws = at.init(tmp_path / "sake", task="retrieve")
    assert ws.add(photos).added == 48
    first = ws.fit(because="baseline", stage="smoke", **SMALL)
    second = ws.fit(because="別の種", stage="smoke", seed=1, **SMALL)
    assert ws.runs()["because"].tolist() == ["baseline", "別の種"]
    assert ws.compare(first, second).verdict in ("helped", "hurt", "no difference seen")
    shipped = ws.ship(first, tmp_path / "bundle")
    assert shipped.run == first.id
    answer = at.Bundle(tmp_path / "bundle").search(next(photos.rglob("*.png")))
    assert len(answer["matches"]) == 20


def test_package_offers_few_names() -> None:
    assert {"AtarimaeError", "Bundle", "Workspace", "init", "open"} <= set(at.__all__)
    assert len(at.__all__) <= 20
    assert [name for name in at.__all__ if not hasattr(at, name)] == []


def test_workspace_is_opened_from_inside(tmp_path: Path, monkeypatch) -> None:
    at.init(tmp_path / "sake")
    (tmp_path / "sake" / "photos").mkdir()
    monkeypatch.chdir(tmp_path / "sake" / "photos")
    assert at.open().folder == at.open(tmp_path / "sake").folder


def test_unknown_task_leaves_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(at.AtarimaeError, match="Did you mean 'retrieve'"):
        at.init(tmp_path / "sake", task="retreive")
    assert not (tmp_path / "sake").exists()


def test_images_are_a_table_with_a_row_a_file(tmp_path: Path, photos: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "file,label,split,role,source\n"
        "写真 photos/赤 red/絵0 🍶.png,赤,train,both,店\n"
        "写真 photos/赤 red/絵1 🍶.png,,val,query,\n",
        encoding="utf-8",
    )
    ws = at.init(tmp_path / "sake")
    ws.add(tmp_path / "labels.csv")
    table = ws.images()
    assert table["file"].tolist() == [f"../写真 photos/赤 red/絵{i} 🍶.png" for i in (0, 1)]
    said = table[["label", "split", "role", "source"]].astype(object)
    assert said.where(said.notna(), None).values.tolist() == [
        ["赤", "train", "both", "店"],
        [None, "val", "query", None],
    ]
    assert table[["width", "height"]].values.tolist() == [[64, 64], [64, 64]]


def test_labels_may_stand_beside_a_folder(tmp_path: Path, photos: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,label\n絵0 🍶.png,朱\n", encoding="utf-8")
    ws = at.init(tmp_path / "sake")
    ws.add(str(photos / "赤 red"), labels=str(tmp_path / "labels.csv"))
    labels = ws.images().set_index("file")["label"]
    assert labels["../写真 photos/赤 red/絵0 🍶.png"] == "朱"
    assert labels.drop("../写真 photos/赤 red/絵0 🍶.png").isna().all()


def test_runs_are_a_table_oldest_first(tmp_path: Path) -> None:
    ws = at.init(tmp_path)
    first, second = logged(ws, "前", 0.5, 1.0), logged(ws, "後", 1.0, 1.0)
    table = ws.runs()
    assert table["id"].tolist() == [first.id, second.id]
    assert table["because"].tolist() == ["前", "後"]
    assert table["value"].tolist() == [0.75, 1.0]


def test_tables_have_their_columns_before_they_have_rows(tmp_path: Path) -> None:
    ws = at.init(tmp_path)
    for table, column in ((ws.images(), "label"), (ws.runs(), "value")):
        assert isinstance(table, pd.DataFrame)
        assert len(table) == 0
        assert column in table.columns


def test_run_is_named_by_id_part_or_word(tmp_path: Path) -> None:
    ws = at.init(tmp_path)
    first, last = logged(ws, "前", 1.0), logged(ws, "後", 0.5)
    assert ws.run(first.id).id == ws.run(first.id[-4:]).id == ws.run("best").id == first.id
    assert ws.run("last").id == last.id


def test_compare_takes_runs_or_names(tmp_path: Path) -> None:
    ws = at.init(tmp_path)
    first, second = logged(ws, "前", *[0.5] * 20), logged(ws, "後", *[1.0] * 20)
    by_run, by_name = ws.compare(first, second), ws.compare(first.id, second.id)
    assert by_run.verdict == by_name.verdict == "helped"
    assert by_run.difference == pytest.approx(0.5)


def test_recipe_may_be_a_file_with_changes(tmp_path: Path) -> None:
    ws = at.init(tmp_path)
    (tmp_path / "r.toml").write_text("image_size = 32\n")
    with pytest.raises(at.AtarimaeError, match=r"No recipe key 'projektion'.*'projection'"):
        ws.fit(tmp_path / "r.toml", because="x", projektion=8)
    assert len(ws.runs()) == 0


def test_own_loop_logs_where_it_is(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with api.log(because="自分のループ", seed=3) as run:
        run.metric("loss", 0.3)
    with api.log(because="もう一つ") as other:  # the workspace is there now
        pass
    ws = at.open(tmp_path)
    assert ws.runs()["id"].tolist() == [run.id, other.id]
    assert ws.run(run.id).metrics()["value"].tolist() == [0.3]


def test_image_shows_itself_as_a_picture(walked) -> None:
    ws = at.open(walked.workspace)
    file = ws.images()["file"].iloc[0]
    shown = ws.image(file)
    with Image.open(BytesIO(shown._repr_png_())) as picture:
        assert (picture.format, picture.size) == ("PNG", (64, 40))
    by_hash = ws.image(ws.images()["image"].iloc[0])
    assert by_hash.path == shown.path == walked.workspace / file


def test_large_image_shows_itself_small(tmp_path: Path) -> None:
    Image.new("RGB", (2000, 1000), "red").save(tmp_path / "a.png")
    ws = at.init(tmp_path / "ws")
    ws.add(tmp_path / "a.png")
    with Image.open(BytesIO(ws.image("../a.png")._repr_png_())) as picture:
        assert picture.size == (512, 256)


def test_unknown_image_is_an_error_in_three_parts(tmp_path: Path) -> None:
    with pytest.raises(at.AtarimaeError, match=r"No file 'a\.png' in this workspace"):
        at.init(tmp_path).image("a.png")


def test_notebook_shows_the_workspace(tmp_path: Path) -> None:
    html = at.init(tmp_path / "<b>sake")._repr_html_()
    assert "&lt;b&gt;sake" in html
    assert "<b>sake" not in html


def test_notebook_shows_a_comparison_without_running_what_is_in_it(tmp_path: Path) -> None:
    ws = at.init(tmp_path)
    first, second = logged(ws, EVIL, *[0.5] * 20), logged(ws, EVIL, *[1.0] * 20)
    html = ws.compare(first, second)._repr_html_()
    assert "<table" in html
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_notebook_shows_a_run_as_a_table_without_running_what_is_in_it(tmp_path: Path) -> None:
    html = logged(at.init(tmp_path), EVIL, 0.5, 1.0)._repr_html_()
    assert "<table" in html
    assert "mrr@20" in html
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_notebook_shows_tables_without_running_what_is_in_them(tmp_path: Path) -> None:
    ws = at.init(tmp_path)
    logged(ws, EVIL, 0.5)
    assert "<script" not in ws.runs()._repr_html_()


def test_bundle_answers_for_a_file_or_its_bytes(walked, unseen: Path) -> None:
    picture = next(unseen.parent.rglob("*.png"))
    shipped = at.Bundle(str(walked.bundle))
    answer = shipped.search(picture)
    assert shipped.search(picture.read_bytes()) == shipped.search(str(picture)) == answer
    assert list(answer) == ["matches", "unknown"]
    assert list(answer["matches"][0]) == ["id", "file", "label", "score"]
    scores = [match["score"] for match in answer["matches"]]
    assert scores == sorted(scores, reverse=True)


def test_bundle_is_scored_on_new_data(walked, unseen: Path, tmp_path: Path) -> None:
    found = at.Bundle(walked.bundle).score(unseen, submission=tmp_path / "out.csv")
    assert found.as_dict()["queries"] == 18
    assert (tmp_path / "out.csv").read_text("utf-8").startswith("file,matches\n")


def test_run_says_on_which_data_it_was_made(walked) -> None:
    ws = at.open(walked.workspace)
    assert ws.run("last").data == ws.data().version == Version(1, ws.data().version.hash)


def test_loop_of_ones_own_logs_with_the_log_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with at.log(because="自分のループ") as run:
        run.metric("loss", 0.3, step=10)
    runs = at.open(tmp_path).runs()
    assert runs["because"].tolist() == ["自分のループ"]
    assert at.open(tmp_path).run("last").metrics()["value"].tolist() == [0.3]
