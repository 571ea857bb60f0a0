"""Mining: of many unlabelled images those that show what an example shows."""

import json
from itertools import pairwise

import numpy as np
import pytest
from squares import BLUE, GREEN, RED, record, sheet

from atarimae import api
from atarimae.cli import main
from atarimae.errors import AtarimaeError, UsageError
from atarimae.look.mine import Example, Wish, asked, found, mine, unlabelled
from atarimae.look.mine.mine import prepare
from atarimae.look.mine.sought import TILES, Ground, ground, sought
from atarimae.predict.tilecache import Block
from atarimae.store import Classes, Queued, Store
from atarimae.types import Box, Label


@pytest.fixture
def sheets(maker):
    return record(maker)


@pytest.fixture
def example(maker, sheets):
    return Example(maker.workspace.root / "known/赤.png", Box(100, 60, 140, 100))


def test_a_small_thing_is_found_on_large_sheets_and_where_it_is(maker, sheets, example):
    pool = unlabelled(maker.data)
    result = mine(maker.workspace, pool, Wish((example,)))
    assert result.images == 8
    first = result.results[:2]
    assert {one.file for one in first} == {"pool/2 🍶.png", "pool/5 🍶.png"}
    for one in first:
        x, y = 60 * int(one.file[5]), 30
        assert one.box.x0 < x + 20 < one.box.x1
        assert one.box.y0 < y + 20 < one.box.y1
    assert first[1].score > 0.3 > result.results[2].score


def test_labelled_images_are_not_in_the_pool_whatever_a_model_says(maker, sheets):
    store = Store(maker.workspace)
    store.say([Label(sheets["pool/0 🍶.png"], "red", by="a run", score=0.9)], action="propose")
    store.say([Label(sheets["pool/1 🍶.png"], "bolt", "box", Box(1, 1, 9, 9))], action="label")
    store.say([Label(sheets["pool/2 🍶.png"], "weld", "box", Box(1, 1, 9, 9))], action="label")
    data = store.data()
    assert {f.path[5] for f in unlabelled(data).files} == {"0", "3", "4", "5", "6", "7"}
    # A round about bolts says nothing of welds.
    assert {f.path[5] for f in unlabelled(data, "weld").files} == {"0", "1", *"34567"}


def test_what_was_looked_through_for_the_class_is_not_in_its_pool(maker, sheets):
    Classes(Store(maker.workspace)).cover(["pool/3 🍶.png"], "red")
    data = Store(maker.workspace).data()
    assert "3" not in {file.path[5] for file in unlabelled(data, "red").files}
    assert "3" in {file.path[5] for file in unlabelled(data, "green").files}


def test_a_class_is_found_by_what_it_has(maker, sheets):
    said = Label(sheets["known/赤.png"], "red", "box", Box(100, 60, 140, 100), by="花子")
    Store(maker.workspace).say([said], action="label")
    result = found(maker.workspace, asked(Store(maker.workspace).data(), [], [], "red", top=2))
    assert {one.file[5] for one in result.results} == {"2", "5"}
    with pytest.raises(UsageError, match=r"No class 'rd' with an example.*Did you mean 'red'"):
        asked(Store(maker.workspace).data(), [], [], "rd")


def test_what_is_taken_and_rejected_moves_what_is_sought(maker, sheets):
    """The example is red and half green; a person wants the green."""
    both = sheet(40, (RED, (100, 60)), (GREEN, (140, 60)))
    path = maker.workspace.root / "both.png"
    both.save(path)
    wish = Wish((Example(path, Box(100, 60, 180, 100)),))
    ready = prepare(maker.workspace, unlabelled(maker.data), wish)
    first = ready.ask(wish)
    red = tuple(one.tile for one in first.results if one.file[5] in "25")
    green = tuple(one.tile for one in first.results if one.file[5] in "137")
    again = Wish(wish.examples, right=green, wrong=red[:1])
    order = [one.file[5] for one in ready.ask(again).results]
    assert set(order[:4]) == {"1", "3", "5", "7"}  # on 5 is a green one beside the red


