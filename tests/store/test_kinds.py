"""Labels beside classes and upright boxes: turned boxes, outlines, texts and pairs."""

import math
from dataclasses import replace

import pytest
from filerow import image, row

from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.store.content import content_hash
from atarimae.types import Box, File, Label

ONE, TWO = sorted((image("a"), image("b")))  # 8 × 6 px each
TRIANGLE = ((0.0, 0.5), (4.0, 0.0), (4.25, 5.0))
KINDS = {
    "turned": Label(ONE, "弁", "box", Box(1.0, 1.0, 5.0, 3.0, 30.5), "みどり"),
    "polygon": Label(
        ONE, "缶", "polygon", Box(0.0, 0.0, 4.25, 5.0), "みどり", points=TRIANGLE
    ),
    "text": Label(ONE, "獺祭 <b>\n二割三分", "text", Box(0.0, 0.0, 6.0, 2.0, 270.0), "みどり"),
    "text to be transcribed": Label(ONE, "", "text", Box(0.0, 0.0, 6.0, 2.0), "みどり"),
    "text of the whole image": Label(ONE, "獺祭", "text", None, "みどり"),
    "pair": Label(ONE, "same", "pair", by="みどり", other=TWO),
    "proposed": Label(ONE, "弁", "box", Box(1.0, 1.0, 5.0, 3.0, 30.5), "run-1", 0.75),
}  # fmt: skip


@pytest.fixture
def two(store: Store) -> Store:
    store.record([row("a", "a"), row("b", "b")])
    return store


@pytest.mark.parametrize("label", KINDS.values(), ids=KINDS)
def test_every_kind_is_said_undone_redone_and_told_apart(two: Store, label: Label) -> None:
    before = two.data()
    assert two.say([label], action="label", by="みどり") is not None
    assert two.data().labels == {ONE: (label,)}
    assert two.data().version.hash != before.version.hash
    assert two.say([label], action="label") is None  # it is said already
    two.undo(2)
    assert two.data().version.hash == before.version.hash
    two.redo()
    assert two.data().labels == {ONE: (label,)}
    assert two.difference(1, two.last_edit()).labels_came == (label,)
    assert two.difference(1, 2).as_dict()["labels"]["came"][0]["points"] == label.points  # type: ignore[index]


@pytest.mark.parametrize("label", KINDS.values(), ids=KINDS)
def test_every_kind_is_taken_away(two: Store, label: Label) -> None:
    two.say([label], action="label")
    two.relabel([label])
    assert two.data().labels == {}


def test_labels_that_differ_in_what_only_their_kind_has_are_two(two: Store) -> None:
    turned, outline = KINDS["turned"], KINDS["polygon"]
    assert turned.box is not None
    said = [
        turned, replace(turned, box=replace(turned.box, angle=31.0)),
        outline, replace(outline, points=(*TRIANGLE[:2], (4.25, 5.0), (0.0, 4.0))),
    ]  # fmt: skip
    hashes = set()
    for label in said:
        two.say([label], action="label")
        hashes.add(two.data().version.hash)
    assert len(two.data().labels[ONE]) == len(hashes) == 4


def test_a_file_is_recorded_with_labels_of_every_kind(store: Store) -> None:
    first = image("a") == ONE
    rows = [row("a", "a"), row("b", "b")]
    others = tuple(replace(one, image="", by="") for one in KINDS.values() if one.score is None)
    rows[not first] = replace(rows[not first], others=others)
    store.record(rows, by="みどり")
    people = [label for label in KINDS.values() if label.score is None]
    assert list(store.data().labels[ONE]) == people
    assert store.record(rows).labels == 0


def test_a_pair_is_one_whichever_image_it_is_said_of(two: Store) -> None:
    pair = KINDS["pair"]
    two.say([replace(pair, image=TWO, other=ONE)], action="label")
    assert two.data().labels == {ONE: (pair,)}
    assert two.say([pair], action="label") is None
    assert two.data().pairs == {ONE: (pair,), TWO: (replace(pair, image=TWO, other=ONE),)}
    two.relabel([replace(pair, image=TWO, other=ONE)])
    assert two.data().pairs == {}


def test_what_people_say_of_an_image_is_asked_for_by_kind(two: Store) -> None:
    two.say(list(KINDS.values()), action="label")
    data = two.data()
    assert data.said(ONE, "box", "polygon") == (KINDS["turned"], KINDS["polygon"])
    assert [label.value for label in data.said(ONE, "text")] == [KINDS["text"].value, "", "獺祭"]
    assert data.said(TWO, "box") == ()


def test_the_form_that_is_kept_is_one(two: Store) -> None:
    two.say(
        [
            Label(ONE, "弁", "box", Box(1, 1, 5, 3, 390)),
            Label(ONE, "弁", "box", Box(1, 1, 5, 3, -330)),
            Label(ONE, "弁", "box", Box(-0.5, 0, 8.9, 6)),  # tools round: it is cut
            Label(ONE, "弁", "box", Box(1, 1, 5, 3, -1e-17)),
            Label(ONE, "缶", "polygon", points=((-0.5, 0), (8, 0), (8, 6))),
        ],
        action="label",
    )  # fmt: skip
    assert [(label.box, label.points) for label in two.data().labels[ONE]] == [
        (Box(1, 1, 5, 3, 30), ()),
        (Box(0, 0, 8, 6), ()),
        (Box(1, 1, 5, 3), ()),
        (Box(0, 0, 8, 6), ((0, 0), (8, 0), (8, 6))),
    ]


