"""Any labels, written and added again: the same, but for what the export said it can't carry."""

import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from atarimae.add import entries, load
from atarimae.export import FORMATS, write
from atarimae.export.format import Format
from atarimae.types import ROLES, SPLITS, Box, Data, File

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


facts = st.fixed_dictionaries(
    {"split": st.none() | st.sampled_from(SPLITS), "role": st.sampled_from(ROLES)},
    optional={"group": words, "source": words},
)
states = st.tuples(
    st.dictionaries(st.integers(0, 6), facts, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 5), words, st.none()), max_size=5),
    st.lists(st.tuples(st.integers(0, 5), words | st.just(""), boxes()), max_size=5),
    st.booleans(),
)


@pytest.mark.parametrize("name", FORMATS)
@example(state=({0: {"split": None, "role": "both"}}, [(0, "0\r0", None)], [], False))
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
    files, classes, some_boxes, copy = state
    data: Data = make(files, *classes, *some_boxes)
    with tempfile.TemporaryDirectory() as folder:
        done = write(data, format, Path(folder) / "外 out", copy=copy)
        back, refused = load(entries(done.again).entries, root)
    assert refused == []
    expected, left = carried(data, format)
    assert said(back) == expected
    assert {kind: n for kind, n in done.left.items() if kind != "rounded"} == left


# What is to come back, worked out from the format's word alone.


Said = tuple[dict[str, tuple[tuple[str, ...], frozenset[object]]], Counter[object]]


def said(data: Data) -> Said:
    """By image the classes in their order, and the boxes; and what is known of the files."""
    labels = {}
    for image in {file.image for file in data.files}:
        known = data.labels.get(image, ())
        classes = tuple(one.value for one in known if one.kind == "class")
        labels[image] = classes, frozenset((o.value, o.box) for o in known if o.kind == "box")
    return labels, Counter((f.image, f.split, f.role, f.group, f.source) for f in data.files)


def carried(data: Data, format: Format) -> tuple[Said, dict[str, int]]:
    """The same as far as the format carries it, and counts of the rest."""
    labels, _ = said(data)
    left: Counter[str] = Counter()
    kept = {}
    for image, (classes, found) in labels.items():
        left["characters"] += sum(not format.holds(o.value) for o in data.labels.get(image, ()))
        classes = list(dict.fromkeys(classes))
        classes = [value for value in classes if format.holds(value)]
        found = {(value, box) for value, box in found if format.holds(value)}
        if "boxes" not in format.carries:
            left["boxes"] += len(found)
            found = set()
        if "unnamed" not in format.carries and "boxes" in format.carries:
            left["unnamed"] += sum(value == "" for value, _ in found)
            found = {one for one in found if one[0]}
        named = {value for value, _ in found} - {""}
        if "classes" not in format.carries:
            left["classes"] += len([value for value in classes if value not in named])
            classes = [value for value in classes if value in named]
        elif "several" not in format.carries:
            left["several"] += max(len(classes) - 1, 0)
            classes = classes[:1]
        if "apart" not in format.carries:
            alone = [value for value, _ in found if value and value not in classes]
            left["apart"] += len(alone)
            order = [v for v, _ in first_said(data, image) if v in alone]
            classes += dict.fromkeys(order)
        if "exact" not in format.carries:
            found = {(value, rounded(box)) for value, box in found}
        kept[image] = tuple(classes), frozenset(found)
    return (kept, kept_files(data.files, format, left)), {k: n for k, n in left.items() if n}


def first_said(data: Data, image: str) -> list[tuple[str, Box | None]]:
    return [(one.value, one.box) for one in data.labels.get(image, ()) if one.kind == "box"]


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
