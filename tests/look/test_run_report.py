"""One run as one file to send: it stands alone, and says what is known of the run."""

import json
import re

import numpy as np
import pytest

from atarimae import look, runlog
from atarimae.cli import main
from atarimae.runlog.writer import reopen
from atarimae.store import Store
from atarimae.types import Predictions, Score

RED, GREEN = (200, 0, 0), (0, 200, 0)


@pytest.fixture
def made(maker):
    """A parent, and a run with a miss, curves, notes and a reason that is no HTML."""
    maker.picture("photos/a.png", RED, "獺祭")
    maker.picture("photos/b.png", GREEN, "獺祭 <b>")
    maker.picture("photos/c.png", (0, 0, 200), "獺祭")
    maker.record()
    version = Store(maker.workspace).data().version
    with runlog.start(maker.workspace, because="出発点", stage="holdout", data=version,
                      recipe={"lr": 0.1, "loss": "arcface"}) as parent:  # fmt: skip
        parent.metric("loss", 0.9, step=1)
        parent.metric("loss", 0.8, step=2)
        parent.finish(scores=[Score("mrr@20", 0.5, {"k": 20})], costs={"ms_per_image": 10.0})
    keys = ("photos/a.png", "photos/b.png")
    score = Score("mrr@20", 0.75, {"ties": "by file path"}, keys,
                  np.array([0.5, 1], np.float32), keys, low=0.6, high=0.9)  # fmt: skip
    with runlog.start(
        maker.workspace, because="<script>alert(1)</script> 赤に強く", stage="holdout", seed=3,
        parent=parent.id, data=version, recipe={"lr": 0.2, "loss": "arcface"},
    ) as run:  # fmt: skip
        for step in range(400):
            run.metric("loss", 1 / (step + 1), step=step)
        run.metric("nothing", float("nan"), step=0)
        run.scores([score])
        run.finish(scores=[score], costs={"ms_per_image": 12.5})
        told = {"verdict": "helped", "difference": 0.25, "low": 0.1, "high": 0.4, "better": 0.99,
                "metric": "mrr@20", "shared": 2, "of": 2}  # fmt: skip
        run.verdict(told)
    return maker, runlog.read(run.folder).note("赤は良い", conclusion="採用", tags=["final"])


def written(made):
    maker, run = made
    path = maker.workspace.root / "out" / "報告 🍶.html"
    look.run_report(maker.workspace, run, path)
    return path.read_text("utf-8")


def test_nothing_is_fetched_and_nothing_runs(made):
    html = written(made)
    addresses = re.findall(r'(?:src|href|action|data)\s*=\s*"([^"]*)"', html)
    assert addresses
    assert all(one.startswith("data:image/webp;base64,") for one in addresses)
    assert not re.findall(r"https?://|<script|<link|<iframe|@import|url\(", html)


def test_reason_verdict_scores_notes_and_place_are_there(made):
    html = written(made)
    for told in (
        "&lt;script&gt;alert(1)&lt;/script&gt; 赤に強く", "helped", "+0.2500", "[+0.1000, +0.4000]",
        "0.750", "by file path", "ms per image", "12.5", "採用", "赤は良い",
        "final", "出発点", "python", "seed 3",
    ):  # fmt: skip
        assert told in html


def test_settings_that_differ_come_first_with_what_they_were(made):
    html = written(made)
    settings = html[html.index("<h2>Settings") : html.index("<h2>Curves")]
    before, _, same = settings.partition("The same in both")
    assert re.search(r"lr</td>.*0\.1 →.*0\.2", before)
    assert "arcface" not in before
    assert "arcface" in same


def test_curve_has_the_parents_behind_it(made):
    curves = written(made).split("<h2>Curves")[1].split("<h2>")[0]
    assert re.findall(r'class="(curve[^"]*)"', curves) == ["curve faint", "curve"]
    assert "0.0025" in curves  # the lowest loss
    assert "nan" not in curves.lower().replace("nothing", "")


def test_files_that_went_worst_are_shown_where_a_task_has_no_matches(made):
    worst = written(made).split("What it did worst on")[1]
    assert worst.index("photos/a.png") < worst.index("photos/b.png")


def test_queries_are_shown_with_their_matches(made):
    maker, run = made
    matches = np.array([["photos/b.png", "photos/c.png"], ["photos/a.png", ""]], object)
    predictions = Predictions(("photos/a.png", "photos/b.png"), {"match_files": matches})
    with reopen(run.folder) as log:
        log.scores([], predictions)
        log.finish(scores=run.scores)
    html = written((maker, runlog.read(run.folder)))
    assert "What it answered" in html
    assert html.count("data:image/webp") >= 2


def test_run_of_ones_own_loop_without_data_or_recipe(maker):
    maker.record()
    with runlog.start(maker.workspace, because="自作のループ") as log:
        log.metric("loss", 1.0)
    html = written((maker, runlog.read(log.folder)))
    assert "自作のループ" in html


def test_command_writes_it(made, capsys, tmp_path):
    maker, run = made
    file = tmp_path / "run.html"
    words = ["-C", str(maker.workspace.root), "show", run.mark, "--html", str(file), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == {"id": run.id, "html": str(file)}
    assert "赤に強く" in file.read_text("utf-8")


def test_file_opens_in_a_browser_without_a_word_on_the_console(made, browser, tmp_path):
    file = tmp_path / "run.html"
    look.run_report(made[0].workspace, made[1], file)
    said = []
    for width in (1200, 390):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.on("console", lambda message: said.append(message.text))
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("svg.plot polyline").count() == 2
        page.close()
    assert said == []
