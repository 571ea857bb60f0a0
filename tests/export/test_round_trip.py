"""Any labels, written and added again: the same, but for what the export said it can't carry."""

import math
import tempfile
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from atarimae.add import entries, load
from atarimae.export import FORMATS, write
from atarimae.export.format import Format
from atarimae.shapes import around, corners
from atarimae.types import ROLES, SPLITS, Box, Data, File, Label

QUICK = settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
LONG = settings(QUICK, max_examples=150)


def tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


letters = st.sampled_from("瓶ガ🍶👩‍🔬aé #,\"'<>&;:/\\%{}[]|-.0\n\t\r\x1f\u2028no")
slips = ["no", "null", "1", "1.0", "0x1", "<script>", "]]>", "&amp;", "=1+1", "瓶\n箱", "a: b", "#"]
words = st.text(letters, min_size=1, max_size=6).map(tidy).filter(bool) | st.sampled_from(slips)
sides = st.integers(0, 12).map(float) | st.integers(0, 96).map(lambda n: n / 8)
fine = st.integers(0, 35).map(lambda n: n / 3)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Within the smallest picture: 32 × 24."""
    x, y, wide, high = (draw(sides | fine) for _ in range(4))
    return Box(x, y, x + max(wide, 1), y + max(high, 1))


@st.composite
def turned(draw: st.DrawFn) -> Box:
    """With its centre in the smallest picture, and corners over its edge as often as not."""
    wide, high = (draw(st.integers(2, 20)) for _ in range(2))
    x, y = draw(st.integers(1, 31)), draw(st.integers(1, 23))
    angle = draw(st.integers(1, 359).map(float) | st.integers(1, 1000).map(lambda n: n / 7))
    return Box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2, angle)


@st.composite
def outlines(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    """Convex ones with three to seven points, rectangles among them."""
    if draw(st.booleans()):
        x, y, wide, high = (draw(st.integers(1, 11)) for _ in range(4))
        return ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))
    count, radius = draw(st.integers(3, 7)), draw(st.integers(2, 10))
    start = draw(st.integers(0, 59)) / 10
    points = [(2 * math.pi * n / count + start) for n in range(count)]
    return tuple((12 + radius * math.cos(a), 12 + radius * math.sin(a)) for a in points)


@st.composite
def kinds(draw: st.DrawFn) -> Label:
    """A label of a kind beside classes and upright boxes."""
    kind = draw(st.sampled_from(("box", "polygon", "text", "pair")))
    if kind == "box":
        return Label("", draw(words | st.just("")), kind, draw(turned()))
    if kind == "polygon":
        points = draw(outlines())
        return Label("", draw(words | st.just("")), kind, around(points), points=points)
    if kind == "text":
        box = draw(st.none() | boxes() | turned())
        return Label("", draw(words | st.just("")), kind, box)
    return Label("", draw(st.sampled_from(("same", "different"))), kind, other="6")


facts = st.fixed_dictionaries(
    {"split": st.none() | st.sampled_from(SPLITS), "role": st.sampled_from(ROLES)},
    optional={"group": words, "source": words},
)
states = st.tuples(
    st.dictionaries(st.integers(0, 6), facts, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 5), words, st.none()), max_size=5),
    st.lists(st.tuples(st.integers(0, 5), words | st.just(""), boxes()), max_size=5),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 5), kinds()), max_size=4),
)


@pytest.mark.parametrize("name", FORMATS)
@example(state=({0: {"split": None, "role": "both"}}, [(0, "0\r0", None)], [], False, []))
@example(  # a quarter turn is no upright box: a text is read along it
    state=({0: {"split": None, "role": "both"}}, [], [], False, [
        (0, Label("", "", "text", Box(2, 4, 12, 8, 90))),
        (0, Label("", "", "text", Box(2, 4, 12, 8, 90))),
        (0, Label("", "弁", "box", Box(2, 4, 12, 8, 180))),
    ])
)  # fmt: skip
@QUICK
@given(state=states)
def test_what_was_written_is_what_is_added(name, state, data, root):
    check(FORMATS[name], state, data, root)


@pytest.mark.long
@pytest.mark.parametrize("name", FORMATS)
@LONG
@given(state=states)
def test_what_was_written_is_what_is_added_at_length(name, state, data, root):
    check(FORMATS[name], state, data, root)


def check(format: Format, state, make, root: Path) -> None:
    files, classes, some_boxes, copy, others = state
    others = [(n, one) for n, one in others if one.other is None or n != 0]  # 6 is 0's content
    data: Data = make(files, *classes, *some_boxes, *others)
    with tempfile.TemporaryDirectory() as folder:
        done = write(data, format, Path(folder) / "外 out", copy=copy)
        back, refused = load(entries(done.again).entries, root)
    assert refused == []
    expected, left = carried(data, format)
    found = said(back)
    assert found[1] == expected[1]
    assert found[0].keys() == expected[0].keys()
    for image, (names, shapes) in expected[0].items():
        assert found[0][image][0] == names
        assert_alike(found[0][image][1], shapes, "exact" in format.carries)
    assert {kind: n for kind, n in done.left.items() if kind != "rounded"} == left


# What is to come back, worked out from the format's word alone.


Said = tuple[dict[str, tuple[tuple[str, ...], frozenset[object]]], Counter[object]]


def said(data: Data) -> Said:
    """By image the classes in their order, and the boxes; and what is known of the files."""
    labels = {}
    for image in {file.image for file in data.files}:
        known = data.labels.get(image, ())
        classes = tuple(one.value for one in known if one.kind == "class")
        shapes = (replace(one, image="", by="") for one in known if one.kind != "class")
        labels[image] = classes, frozenset(shapes)
    return labels, Counter((f.image, f.split, f.role, f.group, f.source) for f in data.files)


def carried(data: Data, format: Format) -> tuple[Said, dict[str, int]]:
    """The same as far as the format carries it, and counts of the rest."""
    labels, _ = said(data)
    left: Counter[str] = Counter()
    kept = {}
    for image, (classes, found) in labels.items():
        lacking = {"text", "pair"} - {name[:-1] for name in format.carries}
        known = [one for one in data.labels.get(image, ()) if one.kind not in lacking]
        left["characters"] += sum(not format.holds(one.value) for one in known)
        classes = list(dict.fromkeys(classes))
        classes = [value for value in classes if format.holds(value)]
        found = {one for one in found if one.kind in lacking or format.holds(one.value)}
        texts, pairs = ({one for one in found if one.kind == kind} for kind in ("text", "pair"))
        found -= texts | pairs
        if "boxes" not in format.carries:
            left["boxes"] += sum(not one.points for one in found)
            left["outlines"] += sum(bool(one.points) for one in found)
            found = set()
        if "unnamed" not in format.carries and "boxes" in format.carries:
            left["unnamed"] += sum(one.value == "" for one in found)
            found = {one for one in found if one.value}
        size = data.images[image].width, data.images[image].height
        found = {plainer(one, size, format, left) for one in found}
        if "texts" not in format.carries:
            left["texts"] += len(texts)
            texts = set()
        there = {file.image for file in data.files}
        lost = {one for one in pairs if "pairs" not in format.carries or one.other not in there}
        left["pairs"] += len(lost)
        pairs -= lost
        named = {one.value for one in found} - {""}
        if "classes" not in format.carries:
            left["classes"] += len([value for value in classes if value not in named])
            classes = [value for value in classes if value in named]
        elif "several" not in format.carries:
            left["several"] += max(len(classes) - 1, 0)
            classes = classes[:1]
        if "apart" not in format.carries:
            alone = [one.value for one in found if one.value and one.value not in classes]
            left["apart"] += len(alone)
            order = [v for v, _ in first_said(data, image) if v in alone]
            classes += dict.fromkeys(order)
        if "exact" not in format.carries:
            found = {replace(one, box=rounded(one.box)) if upright_box(one) else one
                     for one in found}  # fmt: skip
        kept[image] = tuple(classes), frozenset(found | texts | pairs)
    return (kept, kept_files(data.files, format, left)), {k: n for k, n in left.items() if n}


def first_said(data: Data, image: str) -> list[tuple[str, Box | None]]:
    known = data.labels.get(image, ())
    return [(one.value, one.box) for kind in ("box", "polygon") for one in known
            if one.kind == kind]  # fmt: skip


def turned_box(label: Label) -> bool:
    return label.kind == "box" and label.box is not None and bool(label.box.angle)


def upright_box(label: Label) -> bool:
    return label.kind == "box" and not turned_box(label)


def plainer(label: Label, size: tuple[int, int], format: Format, left: Counter[str]) -> Label:
    """The upright box around what the format has no place for."""
    kind = "polygons" if label.points else "angles" if turned_box(label) else None
    if kind is None or kind in format.carries:
        return label
    left[kind] += 1
    return plain_box(label, size)


def plain_box(label: Label, size: tuple[int, int]) -> Label:
    """The box around a turned one or an outline, cut at the picture's edge."""
    points = label.points or corners(label.box)
    xs, ys = [min(max(x, 0), size[0]) for x, _ in points], [min(max(y, 0), size[1]) for _, y in points]  # fmt: skip  # noqa: E501
    return Label("", label.value, "box", Box(min(xs), min(ys), max(xs), max(ys)))


