"""Labels saved and seconds a label, from planted edits; a median that pauses don't move."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from atarimae.look.economics.saved import Pace, Saved, paces, saved, seconds_saved
from atarimae.store import Edit, Proposal
from atarimae.types import Label

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def edits(gaps, action="label", by="花子", start=NOON, first=1, labels=1):
    """Edits with these seconds between them."""
    at, made = start, []
    for number, gap in enumerate([0, *gaps]):
        at += timedelta(seconds=gap)
        stamp = at.isoformat(timespec="milliseconds")
        made.append(Edit(first + number, stamp, by, action, "", labels_added=labels))
    return made


def test_a_pause_is_left_out_and_the_median_is_a_persons_own():
    told = paces([*edits([4.0] * 7 + [3600.0] + [6.0] * 8), *edits([1.0] * 20, by="太郎")])
    assert [(one.person, one.labels, one.pauses, one.seconds) for one in told] == [
        ("太郎", 20, 0, 1.0), ("花子", 15, 1, 6.0),
    ]  # fmt: skip


def test_the_interval_is_that_of_order_statistics():
    gaps = np.random.default_rng(0).gamma(2, 3, 41)
    (told,) = paces(edits(gaps.tolist()))
    rank = int(stats.binom.ppf(0.025, 41, 0.5)) - 1
    wanted = sorted(gaps)
    assert told.low == pytest.approx(wanted[rank], abs=2e-3)
    assert told.high == pytest.approx(wanted[40 - rank], abs=2e-3)
    assert told.low <= told.seconds <= told.high


def test_few_labels_and_edits_of_many_images_tell_no_pace():
    assert paces(edits([3.0] * 30, labels=50)) == []
    (told,) = paces(edits([3.0] * 5))
    assert (told.labels, told.seconds) == (5, None)
    assert paces([]) == []


def test_labels_by_hand_and_decisions_are_two_paces_of_one_person():
    slow = edits([8.0] * 12)
    quick = edits([2.0] * 12, "accept", start=NOON + timedelta(seconds=97), first=20)
    told = {one.what: one.seconds for one in paces([*slow, *quick])}
    assert told == {"by hand": 8.0, "from a proposal": 2.0}


def proposal(number, fate, decided=None, finding=None):
    return Proposal(
        number, Label("i", "猫", by="m", score=0.5), 1, "", fate, decided=decided, finding=finding
    )


def test_labels_saved_are_counted_by_fate_and_those_labelled_by_hand_apart():
    made = [
        *edits([0] * 4, "accept"), Edit(10, "", "花子", "edit", ""),
        Edit(11, "", "花子", "reject", ""), Edit(12, "", "花子", "label", ""),
    ]  # fmt: skip
    known = [
        proposal(1, "accepted", 1), proposal(2, "accepted", 2, "control slice: 72 of 72 right"),
        proposal(3, "edited", 10), proposal(4, "rejected", 11), proposal(5, "accepted", 12),
        proposal(6, "untouched"),
    ]  # fmt: skip
    told = saved(known, made)
    assert told == Saved(6, untouched=1, accepted=2, unseen=1, edited=1, rejected=1, by_hand=1)
    box = replace(proposal(7, "edited", 12), label=Label("i", "弁", "box", by="m", score=0.5))
    assert saved([*known, box], made).edited == 2  # moved on another page
    hand = Pace("花子", "by hand", 20, 0, 8.0, 7.0, 9.0)
    decision = Pace("花子", "from a proposal", 20, 0, 2.0, 1.0, 3.0)
    # Three labels by hand, against three looks: the one in bulk took none.
    assert seconds_saved(told, [hand, decision]) == 3 * 8.0 - 3 * 2.0
    assert seconds_saved(told, [hand]) is None
