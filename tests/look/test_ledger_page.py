"""The ledger as a page."""

import pytest
from family import tried
from fastapi.testclient import TestClient
from maker import Maker
from playwright.sync_api import expect
from serving import DESKTOP, PHONE, serving

import atarimae
from atarimae import files, look


@pytest.fixture
def workspace(tmp_path):
    return Maker(tmp_path / "元帳").record()


def ledger(workspace):
    return atarimae.open(workspace.root).ledger().as_dict()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_ideas_stand_with_expectation_outcome_and_verdict(page, workspace, size):
    first = tried(workspace, "基準", 0.7, recipe={"lr": 0.1})
    second = tried(workspace, "<b>長</b>" * 60, 0.8, parent=first, recipe={"lr": 0.2})
    for id, more in ((second, {"expect": 0.02}),):
        path = workspace.runs / id / "run.json"
        files.write_json(path, files.read_json(path) | more)
        path = workspace.runs / id / "result.json"
        verdict = {"verdict": "helped", "difference": 0.1, "low": 0.05, "high": 0.15}
        files.write_json(path, files.read_json(path) | {"verdict": verdict})
    page.set_viewport_size(size)
    with serving(workspace, told=lambda: ledger(workspace)) as address:
        page.goto(f"{address}/runs")
        page.get_by_role("link", name="Ledger").click()
        expect(page.locator(".rates li").first).to_contain_text("1 of 1")
        expect(page.locator(".rates li").last).to_contain_text("0 of 1")
        steps, ideas = page.locator(".ledger").all()
        expect(steps.locator("li")).to_contain_text(["lr 0.1 → 0.2"])
        expect(ideas.locator("li")).to_have_count(2)
        idea = ideas.locator("li.best")
        expect(idea).to_contain_text("<b>長</b>")
        expect(idea).to_contain_text("expected +0.0200")
        expect(idea).to_contain_text("+0.1000 [+0.0500, +0.1500] helped")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        steps.locator("a").click()
        expect(page.locator(".compared > li")).to_have_count(2)


def test_without_runs_it_says_how_to_begin(workspace):
    app = look.create_app(workspace, told=lambda: ledger(workspace))
    said = TestClient(app, base_url="http://localhost").get("/ledger")

    assert said.status_code == 200
    assert "--expect" in said.text


def test_without_a_ledger_there_is_no_such_page(workspace):
    client = TestClient(look.create_app(workspace), base_url="http://localhost")

    assert client.get("/ledger").status_code == 404
    assert "/ledger" not in client.get("/runs").text
