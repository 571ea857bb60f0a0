"""CSVs as sources, and as --labels."""

import unicodedata
from pathlib import Path

import pytest

from atarimae.add import add, entries, read_table
from atarimae.errors import UsageError
from atarimae.store import Store


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_encodings_are_told_apart(tmp_path, paint, encoding):
    file = paint("写真/い.png")
    (entry,) = read_table(table(tmp_path, "file,label\n写真/い.png,獺祭\n", encoding))
    assert (Path(entry.path), entry.labels, entry.line) == (file, ("獺祭",), 2)


def test_all_columns_are_read_and_empty_cells_say_nothing(tmp_path, paint):
    paint("a.png")
    paint("b.png")
    first, second = read_table(
        table(
            tmp_path,
            "file,label,split,role,group,source,note\n"
            "a.png, sake ,val,query,g1,camera 2,x\n"
            "b.png,,,,,,\n",
        )
    )
    assert (first.split, first.role, first.group, first.source) == (
        "val",
        "query",
        "g1",
        "camera 2",
    )
    assert (first.labels, first.given) == (("sake",), {"split", "role", "group", "source"})
    assert (second.labels, second.split, second.role, second.given) == ((), None, "both", set())


def test_a_missing_column_is_wrong_usage_and_names_the_columns_found(tmp_path):
    with pytest.raises(UsageError, match=r"no column 'label'.*'file,class'") as error:
        read_table(table(tmp_path, "file,class\na.png,x\n"))
    assert error.value.exit_code == 2


def test_a_misspelt_optional_column_is_not_passed_over(tmp_path):
    with pytest.raises(UsageError, match="'spilt' in place of 'split'"):
        read_table(table(tmp_path, "file,label,spilt\na.png,x,val\n"))


def test_all_bad_rows_are_reported_together_with_their_lines(tmp_path):
    rows = [
        "file,label,split,role",
        "a.png,x,vla,",
        '"b.png","two\nlines",train,',
        ",x,,",
        "",
        "c.png,x,val,quarry",
        "d.png,x,val,both,more",
    ]
    with pytest.raises(UsageError) as error:
        read_table(table(tmp_path, "\n".join(rows)))
    said = str(error.value)
    assert "4 bad rows" in said
    assert "line 2: No split 'vla'. There is test, train, val. Did you mean 'val'?" in said
    assert "line 5: No file" in said
    assert "line 7: No role 'quarry'" in said
    assert "line 8: More cells" in said


def test_one_file_in_two_splits_is_a_contradiction(tmp_path, paint):
    paint("a.png")
    with pytest.raises(UsageError, match=r"line 3: a\.png has split 'val', but 'train' in line 2"):
        read_table(table(tmp_path, "file,label,split\na.png,x,train\na.png,y,val\n"))


@pytest.mark.parametrize("text", ["", 'file,label\n"a.png,x\n'])
def test_what_is_no_csv_is_wrong_usage(tmp_path, text):
    with pytest.raises(UsageError, match=r"labels\.csv"):
        read_table(table(tmp_path, text))


def test_bytes_in_no_known_encoding_are_wrong_usage(tmp_path):
    (tmp_path / "labels.csv").write_bytes(b"file,label\n\xff\x81\xff,x\n")
    with pytest.raises(UsageError, match="neither UTF-8 nor Shift-JIS"):
        read_table(tmp_path / "labels.csv")


def test_a_bad_table_adds_nothing(ws, tmp_path, paint):
    paint("a.png")
    with pytest.raises(UsageError):
        add(ws, [table(tmp_path, "file,label,split\na.png,x,train\na.png,x,vla\n")])
    assert len(Store(ws).data()) == 0


def test_unknown_files_are_refused_with_their_line_and_the_rest_goes_in(ws, tmp_path, paint):
    paint("a.png")
    report = add(ws, [table(tmp_path, "file,label\na.png,x\nnope.png,y\n")])
    assert report.added == 1
    assert report.as_dict()["refused"] == [
        {
            "file": "../nope.png",
            "found": "There is no such file (line 3 of the CSV).",
            "fix": "Check the path.",
        }
    ]


def test_the_same_file_under_two_labels_keeps_both(ws, tmp_path, paint):
    paint("a.png")
    assert add(ws, [table(tmp_path, "file,label\na.png,x\na.png,y\na.png,x\n")]).added == 1
    data = Store(ws).data()
    assert data.classes(data.files[0]) == ("x", "y")


@pytest.mark.parametrize(("disk", "written"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_are_found_however_they_are_composed(tmp_path, paint, disk, written):
    file = paint(unicodedata.normalize(disk, "ガ/ぱ.png"))
    text = unicodedata.normalize(written, "file,label\nガ/ぱ.png,ガ\n")
    (entry,) = read_table(table(tmp_path, text))
    assert (Path(entry.path), entry.labels) == (file, ("ガ",))


def test_absolute_paths_are_taken_as_they_are(tmp_path, paint):
    file = paint("elsewhere/a.png")
    (tmp_path / "csv").mkdir()
    (entry,) = read_table(table(tmp_path / "csv", f"file,label\n{file},x\n"))
    assert Path(entry.path) == file


def test_with_labels_files_are_looked_for_in_the_folder_then_beside_the_csv(tmp_path, paint):
    in_folder, beside = paint("photos/sub/a.png"), paint("b.png")
    paint("photos/sub/c.png")
    path = table(tmp_path, "file,label\nsub/a.png,x\nb.png,y\n")
    found = {Path(e.path): e.labels for e in entries(tmp_path / "photos", labels=path).entries}
    # c.png is in no row: it is a picture all the same, and its folder names nothing
    assert found == {in_folder: ("x",), beside: ("y",), tmp_path / "photos/sub/c.png": ()}
