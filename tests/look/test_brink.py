"""The threshold for unknown on pages: what it cuts, and what that costs."""

import json

import numpy as np
import pytest
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae import look, runlog
from atarimae.look import charts
from atarimae.look.brink import brink, said
from atarimae.look.pictures import all_rows
from atarimae.score.coverage import risk_coverage
from atarimae.types import Predictions, Score

# Query, its first answer, confidence, cosine.
ROWS = [
    ("a/酒.png", "b/酒.png", 0.9, 0.5),  # right
    ("a/杯.png", "b/瓶.png", 0.8, 0.6),  # wrong, and the match is there
    ("a/謎.png", "b/瓶.png", 0.6, 0.7),  # has no match
    ("b/酒.png", "a/酒.png", 0.4, 0.4),  # right, and rejected by confidence
    ("b/杯.png", "a/瓶.png", 0.3, 0.3),  # its match is there
    ("b/謎.png", "a/瓶.png", 0.1, 0.2),  # has no match
]
CONSTANTS = {
    "threshold": 0.45, "threshold_low": 0.35, "confidence_threshold": 0.5,
    "confidence_threshold_low": 0.2, "confidence_threshold_high": 0.7,
}  # fmt: skip


@pytest.fixture
def data(maker):
    for number, label in enumerate(["酒", "杯", "瓶"]):
        for shade, source in enumerate(["a", "b"]):
            colour = (80 * number, 50 * shade, 0)
            maker.picture(f"{source}/{label}.png", colour, label, source=source)
    for shade, source in enumerate(["a", "b"]):
        maker.picture(f"{source}/謎.png", (9, 9, 9 + shade), source=source)
    maker.record()
    return maker.data


def finished(maker, constants, calibrated=True):
    keys, matches, confidence, cosine = zip(*ROWS, strict=True)
    sure = confidence if calibrated else cosine
    columns = {
        "match_files": np.array(matches, object)[:, None],
        "similarity": np.array(cosine, np.float32)[:, None],
        "unknown": np.array(sure) < 0.5,
    }
    if calibrated:
        columns["confidence"] = np.array(confidence, np.float32)
    score = Score("mrr@20", 0.5, {"k": 20}, keys, np.zeros(6, np.float32), keys, 0.4, 0.6)
    with runlog.start(
        maker.workspace, because="境", stage="holdout", data=maker.data.version
    ) as run:
        run.scores([score], Predictions(keys, columns))
        run.finish(scores=[score])
    (run.folder / "model").mkdir()
    told = {"graphs": {}, "settings": {}, "constants": constants}
    (run.folder / "model" / "model.json").write_text(json.dumps(told))
    return runlog.read(run.folder)


def names(rows):
    return [row.file.path for row in rows]


def test_both_sides_of_a_threshold_of_confidence(maker, data):
    run = finished(maker, CONSTANTS)
    edge = brink(all_rows(data, run), run)
    assert (edge.by, edge.threshold, edge.low, edge.high) == ("confidence", 0.5, 0.2, 0.7)
    assert names(edge.answered) == ["a/謎.png", "a/杯.png", "a/酒.png"]  # the nearest to it first
    assert names(edge.rejected) == ["b/酒.png", "b/杯.png", "b/謎.png"]
    assert edge.coverage == 3 / 6
    assert edge.risk == 2 / 3
    assert edge.rejections == (3, 1, 1)
    assert [edge.covered(edge.low), edge.covered(edge.high)] == [5 / 6, 2 / 6]


def test_what_became_of_each_query(maker, data):
    run = finished(maker, CONSTANTS)
    edge = brink(all_rows(data, run), run)
    became = {row.file.path: said(row, rejected=False) for row in edge.answered}
    became |= {row.file.path: said(row, rejected=True) for row in edge.rejected}
    assert became == {
        "a/酒.png": ("rightly answered", True),
        "a/杯.png": ("wrongly answered: the same thing is there and did not come first", False),
        "a/謎.png": ("wrongly answered: nothing there is the same thing", False),
        "b/酒.png": ("wrongly rejected: the answer was right", False),
        "b/杯.png": (
            "rejected; what it asks for is there, but another thing came first", False,
        ),
        "b/謎.png": ("rightly unknown: nothing there is the same thing", True),
    }  # fmt: skip


def test_a_threshold_of_the_cosine_where_nothing_is_calibrated(maker, data):
    run = finished(maker, {"threshold": 0.45}, calibrated=False)
    edge = brink(all_rows(data, run), run)
    assert (edge.by, edge.low, edge.high, edge.table) == ("similarity", None, None, ())
    assert names(edge.rejected) == ["b/酒.png", "b/杯.png", "b/謎.png"]


def test_without_a_threshold_there_is_nothing_to_show(maker, data):
    run = finished(maker, {})
    assert brink(all_rows(data, run), run) is None
    (run.folder / "model" / "model.json").unlink()
    assert brink(all_rows(data, run), run) is None
    assert brink([], run) is None


def test_report_has_the_curve_and_the_pictures_around_the_threshold(maker, data, tmp_path):
    run = finished(maker, CONSTANTS)
    look.run_report(maker.workspace, run, tmp_path / "run.html")
    html = (tmp_path / "run.html").read_text("utf-8")
    part = html.split("Where it says unknown")[1]
    assert "Risk over coverage: 50% answered, 66.7% of them wrongly" in part
    assert "wrongly rejected: the answer was right" in part
    assert part.count("data:image/webp") == 12
    look.report(maker.workspace, tmp_path / "all.html")
    assert "Where the best run says unknown" in (tmp_path / "all.html").read_text("utf-8")


def test_page_of_the_run_has_it_on_a_phone_too(page, maker, data):
    run = finished(maker, CONSTANTS)
    with serving(maker.workspace) as address:
        page.set_viewport_size(PHONE)
        page.goto(f"{address}/runs/{run.id}")
        expect(page.locator("svg.shares")).to_have_count(2)
        expect(page.locator(".edge .pair img")).to_have_count(12)
        expect(page.locator("main")).to_contain_text("confidence is below 0.500")
        expect(page.locator("main")).to_contain_text("(95 % interval 0.200 – 0.700)")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_long_curve_is_drawn_with_few_points_and_ends_where_it_should():
    rng = np.random.default_rng(0)
    curve = risk_coverage(rng.random(5000), rng.random(5000) < 0.7)
    drawn = charts.risk(curve, 0.5, None, None)
    points = drawn.split('points="')[1].split('"')[0].split()
    assert len(points) <= charts.POINTS
    assert float(points[-1].split(",")[0]) == charts.WIDE - charts.RIGHT
    assert "range" not in drawn


def test_charts_of_a_run_that_is_never_wrong_or_rejects_everything():
    curve = risk_coverage([0.9, 0.8], [True, True])
    assert "0% answered" in charts.risk(curve, 0.0, 0.0, 1.0)
    assert "nan" not in charts.risk(curve, 1.0, 0.5, 1.0)
