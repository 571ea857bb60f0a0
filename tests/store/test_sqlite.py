"""The store as a SQLite file: broken, full, or of an older atarimae."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from filerow import paths, row, state
from sqlalchemy import inspect

from atarimae import workspace
from atarimae.errors import AtarimaeError
from atarimae.store import Classes, Origin, Store, schema
from atarimae.types import Box, Label
from atarimae.workspace import Workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace.create(tmp_path / "場所", "retrieve")


def test_store_that_is_no_database_is_an_error_in_three_parts(ws: Workspace) -> None:
    (ws.root / "store.sqlite").write_bytes(b"no database at all " * 100)
    with pytest.raises(AtarimaeError, match=r"The store can't be .*not a database.*copy"):
        Store(ws)


@pytest.mark.parametrize("read", [Store.data, Store.images, Store.refusals, Store.last_edit])
def test_store_that_breaks_while_open_is_an_error_in_three_parts(
    ws: Workspace, read: Callable[[Store], object]
) -> None:
    opened = Store(ws)
    opened.engine.dispose()
    for path in ws.root.glob("store.sqlite*"):
        path.unlink()
    (ws.root / "store.sqlite").write_bytes(b"no database at all " * 100)
    with pytest.raises(AtarimaeError, match=r"The store can't be read\."):
        read(opened)


FULL = """
import json, resource, sys
from pathlib import Path
from atarimae import workspace
from atarimae.errors import AtarimaeError
from atarimae.store import Row, Store
from atarimae.types import File, Image
store = Store(workspace.open_(Path(sys.argv[1])))
rows = [
    Row(File(f"{number}" * 100, f"{number:064}"), Image(f"{number:064}", 8, 6, "PNG", 3))
    for number in range(1000)
]
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
try:
    store.record(rows)
except AtarimaeError as error:
    print(json.dumps(error.as_dict()))
"""


def test_full_disk_is_an_error_in_three_parts_and_changes_nothing(ws: Workspace) -> None:
    store = Store(ws)
    store.record([row("a.png", "red", "赤")])
    before = store.data()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(ws.root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    error = json.loads(done.stdout)
    assert error["what"] == "The store can't be written to."
    assert error["found"]
    assert error["fix"]
    assert Store(ws).data() == before


# What the code that wrote first_format.sql read of each version: the hash's first digits.
THEN = [
    "e3b0c44298fc",
    "c0028cdecd3a",
    "00fea6b32955",
    "4416ede1466d",
    "6a3f17690500",
    "4416ede1466d",
    "b97ab9859366",
    "6feb1622451c",
    "b97ab9859366",
    "d56c2b3fcd52",
    "b97ab9859366",
]


# The same of second_format.sql.
SECOND = [
    "e3b0c44298fc",
    "bd575c0a307d",
    "b0792f133814",
    "8c8e795f1d60",
    "b13aecec9eed",
    "c588e15ea82b",
]


def written(ws: Workspace, name: str) -> Workspace:
    script = (Path(__file__).parent / name).read_text(encoding="utf-8")
    with closing(sqlite3.connect(ws.root / "store.sqlite")) as file:
        file.executescript(script)
    return ws


@pytest.fixture
def old(ws: Workspace) -> Workspace:
    """A workspace whose store was written before edits said what they rest on."""
    return written(ws, "first_format.sql")


@pytest.fixture
def second(ws: Workspace) -> Workspace:
    """A workspace whose store was written before labels had other kinds than class and box."""
    return written(ws, "second_format.sql")


def test_store_of_the_second_format_reads_as_it_did_and_takes_every_kind(
    second: Workspace,
) -> None:
    for _ in range(2):
        store = Store(second)
        assert [store.data(edit).version.hash[:12] for edit in range(6)] == SECOND
    red, blue = sorted(store.images(), key=lambda image: len(store.data().labels[image]))[::-1]
    drawn = store.data().said(red, "box")[0]
    turned = replace(drawn, box=Box(1, 1, 4, 4, 45))
    store.relabel([drawn], [turned], by="花子")
    store.say([Label(red, "same", "pair", other=blue)], action="label")
    assert store.data().said(red, "box") == (turned,)
    assert set(store.data().pairs) == {red, blue}
    store.undo(6, 7)
    assert store.data().version.hash[:12] == SECOND[-1]


def test_store_of_the_first_format_reads_as_it_did(old: Workspace) -> None:
    for _ in range(2):  # when it is brought up to date, and after that
        store = Store(old)
        assert [store.data(edit).version.hash[:12] for edit in range(11)] == THEN
        assert [edit.undone_by for edit in store.edits()] == [
            None, None, None, 5, None, None, 8, None, 10, None,
        ]  # fmt: skip


def test_store_of_the_first_format_is_edited_undone_and_redone(old: Workspace) -> None:
    store = Store(old)
    before = store.data()
    store.label({before.files[0].image: ["藍"]}, by="みどり", origin=Origin(seen=10))
    store.undo(3, 11)  # labels that came, went and came back before the update
    assert [label.value for label in store.data().labels[before.files[0].image]] == ["青"]
    store.redo()
    store.undo(11)
    assert state(store.data()) == state(before)
    store.redo(10)  # an undo of then
    assert paths(store.data()) == ["b.png", "c.png", "d.png"]


def test_update_takes_nothing_away(old: Workspace) -> None:
    def kept() -> dict[str, list[tuple[object, ...]]]:
        tables = ("edits", "images", "files", "labels", "undone", "returned", "refusals")
        with closing(sqlite3.connect(old.root / "store.sqlite")) as file:
            return {name: file.execute(f"SELECT * FROM {name}").fetchall() for name in tables}

    before = kept()
    Store(old)
    after = kept()
    for name, rows in before.items():
        assert [row[: len(rows[0])] for row in after[name]] == rows


@pytest.mark.parametrize("format", ["old", "second"])
def test_updated_store_has_the_tables_and_indexes_of_a_new_one(
    request: pytest.FixtureRequest, tmp_path: Path, format: str
) -> None:
    new = workspace.create(tmp_path / "new", "retrieve")
    found = []
    for one in (request.getfixturevalue(format), new):
        there = inspect(Store(one).engine)
        tables = set(there.get_table_names()) - {"returned"}
        columns = {(name, c["name"]) for name in tables for c in there.get_columns(name)}
        indexes = {(name, i["name"]) for name in tables for i in there.get_indexes(name)}
        found.append((tables, columns, indexes))
    assert found[0] == found[1]


def test_store_of_a_newer_atarimae_is_refused(ws: Workspace) -> None:
    Store(ws)
    with closing(sqlite3.connect(ws.root / "store.sqlite")) as file:
        file.execute("UPDATE format SET number = 99")
        file.commit()
    with pytest.raises(AtarimaeError, match=r"of a newer atarimae\. Its format is 99.*Update"):
        Store(ws)


def test_store_of_the_second_format_gets_the_table_of_facts(ws: Workspace) -> None:
    store = Store(ws)
    store.record([row("a.png", "red", "赤")])
    before = store.data()
    store.engine.dispose()
    with closing(sqlite3.connect(ws.root / "store.sqlite")) as file:
        file.execute("DROP TABLE facts")
        file.execute("UPDATE format SET number = 2")
        file.commit()
    assert state(Store(ws).data()) == state(before)
    Classes(Store(ws)).alias("紅", of="赤")
    with closing(sqlite3.connect(ws.root / "store.sqlite")) as file:
        assert file.execute("SELECT number FROM format").fetchall() == [(schema.FORMAT,)]
