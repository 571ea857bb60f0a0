"""Classes from the command line and from Python, on files that were added."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import atarimae as at
from atarimae.cli import main

RED, GREEN, BLUE = "赤 red", "緑 green", "青 blue"
Told = Callable[..., dict]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, draw_photos: Callable[..., Path]) -> Path:
    return draw_photos(tmp_path_factory.mktemp("classes") / "写真", each=2, classes=3)


@pytest.fixture
def ws(tmp_path: Path, photos: Path) -> at.Workspace:
    made = at.init(tmp_path / "場所")
    made.add(photos)
    return made


@pytest.fixture
def told(ws: at.Workspace, capsys: pytest.CaptureFixture[str]) -> Told:
    def run(*words: object, code: int = 0) -> dict:
        capsys.readouterr()
        assert main(["-C", str(ws.folder.root), *map(str, words), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def said(ws: at.Workspace, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*words: object) -> str:
        capsys.readouterr()
        assert main(["-C", str(ws.folder.root), *map(str, words)]) == 0
        return capsys.readouterr().out

    return run


def test_classes_are_listed_renamed_merged_and_taken_apart(
    ws: at.Workspace, told: Told, said: Callable[..., str]
) -> None:
    told("classes", "alias", "紅", "ＲＥＤ", "--of", RED, "--why", "旧字体", "--who", "みどり")
    told("classes", "rename", GREEN, "緑")
    edit = told("classes", "merge", "緑", BLUE, "--into", "寒色 🧊")["edit"]
    assert (edit["action"], edit["facts_added"]) == ("merge", 2)
    assert [one | {"labels": 0} for one in told("classes")["classes"]] == [
        {"name": "寒色 🧊", "images": 4, "labels": 0, "covered": 0,
         "aliases": ["緑", GREEN], "merged": [BLUE]},
        {"name": RED, "images": 2, "labels": 0, "covered": 0,
         "aliases": ["紅", "ＲＥＤ"], "merged": []},
    ]  # fmt: skip
    assert "also 紅, ＲＥＤ" in said("classes")
    assert "+2 class facts" in said("edits")
    assert "+ '緑': alias: 寒色 🧊" in said("diff", edit["id"] - 1)
    told("classes", "separate", BLUE)
    assert ws.data().class_names == ("寒色 🧊", RED, BLUE)
    told("undo", edit["id"] + 1)
    assert ws.data().class_names == ("寒色 🧊", RED)


def test_csv_in_the_old_notation_lands_in_the_class(
    ws: at.Workspace, tmp_path: Path, photos: Path
) -> None:
    ws.classes.alias("紅", of=RED)
    file = next((photos / BLUE).iterdir())
    (tmp_path / "more.csv").write_text(f'file,label\n"{file}",紅\n', encoding="utf-16")
    ws.add(tmp_path / "more.csv")
    (found,) = (one for one in ws.data().files if one.path.endswith(f"{BLUE}/{file.name}"))
    assert ws.data().classes(found) == (BLUE, RED)


def test_split_names_files_for_new_classes(ws: at.Workspace, told: Told, photos: Path) -> None:
    first, second = sorted((photos / RED).iterdir())
    edit = told("classes", "split", RED, "--into", "紅", first, "--into", "朱", second)["edit"]
    assert (edit["action"], edit["labels_added"], edit["labels_removed"]) == ("split", 2, 2)
    assert set(ws.data().class_names) == {"紅", "朱", GREEN, BLUE}


def test_round_and_coverage(ws: at.Workspace, told: Told, photos: Path) -> None:
    told("classes", "round", "溶接", RED, "--new", "--title", "第1回")
    told("classes", "cover", photos / RED)
    assert told("classes", "round") == {
        "round": {"classes": ["溶接", RED], "title": "第1回", "by": ws.edits()[-1].by,
                  "covered": 2, "images": 6}
    }  # fmt: skip
    told("classes", "cover", photos / RED, "--class", "溶接", "--not")
    assert set(ws.data().covered.values()) == {frozenset([RED])}
    told("classes", "round", "--end")
    assert told("classes", "round") == {"round": None}
    assert told("classes", "cover", photos / RED, "--class", RED) == {"edit": None}


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("mrege", "a"), "No verb 'mrege' of classes."),
        (("alias", "紅"), "Of which class are these other names?"),
        (("merge", RED, BLUE), "Into which class are they merged?"),
        (("rename", RED), "A class is renamed from one name to another."),
        (("split", RED, "--into", "紅"), "Which images of which class get a new one?"),
        (("cover",), "Which images were looked through?"),
        (("split", RED, "--suggest"), "There are no embeddings to part a class by."),
    ],
)
def test_words_that_say_too_little_are_wrong_usage(told: Told, words, what: str) -> None:
    code = 1 if "--suggest" in words else 2
    assert told("classes", *words, code=code)["error"]["what"] == what


def test_guide_is_written_read_and_exported(
    ws: at.Workspace, told: Told, said: Callable[..., str], photos: Path, tmp_path: Path
) -> None:
    first, second = sorted((photos / RED).iterdir())
    told("guide", RED, "--define", "赤い。\n丸い 🍶", "--why", "初版", "--who", "みどり")
    told("guide", RED, "--example", first, "--box", 8, 8, 40, 40, "--note", "よい")
    told("guide", RED, "--counterexample", second)
    edit = told("guide", RED, "--edge", "橙に近い", "赤とする", "--image", first)["edit"]
    assert edit["action"] == "guide"
    entry = told("guide", RED)
    assert [one["value"] for one in entry["definitions"]] == ["赤い。\n丸い 🍶"]
    assert entry["examples"][0]["box"] == {"x0": 8, "y0": 8, "x1": 40, "y1": 40, "angle": 0}
    assert told("guide")["entries"] == [entry]
    assert "edge" in said("guide", RED)
    told("guide", RED, "--take", entry["edges"][0]["id"])
    told("guide", RED, "--define", "赤い。\n四角い")
    assert "-丸い 🍶\n       +四角い" in said("guide", RED, "--history")
    assert told("guide", RED, "--history")["history"][0]["why"] == "初版"
    out = tmp_path / "案内.html"
    assert told("guide", "--out", out) == {"out": str(out)}
    assert out.read_text("utf-8").count("data:image/webp") == 2
    assert told("guide", RED, "--define", "a", "--take", 1, code=2)["error"]["found"] == (
        "Given: define, take."
    )
