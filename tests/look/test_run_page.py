"""One run in a real browser: live curves, the parent behind them, its pictures."""

import math
from io import BytesIO

import pytest
from family import tried
from maker import Maker
from PIL import Image as Pillow
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae import runlog
from atarimae.types import Score


@pytest.fixture
def lab(tmp_path):
    """A parent with curves, and a child that goes on; its log is given."""
    workspace = Maker(tmp_path / "実験").record()
    with runlog.start(workspace, because="parent", recipe={"lr": 0.1, "flip": 0.5}) as parent:
        for step in range(10):
            parent.metric("loss", 3 / (step + 1), step=step)
    recipe = {"lr": 0.2, "flip": 0.5, "epochs": 5}
    log = runlog.start(workspace, because="child", parent=parent.id, recipe=recipe)
    log.metric("loss", 2.0, step=0, epoch=1)
    with serving(workspace) as address:
        yield address, workspace, log
        if not (log.folder / "result.json").exists():
            log.finish()


def test_curves_grow_while_the_run_goes_on_and_its_scores_come_at_the_end(page, lab):
    address, _, log = lab
    page.goto(f"{address}/runs/{log.id}")
    value = page.locator(".chart", has_text="loss").locator(".chart-head b")
    expect(value).to_have_text("2")
    expect(page.locator("#live progress")).to_have_js_property("value", 0.2)
    expect(page.locator("#live")).to_contain_text("epoch 1 of 5 · step 0")

    log.metric("loss", 1.25, step=5, epoch=2)
    log.metric("val mrr@20", 0.5, step=5, epoch=2)
    expect(value).to_have_text("1.25")
    expect(page.locator(".chart-title")).to_have_text(["val mrr@20", "loss"])
    expect(page.locator("#live progress")).to_have_js_property("value", 0.4)

    log.finish(scores=[Score("mrr@20", 0.7, {"k": 20}, low=0.6, high=0.8)])
    expect(page.locator(".scores")).to_contain_text("0.700")
    expect(page.locator("#live")).to_be_hidden()


def test_nothing_is_asked_for_any_more_once_it_is_done(page, lab):
    address, _, log = lab
    log.finish()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/runs/{log.id}")
    expect(page.locator(".chart")).to_have_count(1)
    before = len(asked)
    page.wait_for_timeout(2500)
    assert len(asked) == before


def test_what_has_not_changed_is_not_sent_again(lab):
    import httpx

    address, _, log = lab
    first = httpx.get(f"{address}/api/runs/{log.id}")
    asked = {"If-None-Match": first.headers["etag"]}
    assert httpx.get(f"{address}/api/runs/{log.id}", headers=asked).status_code == 304
    log.metric("loss", 1.0, step=1)
    assert httpx.get(f"{address}/api/runs/{log.id}", headers=asked).status_code == 200
    log.finish()
    again = httpx.get(f"{address}/api/runs/{log.id}", headers=asked)
    assert again.json()["run"]["status"] == "done"


def test_the_parents_curve_and_the_values_under_the_pointer(page, lab):
    address, _, log = lab
    page.goto(f"{address}/runs/{log.id}")
    plot = page.locator(".plot").first
    expect(plot.locator(".curve")).to_have_count(2)
    expect(plot.locator(".curve.faint")).to_have_count(1)

    plot.hover()
    said = page.locator(".chart-said").first
    expect(said).to_contain_text("at 0")
    expect(said).to_contain_text("this run 2")
    plot.focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("parent 3")
    expect(page.locator(".changed")).to_have_text(["lr was 0.1 0.2", "epochs was not set 5"])


def test_a_log_scale_leaves_out_what_it_cannot_draw_and_stays_in_the_address(page, lab):
    address, _, log = lab
    for step, value in enumerate([100.0, 1.0, 0.01, 0.0], start=1):
        log.metric("loss", value, step=step)
    page.goto(f"{address}/runs/{log.id}")
    expect(page.locator(".chart-head b")).to_have_text("0")
    page.check("#log")
    page.reload()

    expect(page.locator("#log")).to_be_checked()
    labels = page.locator(".plot text").all_text_contents()
    assert {"0.01", "0.1", "1", "10", "100"} <= set(labels)
    expect(page.locator(".plot .gap")).to_have_count(1)  # the zero


def test_a_value_that_is_no_number_is_marked_and_said(page, lab):
    address, _, log = lab
    log.metric("loss", math.nan, step=1)
    log.metric("only nan", math.nan, step=1)
    page.goto(f"{address}/runs/{log.id}")

    expect(page.locator(".chart-head b")).to_have_text(["NaN", "NaN"])
    expect(page.locator(".plot .gap")).to_have_count(2)


def test_probes_are_a_strip_over_the_epochs(page, lab):
    address, _, log = lab
    folder = log.folder / "pictures"
    folder.mkdir()
    for epoch in (1, 2, 10):
        Pillow.new("RGB", (40, 30), (epoch * 20, 0, 0)).save(folder / f"probes-epoch-{epoch}.webp")
    stream = BytesIO()
    Pillow.new("RGB", (8, 8)).save(stream, "PNG")
    log.picture("最悪 <b>worst</b>", stream.getvalue())
    page.set_viewport_size(PHONE)
    page.goto(f"{address}/runs/{log.id}")

    strip = page.locator(".strip")
    expect(strip.locator("output")).to_have_text("epoch 10")
    expect(strip.locator("img")).to_have_js_property("naturalWidth", 40)
    strip.locator("input").press("ArrowLeft")
    expect(strip.locator("output")).to_have_text("epoch 2")
    expect(page.locator(".drawn")).to_have_text("最悪 <b>worst<_b>")
    expect(page.locator(".drawn img")).to_have_js_property("naturalWidth", 8)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    Pillow.new("RGB", (40, 30)).save(folder / "probes-epoch-11.webp")
    expect(strip.locator("input")).to_have_attribute("max", "3")
    expect(strip.locator("output")).to_have_text("epoch 2")  # who looks back is left there


def test_only_a_runs_own_pictures_are_served(lab):
    import httpx

    address, workspace, log = lab
    folder = log.folder / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"png")
    (folder / "a.svg").write_bytes(b"<svg/>")
    (folder / "a.html").write_bytes(b"<script>")
    (folder / "link.png").symlink_to(workspace.root / "atarimae.toml")
    (workspace.root / "secret.png").write_bytes(b"secret")

    def status(path):
        return httpx.get(f"{address}{path}").status_code

    assert status(f"/runs/{log.id}/pictures/a.png") == 200
    for name in ("a.svg", "a.html", "link.png", "..%2frun.json", "%2e%2e%2f%2e%2e%2fsecret.png"):
        assert status(f"/runs/{log.id}/pictures/{name}") == 404
    for name in ("..", "%2e%2e", "..%2fruns", "%00", "no such run"):
        assert status(f"/api/runs/{name}") == 404


def test_a_run_without_curves_whose_parent_is_gone_says_so(page, lab):
    address, workspace, _ = lab
    id = tried(
        workspace, "長" * 300, parent="250101-000000-gone", status="failed", error="<b>x</b>"
    )
    page.goto(f"{address}/runs/{id}")

    expect(page.locator("main")).to_contain_text("250101-000000-gone, which is gone")
    expect(page.locator("pre")).to_have_text("<b>x</b>")
    expect(page.locator("#curves-part")).to_be_hidden()
