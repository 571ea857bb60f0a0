"""The annotation guide is written as edits: nobody's text is lost, and its history can be read."""

import pytest
from filerow import image, row

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import Classes, Guide, Origin, Store
from atarimae.types import Box


@pytest.fixture
def guide(store: Store) -> Guide:
    store.record([row("a", "a", "弁"), row("b", "b", "ねじ"), row("c", "c")])
    return Guide(store)


def texts(guide: Guide, name: str) -> list[str]:
    return [said.fact.value for said in guide.entry(name).definitions]


def test_class_is_defined_with_examples_and_edge_cases(guide: Guide) -> None:
    edit = guide.define("弁", "流れを止める。\n- 玉形\n- 仕切り  \n", by="みどり", why="初版")
    guide.exhibit("弁", "a", Box(1, 1, 4, 4), note="よい例", by="みどり")
    guide.exhibit("弁", image("b"), against=True, note="<script>")
    guide.decide("弁", "半分しか見えない", "見えれば弁 🍶", image="c")
    assert edit is not None
    assert (edit.action, edit.why) == ("guide", "初版")
    entry = guide.entry("弁")
    assert texts(guide, "弁") == ["流れを止める。\n- 玉形\n- 仕切り"]
    (good,), (bad,), (case,) = entry.examples, entry.counterexamples, entry.edges
    assert (good.fact.image, good.fact.box, good.fact.note) == (
        image("a"),
        Box(1, 1, 4, 4),
        "よい例",
    )
    assert (bad.fact.image, bad.fact.box, bad.fact.note) == (image("b"), None, "<script>")
    assert (case.fact.value, case.fact.note) == ("半分しか見えない", "見えれば弁 🍶")
    assert list(guide.entries()) == ["弁"]


def test_guide_changes_no_data(guide: Guide) -> None:
    before = guide.store.data().version.hash
    guide.define("弁", "流れを止める。")
    assert guide.store.data().version.hash == before


def test_what_is_so_already_is_no_edit(guide: Guide) -> None:
    guide.define("弁", "text")
    guide.exhibit("弁", "a", note="n")
    assert guide.define("弁", " text \n") is None
    assert guide.exhibit("弁", "a", note="n", by="花子") is None
    assert guide.store.last_edit() == 3


def test_two_people_who_write_at_once_both_keep_their_text(guide: Guide) -> None:
    guide.define("弁", "first", by="みどり")
    seen = Origin(seen=guide.store.last_edit())
    guide.define("弁", "みどりの", by="みどり", origin=seen)
    guide.define("弁", "あおいの", by="あおい", origin=seen)
    assert texts(guide, "弁") == ["みどりの", "あおいの"]
    guide.define("弁", "二人の", by="みどり", origin=Origin(seen=guide.store.last_edit()))
    assert texts(guide, "弁") == ["二人の"]


def test_two_people_who_write_the_same_at_once_wrote_one_text(guide: Guide) -> None:
    seen = Origin(seen=guide.store.last_edit())
    guide.define("弁", "same", by="みどり", origin=seen)
    assert guide.define("弁", "same", by="あおい", origin=seen) is None
    assert texts(guide, "弁") == ["same"]


def test_edge_case_is_changed_and_taken_away_by_its_id(guide: Guide) -> None:
    guide.decide("弁", "半分", "弁")
    (old,) = guide.entry("弁").edges
    guide.decide("弁", "半分", "弁でない", instead=old.id)
    (new,) = guide.entry("弁").edges
    assert new.fact.note == "弁でない"
    guide.decide("弁", "半分", "わからない", instead=old.id)  # somebody had not seen the change
    assert [said.fact.note for said in guide.entry("弁").edges] == ["弁でない", "わからない"]
    guide.take("弁", new.id)
    assert [said.fact.note for said in guide.entry("弁").edges] == ["わからない"]
    with pytest.raises(AtarimaeError, match=r"says no such thing of '弁'.*read the entry again"):
        guide.take("弁", new.id)


def test_history_tells_who_changed_which_lines_when_and_why(guide: Guide) -> None:
    guide.define("弁", "one\ntwo", by="みどり", why="初版")
    guide.define("ねじ", "other")
    guide.define("弁", "one\n二", by="あおい", why="日本語")
    guide.exhibit("弁", "a", Box(0, 0, 2, 3), note="よい", by="花子")
    guide.store.undo(4)
    steps = guide.history("弁")
    assert [(step.edit, step.by, step.action, step.why) for step in steps[:3]] == [
        (2, "みどり", "guide", "初版"), (4, "あおい", "guide", "日本語"), (5, "花子", "guide", ""),
    ]  # fmt: skip
    assert [step.lines() for step in steps] == [
        ["+one", "+two"],
        ["-two", "+二"],
        [f"+example {image('a')[:12]} (0, 0 to 2, 3): よい"],
        ["-二", "+two"],
    ]
    assert guide.entries(2)["弁"].definitions[0].fact.value == "one\ntwo"


def test_merged_and_renamed_classes_keep_what_was_said_of_them(guide: Guide) -> None:
    guide.define("弁", "of 弁")
    guide.define("ねじ", "of ねじ")
    classes = Classes(guide.store)
    classes.merge(["ねじ", "弁"], into="部品")
    assert texts(guide, "弁") == ["of 弁", "of ねじ"]
    assert [said.fact.subject for said in guide.entry("部品").definitions] == ["弁", "ねじ"]
    guide.define("部品", "of both")
    assert texts(guide, "部品") == ["of both"]
    assert [step.lines() for step in guide.history("部品")] == [
        ["+of 弁"], ["+of ねじ"], ["-of 弁", "-of ねじ", "+of both"],
    ]  # fmt: skip


def test_empty_definition_takes_it_away(guide: Guide) -> None:
    guide.define("弁", "text")
    guide.define("弁", "")
    assert texts(guide, "弁") == []
    assert guide.define("弁", " ") is None


def test_class_that_has_no_label_yet_is_written_of_where_that_is_meant(guide: Guide) -> None:
    with pytest.raises(UsageError, match=r"No class 'ねじり'.*Did you mean 'ねじ'"):
        guide.define("ねじり", "text")
    guide.define("ねじり", "text", new=True)
    assert texts(guide, "ねじり") == ["text"]


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda g: g.exhibit("弁", "z"), r"No file 'z' in the data"),
        (lambda g: g.exhibit("弁", "a", Box(4, 1, 2, 3)), r"That is no box.*It is 4, 1 to 2, 3"),
        (lambda g: g.exhibit("弁", "a", Box(1, 1, 9.5, 3)), r"outside the picture.*8 × 6 px"),
        (lambda g: g.exhibit("弁", "a", Box(float("nan"), 1, 2, 3)), r"That is no box"),
        (lambda g: g.decide("弁", "case", " "), r"needs the case and what was decided"),
        (lambda g: g.exhibit("靑", "a"), r"No class '靑'"),
    ],
)
def test_bad_entries_are_refused_and_nothing_changes(guide: Guide, write, told: str) -> None:
    with pytest.raises(AtarimaeError, match=told):
        write(guide)
    assert guide.store.last_edit() == 1