def test_sought_weights_are_those_of_a_plain_discriminant():
    random = np.random.default_rng(0)
    tiles, shown = random.normal(size=(500, 6)), random.normal(size=(3, 6))
    right, wrong = random.normal(size=(2, 6)), random.normal(size=(4, 6))
    spread = np.cov(tiles.T)
    usual = Ground(tiles.mean(0), spread)
    none = np.zeros((0, 6))
    made = sought(usual, shown, none, none)
    plain = np.linalg.inv(spread) @ (shown.mean(0) - tiles.mean(0))
    cosine = made.weights[0] @ plain / np.linalg.norm(made.weights) / np.linalg.norm(plain)
    assert cosine == pytest.approx(1, abs=1e-6)
    assert made.weights[0] @ shown.mean(0) - made.bias[0] == pytest.approx(1, abs=1e-5)
    assert made.weights[0] @ tiles.mean(0) - made.bias[0] == pytest.approx(0, abs=1e-5)
    told = sought(usual, shown, right, wrong)
    towards = np.concatenate([shown, right]).mean(0)
    plain = np.linalg.inv(spread) @ (towards - 0.75 * tiles.mean(0) - 0.25 * wrong.mean(0))
    cosine = told.weights[0] @ plain / np.linalg.norm(told.weights) / np.linalg.norm(plain)
    assert cosine == pytest.approx(1, abs=1e-6)


def test_what_is_usual_does_not_depend_on_the_blocks_that_tiles_lie_in():
    random = np.random.default_rng(0)
    kind = np.dtype([("number", "<i4"), ("vector", "<f2", (5,))])
    table = np.zeros(3 * TILES + 7, kind)
    table["vector"] = random.normal(size=(len(table), 5))
    cuts = [0, 1000, 1001, 9000, len(table)]
    parts = [(f"{n}", *cut) for n, cut in enumerate(pairwise(cuts))]
    whole = ground([Block(tuple(parts), table)])
    apart = [
        Block(((name, 0, stop - start),), table[start:stop]) for name, start, stop in parts[::-1]
    ]
    again = ground(apart)
    assert (again.mean == whole.mean).all()
    assert (again.spread == whole.spread).all()
    assert whole.mean == pytest.approx(table["vector"][::4].astype(np.float32).mean(0), abs=1e-6)


def test_copies_of_one_sheet_are_one_result(maker, sheets, example):
    twin = sheet(12, (BLUE, (300, 200)), (RED, (120, 30)))  # that of number 2, saved again
    copy = maker.drawn("pool/9 copy.jpg", twin, format="JPEG", quality=70)
    maker.record()
    result = mine(maker.workspace, unlabelled(maker.data), Wish((example,), top=3))
    kept = [{one.image, *one.copies} for one in result.results]
    assert {sheets["pool/2 🍶.png"], copy} in kept
    assert len(result.results) == 3


def test_a_folder_outside_is_mined_and_what_is_queued_is_added(maker, sheets, tmp_path, capsys):
    folder = tmp_path / "新しい pool"
    folder.mkdir()
    sheet(50, (RED, (200, 200))).save(folder / "yes.png")
    sheet(51, (BLUE, (200, 200))).save(folder / "no.png")
    (folder / "broken.png").write_bytes(b"\x89PNG no picture")
    (folder / "cut.png").write_bytes((folder / "no.png").read_bytes()[:600])
    words = ["-C", str(maker.workspace.root), "--json", "mine", "--top", "1", "--queue", "赤"]
    words += ["--box", f"{maker.workspace.root / 'known/赤.png'} 100,60,140,100"]
    assert main([*words, "--pool", str(folder)]) == 1  # a file can't be read
    told = json.loads(capsys.readouterr().out)
    assert [one["file"] for one in told["results"]] == ["../新しい pool/yes.png"]
    assert [path.rpartition("/")[2] for path in told["unread"]] == ["broken.png", "cut.png"]
    assert told["queued"] == 1
    data = Store(maker.workspace).data()
    assert [f.path for f in data.files if f.path.startswith("..")] == ["../新しい pool/yes.png"]
    assert Store(maker.workspace).edits()[-1].why.startswith("mined: like ")
    assert main(["-C", str(maker.workspace.root), "queues", "赤"]) == 0
    assert capsys.readouterr().out == "../新しい pool/yes.png\n"


