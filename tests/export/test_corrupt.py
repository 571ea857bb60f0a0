"""Damaged files, and values of other kinds: told in three parts, never a traceback."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atarimae.add import entries, load
from atarimae.errors import AtarimaeError
from atarimae.export import FORMATS, write
from atarimae.types import Box, Label

QUICK = settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
LONG = settings(QUICK, max_examples=200)
NAMES = tuple(name for name in FORMATS if name != "folder")  # which has no file but pictures
PICTURES = (".png", ".jpg", ".bmp")

values = st.sampled_from(
    [None, True, -1, 0, 1e308, float("nan"), "", "x", "1", "\0", "../..", [], [[]], {}, {"id": 1}]
)
damages = st.one_of(
    st.tuples(st.just("cut"), st.floats(0, 1), st.none()),
    st.tuples(st.just("put"), st.floats(0, 1), st.binary(min_size=1, max_size=4)),
    st.tuples(st.just("drop"), st.floats(0, 1), st.integers(1, 40)),
    st.tuples(st.just("value"), st.floats(0, 1), values),
)


@pytest.fixture(scope="module")
def written(data, tmp_path_factory) -> dict[str, Path]:
    """An export in each format, with some of everything in it."""
    folder = tmp_path_factory.mktemp("書き written")
    some = data(
        {0: {"split": "train", "group": "g"}, 1: {"split": "val", "role": "query"}, 2: {}},
        (0, "瓶", None), (0, "瓶", Box(1, 2, 3, 4)), (1, "箱", Box(0, 0, 9, 9.5)),
        (0, Label("", "箱", "box", Box(2, 2, 12, 8, 30))),
        (1, Label("", "缶", "polygon", Box(1, 1, 9, 8), points=((1, 1), (9, 2), (5, 8)))),
        (2, Label("", "獺祭", "text", Box(3, 3, 13, 7, 90))), (2, Label("", "", "text")),
        (2, Label("", "same", "pair", other="1")),
    )  # fmt: skip
    return {name: write(some, FORMATS[name], folder / name).again for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(where=st.integers(0, 20), damage=damages)
def test_damage_is_told(name, where, damage, written, root, tmp_path):
    check(name, where, damage, written, root, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
@LONG
@given(where=st.integers(0, 20), damage=damages)
def test_damage_is_told_at_length(name, where, damage, written, root, tmp_path):
    check(name, where, damage, written, root, tmp_path)


def check(name: str, where: int, damage, written, root: Path, tmp_path: Path) -> None:
    whole = written[name] if written[name].is_dir() else written[name].parent
    files = [p for p in sorted(whole.rglob("*")) if p.is_file() and p.suffix not in PICTURES]
    path = files[where % len(files)]
    before = path.read_bytes()
    path.write_bytes(damaged(before, *damage))
    try:
        for format in (None, name):
            try:
                load(entries(written[name], format=format).entries, root)
            except AtarimaeError as error:
                assert error.what  # noqa: PT017
    finally:
        path.write_bytes(before)


def damaged(content: bytes, how: str, where: float, what: object) -> bytes:
    place = int(where * len(content))
    if how == "cut":
        return content[:place]
    if how == "put":
        return content[:place] + what + content[place + len(what) :]
    if how == "drop":
        return content[:place] + content[place + what :]
    try:
        value = json.loads(content)
    except ValueError:
        return content[:place] + str(what).encode() + content[place:]
    holders = list(nodes(value))
    holder, key = holders[int(where * (len(holders) - 1))]
    holder[key] = what
    return json.dumps(value).encode()


def nodes(value: object):
    """Every place in a JSON value that holds another."""
    listed = enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(value.items() if isinstance(value, dict) else listed):
        yield value, key
        yield from nodes(inner)
