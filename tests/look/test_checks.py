"""Each check on data in sight."""

from dataclasses import replace

import pytest

from atarimae import look
from atarimae.look.checks import CHECKS, Beside, conflicts, duplicates, leaks, singles, unreadable
from atarimae.store import Refusal

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def test_files_of_one_image_are_duplicates(maker):
    image = maker.picture("a.png", RED)
    maker.picture("深い/b.png", RED)
    maker.picture("c.png", GREEN)
    maker.record()

    (found,) = duplicates.check.find(maker.data, Beside())

    assert found.images == (image,)
    assert found.files == ("a.png", "深い/b.png")
    assert "a.png, 深い/b.png" in found.evidence


def test_a_hundred_duplicates_are_one_finding_with_short_evidence(maker):
    maker.picture("0000.png", RED)
    for number in range(1, 100):
        maker.again(f"{number:04}.png", "0000.png")
    maker.record()

    (found,) = duplicates.check.find(maker.data, Beside())

    assert len(found.files) == 100
    assert "and 95 more" in found.evidence


def test_one_image_in_two_splits_is_a_leak(maker):
    leaked = maker.picture("a.png", RED, split="train")
    maker.picture("b.png", RED, split="test")
    maker.picture("c.png", GREEN, split="train")
    maker.picture("d.png", GREEN, split="train")
    maker.picture("e.png", BLUE, split="val")
    maker.picture("f.png", BLUE)
    maker.record()

    (found,) = leaks.check.find(maker.data, Beside())

    assert found.images == (leaked,)
    assert found.what == "One picture is in train and test."
    assert "b.png (test)" in found.evidence
    assert "Keep it in test only" in found.fix


def test_a_label_with_one_image_is_found_however_many_files_it_has(maker):
    image = maker.picture("a.png", RED, "獺祭")
    maker.picture("b.png", RED)
    maker.picture("c.png", GREEN, "久保田")
    maker.picture("d.png", BLUE, "久保田")
    maker.record()

    (found,) = singles.check.find(maker.data, Beside())

    assert found.what == "'獺祭' has a single image."
    assert found.images == (image,)


def test_a_single_label_that_differs_in_width_and_case_alone_names_its_twin(maker):
    maker.picture("a.png", RED, "ＡＢ-1")
    maker.picture("b.png", GREEN, "ab 1")
    maker.picture("c.png", BLUE, "ab 1")
    maker.record()

    (found,) = singles.check.find(maker.data, Beside())

    assert found.fix == "Write it as 'ab 1', if they are the same."


def test_several_labels_are_a_finding_only_where_the_task_wants_one(maker):
    image = maker.picture("a.png", RED, "cat", "dog")
    maker.picture("b.png", GREEN, "cat")
    maker.record()

    (found,) = conflicts.check.find(maker.data, Beside(one_label=True))

    assert found.images == (image,)
    assert found.evidence == "'cat' by 花子; 'dog' by 花子."
    assert conflicts.check.find(maker.data, Beside(one_label=False)) == []


def test_refused_files_are_unreadable_until_they_are_taken(maker):
    maker.picture("a.png", RED)
    maker.record([Refusal("壊れた.jpg", "It ends early.", "Copy it again.")])

    found = [one for one in look.findings(maker.workspace) if one.check == unreadable.check.name]
    assert [(one.files, one.evidence, one.fix) for one in found] == [
        (("壊れた.jpg",), "It ends early.", "Copy it again.")
    ]

    maker.picture("壊れた.jpg", BLUE)
    maker.record()
    assert unreadable.check.name not in {one.check for one in look.findings(maker.workspace)}


def test_an_empty_workspace_has_no_findings(maker):
    assert look.findings(maker.workspace) == []


def test_an_uninstalled_task_hides_no_finding(maker):
    maker.picture("a.png", RED, "cat", "dog")
    workspace = replace(maker.record(), task="nobody has this")

    assert conflicts.check.name in {one.check for one in look.findings(workspace)}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_finding_says_what_evidence_and_fix(maker, check):
    maker.picture("a.png", RED, "cat", "dog", split="train")
    maker.picture("b.png", RED, split="val")
    maker.record([Refusal("x.jpg", "It is empty.", "Copy it again.")])
    found = [one for one in look.findings(maker.workspace) if one.check == check.name]

    assert found
    assert all(one.what and one.evidence and one.fix and one.files for one in found)
