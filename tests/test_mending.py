"""Data is mended from the command line and from Python, and every older version can be read."""

import json
from pathlib import Path

import pytest

import atarimae as at
from atarimae.cli import main
from atarimae.store import Origin, Store
from atarimae.types import Box, Label

A, B = "../写真 photos/赤 red/絵0 🍶.png", "../写真 photos/青 blue/絵1 🍶.png"


@pytest.fixture
def ws(tmp_path: Path, photos: Path) -> at.Workspace:
    made = at.init(tmp_path / "場所")
    made.add(photos)
    return made


def told(ws: at.Workspace, capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    capsys.readouterr()
    assert main(["-C", str(ws.folder.root), *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def said(ws: at.Workspace, capsys: pytest.CaptureFixture[str], *words: object) -> str:
    capsys.readouterr()
    assert main(["-C", str(ws.folder.root), *map(str, words)]) == 0
    return capsys.readouterr().out


def classes(ws: at.Workspace, path: str) -> tuple[str, ...]:
    data = ws.data()
    (file,) = (file for file in data.files if file.path == path)
    return data.classes(file)


def test_label_change_and_remove_are_edits_that_undo_takes_back(
    ws: at.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    label = told(ws, capsys, "label", A, "--class", "朱", "--why", "暗い赤")["edit"]
    change = told(ws, capsys, "change", A, B, "--split", "val", "--group", "g")["edit"]
    remove = told(ws, capsys, "remove", B)["edit"]
    assert [edit["action"] for edit in (label, change, remove)] == ["label", "change", "remove"]
    assert (label["why"], classes(ws, A)) == ("暗い赤", ("朱",))
    table = ws.images().set_index("file")
    assert table.loc[A, ["split", "group"]].tolist() == ["val", "g"]
    assert B not in table.index
    assert (ws.folder.root / B).exists()  # the bytes are nobody's to delete
    told(ws, capsys, "undo", label["id"], change["id"], remove["id"])
    assert ws.data().version.hash == ws.data(1).version.hash


def test_what_is_so_already_is_no_edit(
    ws: at.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(ws, capsys, "label", A, "--class", "赤 red") == {"edit": None}
    assert said(ws, capsys, "label", A, "--class", "赤 red").startswith("It is so already")
    assert len(ws.edits()) == 1


def test_a_folder_and_a_path_on_the_disk_name_files(
    ws: at.Workspace, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    ws.label("赤 red", "朱")
    ws.label(photos / "青 blue" / "絵1 🍶.png", "紺", also=True)
    assert classes(ws, A) == ("朱",)
    assert classes(ws, B) == ("青 blue", "紺")
    assert sum(label == "朱" for label in ws.images()["label"]) == 6


def test_dash_takes_a_column_away(ws: at.Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    ws.change(A, split="val", source="店")
    told(ws, capsys, "change", A, "--split", "-", "--source", "-")
    assert ws.data().version.hash == ws.data(1).version.hash


def test_unknown_column_names_the_nearest(ws: at.Workspace) -> None:
    with pytest.raises(at.AtarimaeError, match=r"No column 'spilt'.*'split'"):
        ws.change(A, spilt="val")


def test_edits_tell_who_why_and_from_what(
    ws: at.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--who", "みどり", "--finding", "exact duplicates", "--run", "r1", "--seen", "1"]
    told(ws, capsys, "remove", A, "--why", "二重", *words)
    line = said(ws, capsys, "edits", "--who", "みどり").splitlines()[0]
    assert (
        "みどり  remove  -1 file  二重  [exact duplicates]  [run r1]  [made on version 1]" in line
    )
    (edit,) = told(ws, capsys, "edits", "--what", "remove")["edits"]
    assert (edit["finding"], edit["run"], edit["seen"]) == ("exact duplicates", "r1", 1)


def test_own_edits_since_a_moment_are_undone_together(
    ws: at.Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "みどり")
    ws.label(A, "朱")
    ws.remove(B)
    ws.label(A, "丹", who="あおい")
    undone = told(ws, capsys, "undo", "--since", "2026-01-01", "--who", "みどり")
    assert undone["why"] == "2 edits by みどり since 2026-01-01 00:00"
    assert classes(ws, A) == ("赤 red", "丹")
    assert len(ws.data()) == 48
    assert ws.redo(undone["id"]).action == "redo"


def test_older_version_is_counted_listed_and_written_to_be_added_again(
    ws: at.Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws.change(A, split="val", role="query", group="g, 1", source="店")
    file = ws.data().files[0]
    image, (name,) = file.image, ws.data().classes(file)
    boxes = [
        Label(image, value, "box", Box(0.1, x, 32.25, 64), "みどり")
        for x, value in enumerate(("", name))
    ]
    lost = [
        Label(image, "弁", "box", Box(0, 0, 1, 1), "run-1", 0.9),
        Label(image, "朱", by="run-1", score=0.5),
    ]
    Store(ws.folder).say([*boxes, *lost], action="label")
    version = ws.data().version.edit
    ws.remove([file.path for file in ws.data().files][1:])
    found = told(ws, capsys, "at", version, "--list")
    counts = ("edit", "files", "images", "labels", "classes")
    assert [found[name] for name in counts] == [version, 48, 48, 52, 8]
    assert found["splits"] == {"-": 47, "val": 1}
    assert len(found["list"]) == 48
    again = at.init(tmp_path / "もう一つ")
    ws.export("csv", tmp_path / "表 out", at=version)
    again.add(tmp_path / "表 out" / "labels.csv")
    ws.undo(version + 1)
    ws.undo(by="run-1")  # a model's labels are what the CSV left out
    assert again.data().version.hash == ws.data().version.hash


def test_edits_say_when_none_is_meant_and_one_is_one(
    ws: at.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(ws, capsys, "edits", "--until", "2020-01-01") == "No edit is meant by that.\n"
    ws.remove(A, who="みどり")
    assert "-1 file" in said(ws, capsys, "edits", "--last", "1")
    assert "  1 edit by みどり since " in said(
        ws, capsys, "undo", "--who", "みどり", "--since", "00:00"
    )
    for none in ("0", "-3", "x"):
        assert main(["-C", str(ws.folder.root), "edits", f"--last={none}"]) == 2


def test_diff_tells_what_one_edit_did(ws: at.Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    ws.label(A, "朱")
    ws.change(B, split="val")
    ws.remove(A)
    text = said(ws, capsys, "diff", "1")
    assert text.splitlines()[0] == ("Version 1 to 4. files: 1 went, 1 changed; labels: 1 changed.")
    assert f"- {A}" in text
    assert f"~ {B}: split - → val" in text
    ws.undo(4)
    assert f"~ {A}: '赤 red' → '朱'" in said(ws, capsys, "diff", "1")  # its file is there again
    found = told(ws, capsys, "diff", "1", "2")
    assert found["files"] == {"came": [], "went": [], "moved": [], "changed": []}
    (change,) = found["labels"]["changed"]
    assert [label["value"] for label in change["before"] + change["after"]] == ["赤 red", "朱"]
    assert said(ws, capsys, "diff", "4", "4") == "Version 4 to 4. There is no difference.\n"
    assert said(ws, capsys, "diff", "0", "--last", "1").endswith("more: --all\n")


def test_conflict_is_told_and_settled(ws: at.Workspace) -> None:
    for who, name in (("みどり", "朱"), ("あおい", "丹")):
        ws.label(A, name, who=who, origin=Origin(seen=1))
    (conflict,) = ws.conflicts()
    assert [side["by"] for side in conflict.as_dict()["sides"]] == ["みどり", "あおい"]
    ws.label(A, "朱")
    assert ws.conflicts() == []


def test_mended_data_stays_mended_when_it_is_added_again(
    ws: at.Workspace, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws.label(A, "朱")
    ws.remove(B)
    before = ws.data().version
    assert ws.add(photos).mended == 2
    assert "2 left out: an edit took them out before" in said(ws, capsys, "add", photos)
    assert ws.data().version == before


def test_who_looked_is_named_as_everywhere(ws: at.Workspace) -> None:
    for option, name in (("--who", "みどり"), ("--by", "花子")):
        assert main(["-C", str(ws.folder.root), "confirm", A, option, name]) == 0
        assert ws.edits()[-1].by == name
