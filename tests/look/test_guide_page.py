"""The annotation guide is written in the browser, and exported as one file."""

import re

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae import look
from atarimae.look import guidebook
from atarimae.look.prose import prose
from atarimae.store import Classes, Guide, Store
from atarimae.types import Box

pytestmark = pytest.mark.long  # a browser for each test

VALVE, SCREW = "弁 🔧", "<script>ねじ</script>"


@pytest.fixture
def valves(maker):
    """Three pictures of a valve, and one of something whose name is a script."""
    for number in range(3):
        maker.picture(f"弁/{number}.png", (200, 20 * number, 0), VALVE, size=(320, 240))
    maker.picture("ねじ/1.png", (0, 0, 200), SCREW, size=(320, 240))
    maker.record()
    return maker


@pytest.fixture
def guide(valves):
    return Guide(Store(valves.workspace))


@pytest.fixture
def client(valves):
    return TestClient(look.create_app(valves.workspace), base_url="http://127.0.0.1:8321")


def test_an_entry_is_written_in_the_browser(page, valves, guide):
    with serving(valves.workspace) as address:
        page.goto(f"{address}/guide")
        page.fill("input[name=class]", VALVE)
        page.press("input[name=class]", "Enter")
        page.fill("#text", "流れを *止める*。\n- 玉形 🍶\n- <b>仕切り</b>")
        page.fill("#why", "初版")
        page.press("#text", "Control+Enter")
        expect(page.locator(".prose em")).to_have_text("止める")
        expect(page.locator(".prose li")).to_have_text(["玉形 🍶", "<b>仕切り</b>"])

        page.click("[data-add=example]")
        expect(page.locator("#choices button")).to_have_count(3)
        page.click("#choices button >> nth=1")
        expect(page.locator("#sides")).to_be_visible()
        box = page.locator(".canvas .picture").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.up()
        page.fill("#note", "よい例")
        page.click("#show button.first")
        expect(page.locator(".exhibits .yes")).to_have_count(1)
        expect(page.locator(".exhibits img")).not_to_have_js_property("naturalWidth", 0)

        page.click("[data-add=edge]")
        page.fill("#case", "半分だけ見える")
        page.fill("#note", "弁とする")
        page.click("#show button.first")
        expect(page.locator(".edge-cases .decision")).to_contain_text("弁とする")
        page.click("[data-change]")
        page.fill("#note", "弁としない")
        page.click("#show button.first")
        expect(page.locator(".edge-cases .decision")).to_contain_text("弁としない")

    entry = guide.entry(VALVE)
    assert entry.definitions[0].fact.value == "流れを *止める*。\n- 玉形 🍶\n- <b>仕切り</b>"
    (shown,) = entry.examples
    sides = (shown.fact.box.x0, shown.fact.box.y0, shown.fact.box.x1, shown.fact.box.y1)
    assert sides == pytest.approx((80, 60, 160, 120), abs=2)
    assert (shown.fact.image, shown.fact.note) == (valves.data.files[2].image, "よい例")
    assert [step.why for step in guide.history(VALVE)] == ["初版", "", "", ""]


def test_what_is_refused_is_said_and_nothing_is_lost(browser, valves):
    page = browser.new_page()
    with serving(valves.workspace) as address:
        page.goto(f"{address}/guide?class={VALVE}")
        page.click("[data-add=edge]")
        page.fill("#case", "半分だけ見える")
        page.click("#show button.first")
        expect(page.locator("#refused")).to_contain_text("needs the case and what was decided")
        expect(page.locator("#case")).to_have_value("半分だけ見える")
    page.close()


def test_what_two_people_wrote_at_once_is_shown_and_one_saves_both(page, valves, guide):
    with serving(valves.workspace) as address:
        page.goto(f"{address}/guide?class={VALVE}")
        guide.define(VALVE, "あおいの", by="あおい")  # meanwhile
        page.fill("#text", "みどりの")
        page.click("#define button")
        expect(page.locator(".note")).to_contain_text("Written at once")
        expect(page.locator("#text")).to_have_value("あおいの\n\nみどりの")
        page.click("#define button")
        expect(page.locator(".note")).to_have_count(0)
    (one,) = guide.entry(VALVE).definitions
    assert one.fact.value == "あおいの\n\nみどりの"


def test_pictures_come_from_the_grid_and_go_again_also_on_a_phone(page, valves, guide):
    page.set_viewport_size(PHONE)
    with serving(valves.workspace) as address:
        image = valves.data.files[0].image  # ねじ/1.png
        page.goto(f"{address}/?open={image}")
        page.click("text=Into the guide")
        expect(page.locator("h1")).to_have_text(SCREW)
        expect(page.locator(".canvas img")).to_be_visible()
        page.set_viewport_size(PHONE | {"height": 420})  # little room cuts no picture
        for choice in page.locator("#choices button").all():
            box = choice.bounding_box()
            assert box["height"] == pytest.approx(box["width"], abs=1)
        page.click("#show button.first")
        expect(page.locator(".exhibits .yes")).to_have_count(1)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        page.click(".take")
        expect(page.locator(".exhibits")).to_have_count(0)
    assert guide.entry(SCREW).all == ()