NAN, BOX = math.nan, Box(0, 0, 4, 4)
WRONG = [
    (Label(ONE, "弁", "box", Box(0, 0, NAN, 4)), "The box's x1 is nan"),
    (Label(ONE, "弁", "box", Box(0, 0, 4, math.inf)), "The box's y1 is inf"),
    (Label(ONE, "弁", "box", Box(0, 0, 4, 4, NAN)), "The box's angle is nan"),
    (Label(ONE, "弁", "box", Box(4, 0, 4, 4)), "is empty"),
    (Label(ONE, "弁", "box", Box(0, 0, 10, 4)), "reaches outside .* 8 × 6 px"),
    (Label(ONE, "弁", "box", Box(7, 0, 19, 4, 20)), "turned box .* reaches outside"),
    (Label(ONE, "弁", "box", Box(-10, 0, 18, 6, 20)), "turned box .* reaches outside"),
    (Label(ONE, "弁", "box"), "It has no box"),
    (Label("f" * 64, "弁", "box", BOX), "The image is not in the workspace"),
    (Label(ONE, "缶", "polygon", points=((0, 0), (1, 1))), "has 2 points. It needs three"),
    (Label(ONE, "缶", "polygon", points=((0, 0), (1, 1), (0, 0))), "has 2 points"),
    (Label(ONE, "缶", "polygon", points=((0, 0), (1, 1), (2, 2))), "has no area"),
    (Label(ONE, "缶", "polygon", points=((0, 0), (1, NAN), (2, 2))), "is no point"),
    (Label(ONE, "缶", "polygon", points=((0, 0), (1, 20), (2, 2))), "outline .* outside"),
    (Label(ONE, "缶", "polygon", BOX), "It has no points"),
    (Label(ONE, "赤", points=TRIANGLE), "It has points. They are for the kind polygon"),
    (Label(ONE, "獺祭", "text", Box(0, 0, 90, 4)), "reaches outside"),
    (Label(ONE, "a\0", "text"), "NUL"),
    (Label(ONE, "alike", "pair", other=TWO), "A pair is 'same' or 'different'"),
    (Label(ONE, "same", "pair"), "A pair needs another image"),
    (Label(ONE, "same", "pair", other=ONE), "It names itself"),
    (Label(ONE, "same", "pair", other="f" * 64), "ffffffffffff is not in the workspace"),
    (Label(ONE, "same", "pair", BOX, other=TWO), "A pair has no box"),
    (Label(ONE, "赤", other=TWO), "It has another image. That is for the kind pair"),
    (Label(ONE, "赤", score=NAN), "Its score is nan"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "told"), WRONG)
def test_label_that_no_image_can_hold_is_refused(two: Store, wrong: Label, told: str) -> None:
    for say in (
        lambda: two.say([KINDS["turned"], wrong], action="label"),
        lambda: two.relabel([], [KINDS["turned"], wrong]),
    ):
        with pytest.raises(UsageError, match=rf"1 of 2 labels can't be said\. [\s\S]*{told}"):
            say()
    assert (two.last_edit(), two.data().labels) == (1, {})


def test_all_bad_labels_are_told_at_once(two: Store) -> None:
    wrong = [Label(ONE, f"{n}", "box", Box(0, 0, 4, 100 + n)) for n in range(12)]
    with pytest.raises(UsageError) as told:
        two.say(wrong, action="label")
    assert told.value.what == "12 of 12 labels can't be said."
    assert "'9' (box)" in told.value.found
    assert told.value.found.endswith("and 2 more")
    assert told.value.fix == "Mend them all; nothing was changed."


def test_runs_find_the_versions_that_they_named_before_there_were_kinds() -> None:
    """The hash was computed by the code before boxes had an angle."""
    a, b = "a" * 64, "b" * 64
    files = [
        File("x.png", a, "train", "both", "g", "店"), File("y.png", b, None, "query"),
        File("z.png", "c" * 64),
    ]  # fmt: skip
    labels = {
        a: (
            Label(a, "赤"),
            Label(a, "瓶", "box", Box(0.1, 1.0, 32.25, 64.0), "みどり"),
            Label(a, "弁", "box", Box(0, 1, 2, 3), "run", 0.9),
            Label(a, "赤", "checked", by="花子"),
        ),
        b: (
            Label(b, "獺祭", "text", by="花子"),
            Label(b, "", "box", Box(1 / 3, 2e-7, 5.5, 1e16)),
            Label(b, "朱", by="r", score=0.5),
        ),
    }
    assert content_hash(files, labels) == (
        "441af7db147a293de010a3e9620daff7ac35fd098291a26ec358c48bb0516015"
    )
