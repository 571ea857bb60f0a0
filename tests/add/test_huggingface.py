"""Hugging Face's imagefolders, and what its library saves."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import atarimae as at
from atarimae.add import add, entries
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box


def write(path: Path, *rows: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def said(ws) -> dict[str, tuple[object, ...]]:
    data = Store(ws).data()
    return {
        Path(file.path).name: (
            file.split,
            data.classes(file),
            [one.box for one in data.labels.get(file.image, ()) if one.kind == "box"],
        )
        for file in data.files
    }


def test_folders_are_splits_and_objects_boxes(ws, tmp_path, paint):
    for number, name in enumerate(("train/a", "validation/b", "validation/c")):
        paint(f"set/{name}.png", number)
    objects = {"bbox": [[2, 3, 10, 15.5], [0, 0, 5, 5]], "categories": ["瓶", 7], "id": [1, 2]}
    write(tmp_path / "set/train/metadata.jsonl", {"file_name": "a.png", "objects": objects})
    write(tmp_path / "set/validation/metadata.jsonl", {"file_name": "b.png", "label": "割れ"})
    report = add(ws, [tmp_path / "set"])
    assert (report.left, [*report.formats.values()]) == ({}, ["huggingface"])
    assert said(ws) == {
        "a.png": ("train", ("瓶", "7"), [Box(2, 3, 12, 18.5), Box(0, 0, 5, 5)]),
        "b.png": ("val", ("割れ",), []),
        "c.png": (None, (), []),  # no row names it
    }


def test_a_csv_of_metadata(ws, tmp_path, paint):
    paint("set/a.png")
    objects = json.dumps({"bbox": [[1, 1, 2, 2]], "categories": ["箱"]}).replace('"', '""')
    text = f'file_name,label,text,objects\na.png,瓶,a bottle,"{objects}"\n'
    (tmp_path / "set/metadata.csv").write_text(text)
    assert add(ws, [tmp_path / "set"]).left == {"texts": 1}
    assert said(ws) == {"a.png": (None, ("瓶",), [Box(1, 1, 3, 3)])}


def test_all_bad_rows_are_reported_together(tmp_path, paint):
    paint("set/a.png")
    write(
        tmp_path / "set/metadata.jsonl",
        {"file_name": 3},
        {"file_name": "a.png", "objects": {"bbox": [[0, 0, 0, 1]], "categories": ["x"]}},
        {"file_name": "a.png", "objects": {"bbox": [[0, 0, 1, 1]], "categories": []}},
        {"file_name": "a.png", "label": {"x": 1}},
        {"file_name": "a.png", "role": "quarry"},
        [1],
    )
    with (tmp_path / "set/metadata.jsonl").open("a") as file:
        file.write("\n{")
    with pytest.raises(UsageError) as error:
        entries(tmp_path / "set")
    told = str(error.value)
    assert "7 bad rows" in told
    for one in (
        "row 1: It has no file_name.", "row 2: The box is empty", "row 3: It has 1 boxes, and 0",
        "row 4: Its label is {'x': 1}.", "row 5: No role 'quarry'", "line 6: Its line is [1].",
        "line 7: It is no JSON",
    ):  # fmt: skip
        assert one in told


class Saved:
    """Writes what `datasets.Dataset.save_to_disk` writes, as of its version 5."""

    FEATURES = {  # noqa: RUF012
        "image": {"_type": "Image"},
        "label": {"names": ["瓶", "箱"], "_type": "ClassLabel"},
        "objects": {
            "bbox": [{"feature": {"dtype": "float32"}, "length": 4, "_type": "List"}],
            "categories": {"feature": {"names": ["割れ"], "_type": "ClassLabel"}, "_type": "List"},
        },
    }  # fmt: skip

    def __init__(self, rows: list[dict[str, object]]) -> None:
        self.rows = rows

    def save_to_disk(self, path: str) -> None:
        folder = Path(path)
        folder.mkdir(parents=True)
        (folder / "dataset_info.json").write_text(json.dumps({"features": self.FEATURES}))
        name = "data-00000-of-00001.arrow"
        state = {"_data_files": [{"filename": name}], "_fingerprint": "0123"}
        (folder / "state.json").write_text(json.dumps(state))
        table = pa.Table.from_pylist(self.rows)
        with (
            pa.OSFile(str(folder / name), "wb") as sink,
            pa.ipc.new_stream(sink, table.schema) as out,
        ):
            out.write_table(table)


@pytest.fixture
def rows(paint) -> list[dict[str, object]]:
    return [
        {
            "image": {"bytes": paint(f"{n}.png", n).read_bytes(), "path": f"{n}.png"},
            "label": label,
            "objects": {"bbox": [[1.0, 1.0, 4.0, 4.0]], "categories": [0]},
        }
        for n, label in enumerate([1, 0, None])
    ]


def test_a_data_set_of_the_library_is_added_with_the_names_of_its_classes(tmp_path, rows):
    ws = at.init(tmp_path / "ws")
    assert ws.add(Saved(rows)).added == 3
    assert [found[1:] for found in said(ws.folder).values()] == [
        (("箱",), [Box(1, 1, 5, 5)]), (("瓶",), [Box(1, 1, 5, 5)]), ((), [Box(1, 1, 5, 5)]),
    ]  # fmt: skip
    assert ws.add(Saved(rows)).present == 3
    assert len(ws.edits()) == 1


def test_a_saved_folder_of_splits(ws, tmp_path, rows):
    Saved(rows[:1]).save_to_disk(str(tmp_path / "saved" / "train"))
    Saved(rows[1:]).save_to_disk(str(tmp_path / "saved" / "test"))
    (tmp_path / "saved" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert add(ws, [tmp_path / "saved"]).added == 3
    assert sorted(file.split for file in Store(ws).data().files) == ["test", "test", "train"]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("dataset_info.json", "{}", "has no features"),
        ("dataset_info.json", '{"features": {"x": {"_type": "Value"}}}', "holds no pictures"),
        ("data-00000-of-00001.arrow", "ARROW", "can't be read"),
        ("data-00000-of-00001.arrow", "", "can't be read"),
        ("state.json", '{"_data_files": [3]}', "lists no tables"),
        ("state.json", "[]", "lists no tables"),
    ],
)
def test_broken_tables_are_told(ws, tmp_path, rows, name, text, found):
    Saved(rows).save_to_disk(str(tmp_path / "saved"))
    (tmp_path / "saved" / name).write_text(text)
    with pytest.raises(UsageError, match=found):
        add(ws, [tmp_path / "saved"])
    assert list(ws.archives.iterdir()) == []


def test_a_table_whose_names_are_no_text_is_told_as_such(tmp_path, paint):
    paint("set/a.png")
    file = tmp_path / "set/metadata.parquet"
    pq.write_table(pa.table({"file_name": ["a.png"]}), file)
    file.write_bytes(file.read_bytes().replace(b"file_name", b"file_nam\xae"))
    with pytest.raises(UsageError, match=r"metadata\.parquet is no table"):
        entries(tmp_path / "set")
