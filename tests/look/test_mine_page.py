"""The page of mining: an example on the left, what the pool has of it, and a queue of that."""

import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pillow
from playwright.sync_api import expect
from serving import PHONE, serving
from squares import record

from atarimae import look
from atarimae.store import Store

pytestmark = pytest.mark.long  # a browser for each test

SIZES = [pytest.param(None, id="desktop"), pytest.param(PHONE, marks=pytest.mark.long, id="phone")]


@pytest.fixture
def sheets(maker):
    return record(maker)


@pytest.fixture
def client(maker, sheets):
    return TestClient(look.create_app(maker.workspace), base_url="http://127.0.0.1")


def asked(client, **wish):
    """Asked until the tiles are embedded."""
    for _ in range(100):
        told = client.post("/api/mine", json=wish)
        if "waiting" not in told.json():
            return told
    raise AssertionError(told.json())


def test_what_is_found_is_told_with_its_place(client, sheets):
    wish = {"file": "known/赤.png", "box": [100, 60, 140, 100]}
    told = asked(client, **wish).json()
    assert {one["file"] for one in told["results"][:2]} == {"pool/2 🍶.png", "pool/5 🍶.png"}
    first = told["results"][0]
    crop = client.get(
        f"/crop/{first['image']}.webp", params={"box": ",".join(map(str, first["box"]))}
    )
    assert crop.headers["content-type"] == "image/webp"
    # Taken and rejected ones move the rest; nothing is embedded again.
    tiles = [[one["image"], one["level"], one["number"]] for one in told["results"]]
    again = asked(client, **wish, right=tiles[-1:], wrong=tiles[:1]).json()
    assert [one["score"] for one in again["results"]] != [one["score"] for one in told["results"]]


def test_a_queue_is_a_filter_of_the_grid_in_its_order(client, maker, sheets):
    names = ["pool/5 🍶.png", "pool/0 🍶.png", "pool/2 🍶.png"]
    images = [[sheets[name], None] for name in names] + [["f" * 64, None]]
    told = client.post("/api/queues", json={"name": " 溶接 <b> ", "images": images, "why": "x"})
    assert told.json() == {"queue": "溶接 <b>", "queued": 3}
    found = client.get("/api/images", params={"queue": "溶接 <b>"}).json()
    assert [item["path"] for item in found["items"]] == names
    assert found["total"] == 3
    assert "溶接 &lt;b&gt;" in client.get("/queues").text
    assert "溶接 &lt;b&gt; (3)" in client.get("/", params={"queue": "溶接 <b>"}).text
    assert (
        client.get("/api/images", params={"queue": "no"}).json()["error"]["what"]
        == "No queue 'no'."
    )


WRONG = (
    ({}, "What is to be found?"),
    ({"file": "/etc/passwd"}, "No image '/etc/passwd' in the data."),
    ({"file": "known/赤.png", "box": [0, 0, 9999, 9]}, "reaches outside the picture"),
    ({"label": "nothing"}, "No class 'nothing' with an example."),
)


def test_a_wrong_wish_is_refused_in_the_one_shape(client):
    for wish, said in WRONG:
        told = asked(client, **wish)
        assert told.status_code == 400
        assert said in told.json()["error"]["what"]


def test_nothing_but_the_stores_own_is_cut_out_and_no_other_page_queues(client, maker, sheets):
    assert client.get(f"/crop/{'f' * 64}.webp", params={"box": "0,0,9,9"}).status_code == 404
    path = maker.workspace.root / "pool/0 🍶.png"
    Pillow.new("RGB", (420, 300), "red").save(path)  # another content by now
    image = sheets["pool/0 🍶.png"]
    assert client.get(f"/crop/{image}.webp", params={"box": "0,0,9,9"}).status_code == 404
    refused = client.post(
        "/api/queues", json={"name": "q", "images": [[image, None]]},
        headers={"Origin": "http://evil.example"},
    )  # fmt: skip
    assert refused.status_code == 403
    assert Store(maker.workspace).queues.names() == {}


@pytest.mark.parametrize("size", SIZES)
def test_a_box_is_drawn_judged_and_queued(page, maker, sheets, size):
    if size:
        page.set_viewport_size(size)
    with serving(maker.workspace) as address:
        page.goto(f"{address}/mine?image={sheets['known/赤.png']}")
        expect(page.locator("#results > li")).not_to_have_count(0)  # like the whole image
        area = page.locator(".canvas img").bounding_box()
        share = area["width"] / 420
        page.mouse.move(area["x"] + 100 * share, area["y"] + 60 * share)
        page.mouse.down()
        page.mouse.move(area["x"] + 140 * share, area["y"] + 100 * share, steps=4)
        page.mouse.up()
        expect(page.locator("input[name=box]")).to_have_value(r"100,60,140,100")
        page.get_by_role("button", name="Find").click()
        expect(page.locator("#told")).to_contain_text("px")
        captions = page.locator("#results .caption")
        assert {captions.nth(n).inner_text() for n in (0, 1)} == {"pool/2 🍶.png", "pool/5 🍶.png"}
        page.locator("#results > li").nth(0).focus()
        page.keyboard.press("+")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("+")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("-")
        expect(page.locator("#results > .right")).to_have_count(2)
        page.keyboard.press("r")
        expect(page.locator("#results > .wrong")).to_have_count(0)
        assert {captions.nth(n).inner_text() for n in (0, 1)} == {"pool/2 🍶.png", "pool/5 🍶.png"}
        page.fill("#into", "赤 <script>")
        page.click("#queue")
        page.locator("#queued a").click()
        expect(page.locator("#count")).to_have_text("7 of 11 files")
    assert [one.image for one in Store(maker.workspace).queues.of("赤 <script>")][:2] in (
        [sheets["pool/2 🍶.png"], sheets["pool/5 🍶.png"]],
        [sheets["pool/5 🍶.png"], sheets["pool/2 🍶.png"]],
    )


def test_a_visitor_is_asked_for_a_name_before_the_first_search(browser, maker, sheets):
    with serving(maker.workspace, "t", edit=True) as address:
        page = browser.new_page(viewport=PHONE)
        page.goto(f"{address}/mine?image={sheets['known/赤.png']}&token=t")
        page.fill("dialog#name input", "みどり")
        page.keyboard.press("Enter")
        expect(page.locator("#results > li")).not_to_have_count(0)
        page.fill("#into", "赤")
        page.click("#queue")
        expect(page.locator("#queued")).to_contain_text("into the queue 赤.")
        page.close()
    assert {one.by for one in Store(maker.workspace).queues.of("赤")} == {"みどり"}
