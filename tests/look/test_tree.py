"""The family tree: where each run stands, and what is drawn."""

import re

import pytest
from family import tried
from fastapi.testclient import TestClient
from maker import Maker
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae import files, look, runlog
from atarimae.look.tree import tree


def places(workspace, best=None):
    drawn = tree(runlog.runs(workspace), best)
    return [(node.run.because, node.lane) for node in drawn.nodes]


def test_the_way_to_the_best_goes_straight_on_and_others_branch_off_before(tmp_path):
    workspace = Maker(tmp_path / "w").record()
    a = tried(workspace, "a", 0.1)
    b = tried(workspace, "b", 0.2, parent=a)
    c = tried(workspace, "c", 0.3, parent=a)
    tried(workspace, "b1", 0.1, parent=b)
    best = tried(workspace, "c1", 0.9, parent=c)
    tried(workspace, "c2", 0.2, parent=c)

    assert places(workspace, best) == [
        ("a", 0), ("b", 1), ("b1", 1), ("c", 0), ("c2", 1), ("c1", 0),
    ]  # fmt: skip


def test_a_line_of_a_thousand_ideas_stays_in_one_lane(tmp_path):
    workspace = Maker(tmp_path / "w").record()
    parent = tried(workspace, "0", 0.5)
    run = runlog.get(workspace, parent)
    line = [run]
    for number in range(1, 1000):
        line.append(type(run)(**(run.__dict__ | {"id": str(number), "parent": line[-1].id})))

    drawn = tree(line, None)

    assert [node.row for node in drawn.nodes] == list(range(1000))
    assert {node.lane for node in drawn.nodes} == {0}


def test_runs_whose_parent_is_gone_or_goes_round_stand_at_the_root(tmp_path):
    workspace = Maker(tmp_path / "w").record()
    lone = tried(workspace, "lone", parent="250101-000000-gone")
    one = tried(workspace, "one")
    two = tried(workspace, "two", parent=one)
    own = tried(workspace, "own")
    for id, parent in ((one, two), (own, own)):
        path = workspace.runs / id / "run.json"
        files.write_json(path, files.read_json(path) | {"parent": parent})

    drawn = tree(runlog.runs(workspace), None)

    assert [(node.run.id, node.parent and node.parent.run.id) for node in drawn.nodes] == [
        (lone, None), (one, None), (two, one), (own, None),
    ]  # fmt: skip


def test_marks_tell_verdicts_by_form_and_colour_and_the_best_has_a_ring(tmp_path):
    workspace = Maker(tmp_path / "w").record()
    a = tried(workspace, "<b>a</b>", 0.5, recipe={"lr": 0.1})
    best = tried(workspace, "b", 0.6, parent=a, verdict="helped", recipe={"lr": 0.2, "flip": True})
    tried(workspace, "c", 0.4, parent=a, verdict="hurt")
    tried(workspace, "d", status="failed", error="x")
    said = TestClient(look.create_app(workspace), base_url="http://localhost").get("/runs/tree")
    marks = re.findall(r'<g class="mark (\w+)"[^>]*>(<circle)?', said.text)
    drawn = tree(runlog.runs(workspace), best)

    assert {kind for kind, _ in marks} >= {"untold", "helped", "hurt", "failed"}
    assert [kind for kind, ring in marks if ring] == ["helped"]
    assert "&lt;b&gt;a&lt;/b&gt;" in said.text
    assert "<b>a</b>" not in said.text
    assert [node.changes for node in drawn.nodes if node.run.id == best] == [
        "flip – → true, lr 0.1 → 0.2"
    ]


@pytest.mark.long
def test_on_a_phone_each_row_is_a_link_that_a_thumb_hits(page, tmp_path):
    workspace = Maker(tmp_path / "w").record()
    parent = None
    for number in range(12):  # each branches off twice: a dozen lanes
        parent = tried(workspace, f"長い長い長い長い長い理由 {number}", 0.5, parent=parent)
        tried(workspace, "side", 0.4, parent=parent)
    page.set_viewport_size(PHONE)
    with serving(workspace) as address:
        page.goto(f"{address}/runs/tree")
        rows = page.locator(".tree li a")
        expect(rows).to_have_count(24)
        assert rows.first.bounding_box()["height"] >= 40
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        rows.nth(3).click()
        expect(page.locator("h1")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/runs/\d{6}-"))


def test_on_a_phone_the_best_ones_verdict_is_not_cut_off(page, tmp_path):
    workspace = Maker(tmp_path / "w").record()
    parent = tried(workspace, "a", 0.5)
    tried(workspace, "b", 0.6, parent=parent, verdict="no difference seen")
    page.set_viewport_size(PHONE)
    with serving(workspace) as address:
        page.goto(f"{address}/runs/tree")
        said = page.locator(".tree .best .said")
        expect(said).to_contain_text("no difference")
        assert said.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_a_score_that_is_no_number_is_never_the_best(tmp_path):
    workspace = Maker(tmp_path / "w").record()
    tried(workspace, "nan", float("nan"))
    best = tried(workspace, "low", 0.1)

    found = runlog.find_best(workspace)

    assert found is not None
    assert found.id == best
