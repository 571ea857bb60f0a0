"""The table of runs in a real browser."""

import json
import re
import shutil

import pytest
from family import tried
from maker import Maker
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae import runlog

LONG = "とても長い理由。" * 38
SCRIPT = "<script>alert('獺祭')</script>"
MANY = 1000


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Nine runs: good, bad, odd, and one going on. Its log is given too."""
    workspace = Maker(tmp_path_factory.mktemp("runs") / "実験").record()
    first = tried(workspace, "baseline", 0.70, recipe={"lr": 0.001, "epochs": 4, "same": 1})
    recipe = {"lr": 0.001, "margin": 0.5, "same": 1}
    good = tried(workspace, "larger margin 🍶", 0.80, parent=first, verdict="helped",
                 recipe=recipe, costs={"ms_per_image": 2.0})  # fmt: skip
    tried(workspace, SCRIPT, 0.60, parent=good, verdict="hurt", recipe={"lr": 0.1, "same": 1})
    tried(workspace, LONG, 0.79, parent=good, verdict="no difference seen", recipe={"lr": 0.01})
    tried(workspace, "no number", float("nan"))
    tried(workspace, "broken", status="failed", error="CUDA ran out of memory.")
    tried(workspace, "Ｗｉｄｅ letters", 0.5)
    tried(workspace, "the last but one", 0.4)
    going = runlog.start(workspace, because="going on", stage="holdout", recipe={"epochs": 4})
    going.metric("loss", 2.0, step=10, epoch=1)
    going.metric("val mrr@20", 0.25, step=10, epoch=1)
    with serving(workspace) as address:
        yield address, workspace, going
    going.finish()


@pytest.fixture
def table(page, lab):
    page.goto(f"{lab[0]}/runs")
    expect(page.locator(".there tr")).to_have_count(9)
    return page


def reasons(page):
    return page.locator(".there .reason").all_inner_texts()


def test_every_run_is_told_with_reason_score_and_verdict_as_text(table):
    row = table.locator(".there tr", has_text="larger margin 🍶")
    expect(row).to_have_class("best")
    expect(row.locator(".score")).to_contain_text("0.800")
    expect(row.locator(".score")).to_contain_text("0.790 – 0.810")
    expect(row.locator(".interval line")).to_have_count(1)
    expect(row.locator(".verdict .good")).to_have_text("helped")
    expect(row.locator(".ms")).to_have_text("2.00")
    expect(table.locator(".there")).to_contain_text(SCRIPT)
    expect(table.locator(".there tr", has_text="broken")).to_contain_text("failed")
    expect(table.locator(".there tr", has_text="no number").locator(".score")).to_be_empty()


def test_a_head_sorts_and_again_the_other_way_and_the_address_keeps_it(table):
    table.get_by_role("button", name="Score", exact=True).click()
    expect(table).to_have_url(re.compile(r"\?sort=-score$"))
    known = ["larger margin 🍶", LONG, "baseline", SCRIPT, "Ｗｉｄｅ letters", "the last but one"]
    assert reasons(table)[:6] == known
    expect(table.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")

    table.get_by_role("button", name="Score", exact=True).click()
    assert reasons(table)[:6] == known[::-1]
    table.reload()
    expect(table.locator(".there tr")).to_have_count(9)
    assert reasons(table)[:6] == known[::-1]  # and what has no score is last both ways


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("margin = 0.5", ["larger margin 🍶"]),
        ("lr=0.1", [SCRIPT]),
        ("wide", ["Ｗｉｄｅ letters"]),
        ("長い", [LONG]),
        ("helped 🍶", ["larger margin 🍶"]),
        ("nothing like it", []),
    ],
)
def test_words_find_reason_verdict_and_settings(table, words, found):
    table.keyboard.press("/")
    table.keyboard.type(words)
    expect(table.locator("#count")).to_have_text(f"{len(found)} of 9 runs")
    assert reasons(table) == found


def test_ticks_lead_to_a_comparison_of_two_to_six(table):
    expect(table.locator("#picked")).to_be_hidden()
    for number in range(7):
        table.locator(".there .tick").nth(number).click()
    assert table.locator(".there .tick:checked").count() == 6
    expect(table.locator("#picked")).to_contain_text("6 chosen")
    assert len(table.locator("#picked a").get_attribute("href").split(",")) == 6

    table.reload()
    expect(table.locator(".there .tick:checked")).to_have_count(6)
    table.click("#picked .clear")
    expect(table.locator("#picked")).to_be_hidden()
    table.locator(".there .tick").first.click()
    assert table.locator("#picked a").get_attribute("href") is None


def test_arrow_keys_walk_the_rows(table):
    table.locator(".there .id a").first.focus()
    table.keyboard.press("ArrowDown")
    expect(table.locator(".there .id a").nth(1)).to_be_focused()
    table.keyboard.press("ArrowUp")
    table.keyboard.press("Enter")
    expect(table.locator("h1")).to_have_text("going on")


def test_a_run_that_goes_on_shows_how_far_it_is_and_goes_on_showing(table, lab):
    row = table.locator(".there tr", has_text="going on")
    expect(row.locator("progress")).to_have_js_property("value", 0.25)
    expect(row.locator(".score")).to_contain_text("val mrr@20 0.250, epoch 1")

    lab[2].metric("val mrr@20", 0.5, step=20, epoch=2)
    expect(row.locator("progress")).to_have_js_property("value", 0.5)
    expect(row.locator(".score")).to_contain_text("val mrr@20 0.500, epoch 2")


def test_a_new_run_appears_by_itself(table, lab):
    id = tried(lab[1], "came later", 0.1)
    expect(table.locator(".there .reason").first).to_have_text("came later")
    shutil.rmtree(lab[1].runs / id)


@pytest.mark.parametrize("words", ["", "text=nothing like it"])
def test_on_a_phone_rows_are_cards(page, lab, words):
    page.set_viewport_size(PHONE)
    page.goto(f"{lab[0]}/runs?{words}")
    expect(page.locator(".there tr")).to_have_count(0 if words else 9)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.select_option("select[name=sort]", "-score")
    if not words:
        expect(page.locator(".there .reason").first).to_have_text("larger margin 🍶")
        sides = page.locator(".pick-cell label").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).flatMap(b => [b.width, b.height])"
        )
        assert min(sides) >= 40


def test_without_runs_it_says_how_to_begin(page, tmp_path):
    with serving(Maker(tmp_path / "空").record()) as address:
        for path in ("/runs", "/runs/tree"):
            page.goto(address + path)
            expect(page.locator(".nothing")).to_contain_text("atarimae fit")


def test_a_thousand_runs_are_scrolled_with_few_of_them_in_the_page(page, tmp_path):
    workspace = Maker(tmp_path / "many").record()
    for number in range(MANY):
        folder = workspace.runs / f"250101-000000-{number:04}"
        folder.mkdir(parents=True)
        created = f"2025-01-01T{number // 60:02}:{number % 60:02}:00.000+00:00"
        start = {"task": "retrieve", "because": f"idea {number}", "stage": "smoke",
                 "created": created}  # fmt: skip
        (folder / "run.json").write_text(json.dumps(start))
    with serving(workspace) as address:
        page.goto(f"{address}/runs")
        expect(page.locator("#count")).to_have_text("1,000 runs")
        height = page.evaluate("document.documentElement.scrollHeight")
        most = 0
        for part in range(1, 11):
            page.evaluate(f"scrollTo(0, {height * part / 10})")
            page.wait_for_timeout(30)
            most = max(most, page.locator(".there tr").count())
        assert 0 < most < 60
        expect(page.locator(".there tr").last).to_contain_text("idea 0")
        expect(page.locator(".there tr").last).to_be_in_viewport()
