"""A given split is honoured; one of our own never parts what belongs together."""

from pathlib import Path

import pytest

from atarimae import task as tasks
from atarimae.errors import AtarimaeError
from atarimae.fit.split import with_split
from atarimae.score.leaks import overlap
from atarimae.types import Data, File, Label, Version

RETRIEVE, COLOUR = tasks.load("retrieve"), tasks.load("colour")


def data(*rows: tuple[str, str, str | None, str | None]) -> Data:
    """Rows of path, label, split, group; the image's hash is the path's first part.

    A row without a label is a query.
    """
    files = tuple(
        File(path, path.split("/")[0], split=split, group=group, role="both" if label else "query")
        for path, label, split, group in rows
    )
    labels = {
        f.image: (Label(f.image, row[1]),) for f, row in zip(files, rows, strict=True) if row[1]
    }
    return Data(Path(), Version(1, ""), files, {}, labels)


def many(classes: int = 40, each: int = 3) -> Data:
    return data(*((f"{c}-{i}/x.png", f"c{c}", None, None) for c in range(classes) for i in range(each)))  # fmt: skip  # noqa: E501


def splits(divided: Data) -> dict[str, str | None]:
    return {file.path: file.split for file in divided.files}


def test_given_split_is_honoured_and_the_rest_is_train() -> None:
    given = data(("a/1", "A", "val", None), ("b/1", "B", "test", None), ("c/1", "A", None, None))
    assert splits(with_split(RETRIEVE, given)) == {"a/1": "val", "b/1": "test", "c/1": "train"}


def test_file_without_a_split_goes_where_its_duplicates_and_its_group_are() -> None:
    given = data(
        ("a/1", "A", "val", None), ("a/copy", "A", None, None),
        ("b/1", "B", "test", "g"), ("c/1", "C", "val", "g"), ("d/1", "D", None, "g"),
        ("e/1", "E", "train", None),
    )  # fmt: skip
    divided = splits(with_split(RETRIEVE, given))
    assert divided["a/copy"] == "val"
    assert divided["d/1"] == "test"


def test_duplicate_of_a_test_image_is_not_drawn_into_val() -> None:
    rows = [(f"{c}/x", f"c{c}", "test", None) for c in range(30)]
    copies = [(f"{c}/copy", f"c{c}", None, None) for c in range(30)]
    others = [(f"o{c}/x", f"o{c}", None, None) for c in range(5)]
    divided = splits(with_split(RETRIEVE, data(*rows, *copies, *others)))
    assert all(divided[path] == "test" for path, *_ in copies)


def test_overlap_of_a_given_split_is_counted() -> None:
    given = data(
        ("a/1", "A", "train", None), ("a/copy", "A", "val", None), ("b/1", "A", "val", None),
        ("c/1", "C", "train", None), ("d/1", "D", "val", None),
    )  # fmt: skip
    both = {"classes also in train": 1, "images also in train": 1}
    train, val = given.split("train"), given.split("val")
    assert overlap(RETRIEVE, train, val) == both
    assert overlap(COLOUR, train, val) == {"images also in train": 1}
    made = with_split(RETRIEVE, many())
    assert overlap(RETRIEVE, made.split("train"), made.split("val")) == {}


def test_test_files_are_never_drawn_into_val() -> None:
    rows = [(f"{c}/x", f"c{c}", "test" if c % 2 else "train", None) for c in range(60)]
    divided = splits(with_split(RETRIEVE, data(*rows)))
    assert all(divided[path] == "test" for path, _, split, _ in rows if split == "test")


def test_about_a_fifth_of_the_classes_becomes_val() -> None:
    divided = with_split(RETRIEVE, many(classes=400, each=1))
    assert 0.14 < len(divided.split("val")) / len(divided) < 0.26


def test_whole_classes_stay_on_one_side_where_the_task_asks_about_unseen_ones() -> None:
    divided = with_split(RETRIEVE, many())
    train, val = (set(divided.split(name).class_names) for name in ("train", "val"))
    assert train
    assert val
    assert not train & val


def test_classes_are_on_both_sides_where_the_task_knows_them_all() -> None:
    divided = with_split(COLOUR, many(classes=3, each=60))
    assert set(divided.split("train").class_names) == set(divided.split("val").class_names)


def test_files_of_one_image_stay_together() -> None:
    rows = [(f"{n}/copy{i}", f"c{n % 3}", None, None) for n in range(50) for i in range(2)]
    divided = splits(with_split(COLOUR, data(*rows)))
    assert all(divided[f"{n}/copy0"] == divided[f"{n}/copy1"] for n in range(50))


def test_groups_stay_together_and_bind_their_classes() -> None:
    rows = [(f"{n}/x", f"c{n}", None, f"g{n // 5}") for n in range(100)]
    divided = splits(with_split(RETRIEVE, data(*rows)))
    for group in range(20):
        assert len({divided[f"{n}/x"] for n in range(5 * group, 5 * group + 5)}) == 1


def test_split_does_not_depend_on_the_order_of_files() -> None:
    forward = many()
    backward = data(*((f.path, forward.label(f) or "", None, None) for f in forward.files[::-1]))
    assert splits(with_split(RETRIEVE, forward)) == splits(with_split(RETRIEVE, backward))


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_few_classes_can_be_divided_whatever_their_names(classes: int) -> None:
    for name in range(50):
        rows = ((f"{name}-{c}/x", f"c{c}", None, None) for c in range(classes))
        found = [*splits(with_split(RETRIEVE, data(*rows))).values()]
        assert "train" in found
        assert "val" in found


def test_query_without_a_label_is_drawn_by_itself_and_does_not_stand_for_a_class() -> None:
    queries = [(f"q{n}/x", "", None, None) for n in range(200)]
    rows = [("a/1", "A", None, None), ("b/1", "B", None, None), *queries]
    divided = splits(with_split(RETRIEVE, data(*rows)))
    assert {divided["a/1"], divided["b/1"]} == {"train", "val"}
    assert 20 < sum(divided[path] == "val" for path, *_ in queries) < 60
    with pytest.raises(AtarimaeError, match="No val split is possible"):
        with_split(RETRIEVE, data(("a/1", "A", None, None), *queries))


def test_no_val_split_possible_is_said() -> None:
    with pytest.raises(AtarimaeError, match="No val split is possible"):
        with_split(RETRIEVE, data(("a/1", "A", None, None), ("b/1", "A", None, None)))
