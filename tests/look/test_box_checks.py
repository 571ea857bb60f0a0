"""Wrong boxes, told by proposals of a model that never learned from their images."""

from dataclasses import replace

import pytest
from bench.boxes import CHECKS, NAMES, SIDE, plant

from atarimae import bundle, files, look, runlog
from atarimae.look.checks import beside, missing
from atarimae.look.checks.proposed import opinion
from atarimae.look.confirm import confirm
from atarimae.look.queue import queue
from atarimae.store import Origin, Store
from atarimae.task import Model
from atarimae.types import Box, Label


@pytest.fixture
def planted(maker):
    """120 images, of which a run left out 100; it says of the others what people say."""
    images = [
        maker.content(f"{n:03}.png", f"{n}".encode(), (SIDE, SIDE), written=False)
        for n in range(120)
    ]
    ws = maker.record()
    store = Store(ws)
    with runlog.start(
        ws, because="x", stage="holdout", data=store.data().version, recipe={"epochs": 1}
    ) as run:
        bundle.write_model(Model(run.folder / "model", {}, {}))
        left_out = [f"{n:03}.png" for n in range(100)]
        files.write_json(run.folder / "evaluated.json", {"files": left_out})
        run.finish()
    made = plant(images[:100], run.id)
    learned = plant(images[100:], run.id, share=0.3, seed=1)
    store.say(made.people + learned.people, action="label", by="花子")
    store.say(made.model + learned.model, action="propose", origin=Origin(run=run.id))
    return ws, made, run.id


def found(ws, check):
    store = Store(ws)
    data = store.data()
    return check.check.find(data, beside(ws, store))


@pytest.mark.parametrize("name", CHECKS)
def test_planted_boxes_are_found_with_the_box_that_says_so(planted, name):
    ws, made, _ = planted
    findings = found(ws, CHECKS[name])
    told = {(one.images[0], one.box) for one in findings}
    truth = getattr(made, name)
    assert len(told) == len(findings)
    assert len(truth) > 10
    precision, recall = len(told & truth) / len(told), len(told & truth) / len(truth)
    assert (precision >= 0.9, recall >= 0.9) == (True, True), (precision, recall)
    assert all(0.75 <= one.sure <= 1 and one.evidence and one.fix for one in findings)


def test_images_that_the_run_learned_from_are_never_judged(planted):
    ws, _, _ = planted
    store = Store(ws)
    judged = opinion(store.data(), beside(ws, store))
    assert {place.file.path for place in judged.places} == {f"{n:03}.png" for n in range(100)}
    for check in CHECKS.values():
        assert all(one.files[0] < "100" for one in found(ws, check))


def test_how_often_the_model_is_right_is_told_as_a_naive_count_tells_it(planted):
    ws, made, _ = planted
    (first, *_) = found(ws, missing)
    said = made.model
    right = [any(hits(one, own) for own in made.people) for one in said]
    order = sorted(range(len(said)), key=lambda n: said[n].score or 0)
    place = next(n for n, at in enumerate(order) if said[at].box == first.box)
    wide = max(20, len(said) // 10)
    start = min(max(place - wide // 2, 0), len(said) - wide)
    share = sum(right[at] for at in order[start : start + wide]) / wide
    assert first.sure == pytest.approx(share, abs=0.03)  # equal scores come in either order


def hits(one: Label, own: Label) -> bool:
    a, b = one.box, own.box
    wide = max(0, min(a.x1, b.x1) - max(a.x0, b.x0))
    high = max(0, min(a.y1, b.y1) - max(a.y0, b.y0))
    both = (a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - wide * high
    return one.image == own.image and one.value == own.value and wide * high / both >= 0.5


def test_a_person_settles_each_kind(planted):
    ws, _, _ = planted
    store = Store(ws)
    (alone, *_), (off, *_), (named, *_) = (found(ws, check) for check in CHECKS.values())
    said = {(one.image, one.box): one for labels in store.data().labels.values() for one in labels}
    store.say([replace(said[alone.images[0], alone.box], by="花子", score=None)], action="label")
    store.relabel([said[off.images[0], off.box]], action="reject")
    confirm(ws, [named.files[0]], by="花子")
    for check, one in zip(CHECKS.values(), (alone, off, named), strict=True):
        assert (one.images, one.box) not in [(f.images, f.box) for f in found(ws, check)]


def test_where_a_class_was_not_looked_for_nothing_is_missing(planted):
    ws, _, _ = planted
    store = Store(ws)
    (first, *_) = found(ws, missing)
    other = next(name for name in NAMES if name != first.label)
    data = store.data()
    some = replace(data, covered={first.images[0]: frozenset({other})})
    known = beside(ws, store)
    assert (first.images, first.box) not in [
        (one.images, one.box) for one in missing.check.find(some, known)
    ]
    whole = replace(data, covered={first.images[0]: frozenset(NAMES)})
    assert first in missing.check.find(whole, known)


def test_a_model_that_is_no_run_here_judges_val_and_test_alone(maker):
    images = [
        maker.content(f"{n:03}.png", f"{n}".encode(), (SIDE, SIDE), written=False,
                      split="val" if n % 2 else "train")
        for n in range(80)
    ]  # fmt: skip
    ws = maker.record()
    store = Store(ws)
    made = plant(images, "other tool")
    store.say(made.people, action="label", by="花子")
    assert all(found(ws, check) == [] for check in CHECKS.values())  # nobody has proposed any
    store.say(made.model, action="propose")
    for check in CHECKS.values():
        assert found(ws, check)
        assert all(int(one.files[0][:3]) % 2 for one in found(ws, check))
        assert "no run here" in found(ws, check)[0].evidence


def test_too_few_boxes_say_nothing_and_that_is_told(maker):
    image = maker.content("a.png", b"a", (SIDE, SIDE), written=False, split="val")
    ws = maker.record()
    store = Store(ws)
    store.say([Label(image, "瓶", "box", Box(0, 0, 9, 9), "m", 0.9)], action="propose")
    assert all(found(ws, check) == [] for check in CHECKS.values())
    told = queue(store.data(), beside(ws, store)).lacks
    assert told["missing boxes"].startswith("1 boxes were proposed, and fewer than 20")


def test_the_queue_and_the_report_have_them(planted, tmp_path):
    ws, _, _ = planted
    entries = look.queue(ws).entries
    names = {entry.finding.check for entry in entries}
    assert {check.check.name for check in CHECKS.values()} <= names
    (first, *_) = (entry for entry in entries if entry.finding.check == "boxes of a wrong class")
    assert first.as_dict()["box"].keys() == {"x0", "y0", "x1", "y1", "angle"}
    assert first.stake == 1.0