def assert_alike(found: frozenset[Label], expected: frozenset[Label], exact: bool) -> None:
    """The same, but for a hundredth of a pixel and a degree where corners tell of an angle."""
    certain = {one for one in expected if exact and not (one.box and one.box.angle)}
    certain |= {one for one in expected if upright_box(one) or one.box is None}
    assert certain <= found
    rest, open_ = sorted(expected - certain, key=repr), set(found - certain)
    for one in rest:
        near = next((other for other in open_ if alike(one, other)), None)
        assert near is not None, (one, open_)
        open_.remove(near)
    assert not open_


def alike(one: Label, other: Label) -> bool:
    if (one.kind, one.value, len(one.points)) != (other.kind, other.value, len(other.points)):
        return False
    points = zip(one.points or corners(one.box), other.points or corners(other.box), strict=True)
    return all(math.dist(a, b) < 0.02 for a, b in points)


def rounded(box: Box) -> Box:
    return Box(*(round(x, 3) for x in (box.x0, box.y0, box.x1, box.y1)))


def kept_files(files: tuple[File, ...], format: Format, left: Counter[str]) -> Counter[object]:
    carries = set(format.carries)
    splits = {file.split for file in files}
    if format.name == "folder" and (None in splits or len(splits) < 2):
        carries -= {"split"}
    for fact, none in (("split", None), ("role", "both"), ("group", None), ("source", None)):
        if fact not in carries:
            left[fact] += sum(getattr(file, fact) != none for file in files)
    return Counter(
        (
            file.image,
            file.split if "split" in carries else None,
            file.role if "role" in carries else "both",
            file.group if "group" in carries else None,
            file.source if "source" in carries else None,
        )
        for file in files
    )
