"""A given split is honoured; one of our own never parts what belongs together."""

from dataclasses import replace
from pathlib import Path

import pytest

from atarimae import task as tasks
from atarimae.errors import AtarimaeError
from atarimae.fit.split import folds, with_split
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


def proposed(data: Data, *rows: tuple[str, str, str | None, str | None, str]) -> Data:
    """Files more that only a model has labelled: path, its word, split, group, role."""
    more = tuple(
        File(path, path.split("/")[0], split=split, group=group, role=role)
        for path, _, split, group, role in rows
    )
    said = {
        file.image: (*data.labels.get(file.image, ()), Label(file.image, row[1], by="r", score=0.9))
        for file, row in zip(more, rows, strict=True)
    }
    files = tuple(sorted((*data.files, *more), key=lambda file: file.path))
    return replace(data, files=files, labels={**data.labels, **said})


GIVEN = (
    ("a/1", "A", "train", None), ("b/1", "B", "train", "g"), ("v/1", "V", "val", "h"),
    ("v/2", "V", "val", None), ("t/1", "T", "test", None),
)  # fmt: skip


def test_a_models_word_is_learned_only_where_it_is_trusted() -> None:
    pool = proposed(data(*GIVEN), ("n/1", "A", None, None, "both"))
    assert "n/1" not in splits(with_split(RETRIEVE, pool))
    trusting = with_split(RETRIEVE, pool, trust=True)
    assert splits(trusting)["n/1"] == "train"
    assert {trusting.label(f) for f in trusting.files if f.path == "n/1"} == {"A"}
    assert len(trusting.files) == len(GIVEN) + 1


@pytest.mark.parametrize(
    "row",
    [
        ("n/1", "V", None, None, "both"),  # a class that val asks about stays unseen
        ("n/1", "X", None, None, "both"),  # one that nobody has given
        ("n/1", "A", "val", None, "both"),
        ("n/1", "A", "test", None, "gallery"),
        ("n/1", "A", None, "h", "both"),  # in the group of a val file
        ("n/1", "A", None, None, "query"),  # asks for what is not there
        ("v/copy", "A", None, None, "both"),  # val's own image, which a person has labelled
    ],
)
def test_no_models_word_comes_near_val(row: tuple[str, str, str | None, str | None, str]) -> None:
    trusting = with_split(RETRIEVE, proposed(data(*GIVEN), row), trust=True)
    assert not trusting.trusted
    assert trusting.class_names == ("A", "B", "T", "V")


def test_pseudo_labels_are_in_train_of_each_fold_and_val_is_as_it_is_without_them() -> None:
    plain = many(classes=12)
    pool = proposed(plain, *((f"n{c}/1", f"c{c}", None, None, "both") for c in range(12)))
    without = folds(RETRIEVE, with_split(RETRIEVE, pool), 3)
    trusted = with_split(RETRIEVE, pool, trust=True)
    learned = set(trusted.split("train").class_names)
    for fold, other in zip(folds(RETRIEVE, trusted, 3), without, strict=True):
        assert fold.split("val") == replace(other.split("val"), trusted=fold.trusted)
        new = [file for file in fold.files if file.path.startswith("n")]
        assert {file.split for file in new} == {"train"}
        # Of the classes that this fold's train has from people, and of no other.
        theirs = set(other.split("train").class_names) & learned
        assert {fold.label(file) for file in new} == theirs
        assert not {fold.label(file) for file in new} & set(fold.split("val").class_names)


def test_the_newest_of_several_models_words_counts_and_a_persons_before_them() -> None:
    pool = proposed(
        data(*GIVEN), ("n/1", "A", None, None, "both"), ("m/1", "A", None, None, "both")
    )
    newer = Label("n", "B", by="s", score=0.1)
    mine = Label("m", "B")
    said = {**pool.labels, "n": (*pool.labels["n"], newer), "m": (*pool.labels["m"], mine)}
    trusting = with_split(RETRIEVE, replace(pool, labels=said), trust=True)
    by_path = {file.path: trusting.label(file) for file in trusting.files}
    assert (by_path["n/1"], by_path["m/1"]) == ("B", "B")
    assert trusting.trusted == {"n"}