def test_a_folder_of_which_all_is_in_the_workspace_has_nothing_to_search(maker, sheets, capsys):
    words = ["mine", "--image", "known/赤.png", "--pool", str(maker.workspace.root / "pool")]
    assert main(["-C", str(maker.workspace.root), *words]) == 1
    assert "Of 8 pictures there all are in the workspace" in capsys.readouterr().err


def test_queues_are_listed_and_dropped(maker, sheets, capsys):
    here = ["-C", str(maker.workspace.root)]
    space = api.open(maker.workspace.root)
    space.mine(image="known/赤.png", queue="like red", top=2)
    assert main([*here, "queues"]) == 0
    assert capsys.readouterr().out.split() == ["2", "like", "red"]
    assert main([*here, "queues", "like red", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["images"]
    assert [row["why"] for row in rows] == ["like known/赤.png"] * 2
    far = Box(12345.625, 0, 20000.0625, 1)  # more than six digits, as on a sheet
    Store(maker.workspace).queues.put("far", [Queued(sheets["known/赤.png"], far)])
    assert main([*here, "queues", "far", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["images"][0]["box"] == [12345.625, 0, 20000.0625, 1]
    assert main([*here, "queues", "like red", "--drop"]) == 0
    assert main([*here, "queues", "like red"]) == 2
    assert "No queue 'like red'" in capsys.readouterr().err


WRONG = (
    ([], "What is to be found?"),
    (["--box", "1,2,3,4"], "The box has no picture."),
    (["--box", "known/赤.png 1,2,3"], "The box can't be read."),
    (["--box", "known/赤.png 400,200,500,400"], "reaches outside the picture"),
    (["--image", "nowhere.png"], "No file 'nowhere.png'"),
    (["--image", "known/赤.png", "--pool", "nowhere"], "can't be searched"),
    (["--image", "known/赤.png", "--scales", "0"], "These scales can't be searched."),
    (["--image", "known/赤.png", "--scales", "x"], "scales"),
    (["--image", "known/赤.png", "--top", "0"], "Nothing can be found so."),
    (["--image", "known/赤.png", "--model", "nothing"], "nothing"),
)


def test_a_wrong_wish_is_an_error_in_three_parts(maker, sheets, capsys):
    for words, said in WRONG:
        assert main(["-C", str(maker.workspace.root), "mine", *words]) == 2
        assert said in capsys.readouterr().err


def test_a_run_and_the_bundle_of_it_see_the_same(walked, tmp_path):
    space = api.open(walked.copy(tmp_path / "space"))
    picture = next(file.path for file in space.data().files if file.split == "train")
    by_run = space.mine(image=picture)
    by_bundle = space.mine(image=picture, model=str(walked.bundle))
    assert by_run.images == 2  # that have no class
    assert by_run.model == walked.run
    assert [one.as_dict() for one in by_run.results] == [one.as_dict() for one in by_bundle.results]
    assert len([*(space.folder.cache / "mined").iterdir()]) == 1


def test_without_a_model_or_a_pool_it_says_what_to_do(maker):
    maker.drawn("a.png", sheet(1, (RED, (9, 9))), "red")
    maker.drawn("b.png", sheet(2, (RED, (9, 9))))
    maker.record()
    space = api.open(maker.workspace.root)
    with pytest.raises(AtarimaeError, match="There is no model to look with"):
        space.mine(image="a.png")
    space.label("b.png", "red")
    with pytest.raises(AtarimaeError, match="There is nothing to search"):
        space.mine(image="a.png")