def test_guide_is_one_file_with_its_pictures_inside(valves, guide, tmp_path):
    image = valves.data.files[1].image
    guide.define(VALVE, "**x** <img src=http://a/b> [y](javascript:alert(1))", by="花子")
    guide.exhibit(VALVE, image, Box(10, 10, 60, 50), note="</style><script>1</script>")
    guide.exhibit(VALVE, valves.data.files[0].image, against=True)
    guide.decide(VALVE, "半分", "弁", image=image)
    guide.define(SCREW, "一条")
    path = guidebook.write(valves.workspace, tmp_path / "案内 guide.html")
    html = path.read_text("utf-8")
    assert html.count("data:image/webp;base64,") == 3
    assert "<script" not in html
    assert "&lt;script&gt;ねじ" in html
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', html) == []
    assert "default-src 'none'" in html


def test_picture_that_is_gone_is_said_to_be(valves, guide, tmp_path):
    guide.exhibit(VALVE, valves.data.files[1].image)
    (valves.workspace.root / valves.data.files[1].path).unlink()
    html = guidebook.write(valves.workspace, tmp_path / "guide.html").read_text("utf-8")
    assert "The picture is gone" in html


def test_prose_knows_no_more_than_it_says():
    assert prose("a\nb") == "<p>a<br>\nb</p>\n"
    assert prose("1. *x*\n2. `<b>`") == (
        "<ol>\n<li><em>x</em></li>\n<li><code>&lt;b&gt;</code></li>\n</ol>\n"
    )
    for text in ("# x", "[a](http://b)", "![a](b)", "<http://a>", "<b>a</b>", "http://a", "> x"):
        assert not re.search(r"<(a|img|h1|b|blockquote)\b", prose(text))


def test_boxes_are_cut_from_the_store_s_images_alone(client, valves):
    image = valves.data.files[1].image
    said = client.get(f"/crop/{image}.webp?box=10,10,60,50")
    assert said.content[8:12] == b"WEBP"
    for path, code in (
        (f"/crop/{'0' * 64}.webp?box=1,1,2,2", 404),
        ("/crop/..%2f..%2fatarimae.toml.webp?box=1,1,2,2", 404),
        (f"/crop/{image}.webp?box=900,900,950,950", 404),
        (f"/crop/{image}.webp?box=nan,1,2,inf", 400),
        (f"/crop/{image}.webp?box=1,2", 400),
    ):
        said = client.get(path)
        assert (said.status_code, "error" in said.json()) == (code, True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/guide/define", {"class": "弃", "text": "x"}),
        ("/api/guide/define", {"class": VALVE}),
        ("/api/guide/show", {"class": VALVE}),
        ("/api/guide/show", {"class": VALVE, "image": "0" * 64}),
        ("/api/guide/take", {"class": VALVE, "id": 9}),
        ("/api/cover", {"images": ["0" * 64]}),
    ],
)
def test_what_can_not_be_written_is_an_error_in_three_parts(client, guide, path, body):
    said = client.post(path, json=body)
    assert said.status_code in (400, 422)
    assert set(said.json()["error"]) == {"what", "found", "fix"}
    assert guide.store.last_edit() == 1


def test_other_pages_may_not_write(client):
    said = client.post(
        "/api/guide/define", json={"class": VALVE, "text": "x"}, headers={"Origin": "http://evil"}
    )
    assert said.status_code == 403


def test_class_that_nothing_has_yet_is_written_of_where_that_is_meant(client, guide):
    assert "no class <b>溶接</b> yet" in client.get("/guide?class=溶接").text
    assert "<h1>溶接</h1>" in client.get("/guide?class=溶接&new=true").text
    client.post("/api/guide/define", json={"class": "溶接", "text": "火", "new": True})
    assert list(guide.entries()) == ["溶接"]
    (entry,) = client.get("/api/guide").json()["entries"]
    assert entry["definitions"][0]["value"] == "火"


def test_images_that_are_left_of_a_round_are_shown_and_marked(page, valves):
    classes = Classes(Store(valves.workspace))
    classes.begin_round(VALVE, SCREW, title="第1回 <b>")
    classes.cover("弁", VALVE)
    with serving(valves.workspace) as address:
        page.goto(address)
        page.select_option("select[name=uncovered]", label=f"not yet for {VALVE}")
        expect(page.locator("#count")).to_have_text("1 of 4 files")
        page.select_option("select[name=uncovered]", label="left of the round 第1回 <b>")
        expect(page.locator("#count")).to_have_text("4 files")
        page.click(".tile >> nth=0")
        page.click("[data-cover]")
        expect(page.locator(".of-classes .good")).to_contain_text(f"{VALVE} · {SCREW}")
    image = valves.data.files[0].image
    assert valves.data.covered[image] == {VALVE, SCREW}
