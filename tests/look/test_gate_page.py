"""The gate as a page."""

import pytest
from maker import Maker
from playwright.sync_api import expect
from serving import DESKTOP, PHONE, serving

from atarimae import files, runlog
from atarimae.types import Score

LONG = "<b>長</b>" * 60


@pytest.fixture
def workspace(tmp_path):
    return Maker(tmp_path / "関所").record()


def climb(workspace, because, *decisions, value=0.5):
    """The runs of one idea, a stage each, as `fit --stage auto` leaves them; gives the first id."""
    first = None
    for stage, decision in zip(("smoke", "holdout", "folds"), decisions, strict=False):
        log = runlog.start(workspace, because=because, stage=stage)
        log.finish(scores=[Score("mrr@20", value, {"k": 20})])
        path = workspace.runs / log.id
        gate = {"gate": {"decision": decision, "better": 0.5}}
        files.write_json(path / "result.json", files.read_json(path / "result.json") | gate)
        files.write_json(path / "run.json", files.read_json(path / "run.json") | {"idea": first})
        first = first or log.id
    return first


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_ideas_stand_with_what_each_stage_decided_and_how_often_it_was_wrong(page, workspace, size):
    climb(workspace, "基準", "baseline", "baseline", "baseline")
    climb(workspace, LONG, "promoted anyway", "passed", "accepted", value=0.625)
    last = climb(workspace, "小さい画像", "rejected")
    page.set_viewport_size(size)
    with serving(workspace) as address:
        page.goto(f"{address}/runs")
        page.get_by_role("link", name="Gate").click()
        rows = page.locator(".gate tbody tr")
        expect(rows).to_have_count(2)  # newest first, without the baseline
        expect(rows.locator("th")).to_have_text(["小さい画像", LONG])
        stages = rows.last.locator("td a")
        expect(stages).to_contain_text(["0.625 promoted anyway", "0.625 passed", "0.625 accepted"])
        expect(stages.first.locator(".doubt")).to_have_count(1)
        expect(stages.last.locator(".good")).to_have_count(1)
        expect(rows.first.locator(".bad")).to_have_text("rejected")
        said = page.locator(".sentences")
        expect(said).to_contain_text("2 ideas, 2 rejected before folds.")
        expect(said).to_contain_text("a false-reject rate of 100%, 95 % [2%, 100%]")
        expect(said).to_contain_text("full validation of each alone about")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        rows.first.locator("a").click()
        expect(page).to_have_url(f"{address}/runs/{last}")


def test_with_only_a_baseline_it_says_how_to_go_on_and_fits_on_a_phone(page, workspace):
    climb(workspace, "基準", "baseline", "baseline", "baseline")
    page.set_viewport_size(PHONE)
    with serving(workspace) as address:
        page.goto(f"{address}/gate")
        expect(page.locator(".nothing pre")).to_contain_text("atarimae fit --stage auto")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
