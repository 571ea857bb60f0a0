"""Hits, misses and rejected unknowns of a run, from its Parquet files."""

import numpy as np
import pytest

from atarimae import runlog
from atarimae.look.pictures import SHOWN_MATCHES, query_rows
from atarimae.types import Predictions, Score

CONVENTION = {"k": 20}


@pytest.fixture
def data(maker):
    """Two sources draw three things; a fourth is drawn once."""
    for number, label in enumerate(["酒", "杯", "瓶"]):
        for shade, source in enumerate(["a", "b"]):
            maker.picture(
                f"{source}/{label}.png", (80 * number, 50 * shade, 0), label, source=source
            )
    maker.picture("a/謎.png", (9, 9, 9), "謎", source="a")
    maker.record()
    return maker.data


def finished(maker, rows, **left_out):
    """A run with rows of (key, matches, similarity, unknown, part)."""
    keys, matches, similarity, unknown, parts = zip(*rows, strict=True)
    columns = {
        "match_files": _lists(matches),
        "similarity": _lists(similarity),
        "unknown": np.array(unknown),
    }
    for name in left_out:
        del columns[name]
    score = Score("mrr@20", 0.5, CONVENTION, keys, np.array(parts, np.float32), keys, 0.4, 0.6)
    with runlog.start(
        maker.workspace, because="test", stage="holdout", data=maker.data.version
    ) as run:
        run.scores([score], Predictions(keys, columns))
        run.finish(scores=[score])
    return runlog.read(run.folder)


def _lists(rows):
    made = np.empty(len(rows), object)
    made[:] = [list(row) for row in rows]
    return made


ROWS = [
    ("a/酒.png", ["b/酒.png", "b/杯.png"], [0.9, 0.2], False, 1.0),
    ("a/杯.png", ["b/瓶.png", "b/杯.png"], [0.6, 0.5], False, 0.5),
    ("a/瓶.png", ["b/酒.png", "b/杯.png"], [0.8, 0.7], False, 0.0),
    ("a/謎.png", ["b/瓶.png"], [0.1], True, 0.0),
]


def test_rows_are_told_apart(maker, data):
    found = query_rows(data, finished(maker, ROWS))

    assert [row.file.path for row in found.hits] == ["a/酒.png"]
    assert [row.file.path for row in found.misses] == ["a/瓶.png", "a/杯.png"]  # worst first
    assert [row.file.path for row in found.rejected] == ["a/謎.png"]


def test_right_matches_share_a_label(maker, data):
    (hit,) = query_rows(data, finished(maker, ROWS)).hits

    assert [(one.file.path, one.right, one.similarity) for one in hit.matches] == [
        ("b/酒.png", True, 0.9),
        ("b/杯.png", False, 0.2),
    ]


def test_a_query_without_a_match_is_no_miss(maker, data):
    rows = [("a/謎.png", ["b/瓶.png"], [0.7], False, 0.0)]

    assert not query_rows(data, finished(maker, rows))


def test_matches_of_files_that_are_gone_are_left_out(maker, data):
    rows = [("a/酒.png", ["gone.png", "b/酒.png"], [0.9, 0.8], False, 1.0)]
    (hit,) = query_rows(data, finished(maker, rows)).hits

    assert [(one.file.path, one.similarity) for one in hit.matches] == [("b/酒.png", 0.8)]


def test_only_the_first_matches_are_shown(maker, data):
    rows = [("a/酒.png", ["b/酒.png"] * 20, [0.9] * 20, False, 1.0)]

    assert len(query_rows(data, finished(maker, rows)).hits[0].matches) == SHOWN_MATCHES


@pytest.mark.parametrize("missing", ["similarity", "unknown"])
def test_optional_columns_may_be_missing(maker, data, missing):
    found = query_rows(data, finished(maker, ROWS, **{missing: True}))

    assert [row.file.path for row in found.hits] == ["a/酒.png"]


def test_a_task_with_other_columns_shows_nothing(maker, data):
    assert not query_rows(data, finished(maker, ROWS, match_files=True))


def test_broken_or_missing_files_show_nothing(maker, data):
    run = finished(maker, ROWS)
    (run.folder / "predictions.parquet").write_bytes(b"PAR1 no more")
    assert not query_rows(data, run)
    (run.folder / "predictions.parquet").unlink()
    assert not query_rows(data, run)
