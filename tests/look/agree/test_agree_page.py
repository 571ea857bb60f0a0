"""Two people answer in a browser, neither seeing what the other says; and what came of it."""

from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae import look
from atarimae.look.agree import start
from atarimae.store import Store

pytestmark = pytest.mark.long  # a browser for each test

CLASSES = ["純米", "吟醸 🍶", "<script>"]
SIZES = [pytest.param(None, id="desktop"), pytest.param(PHONE, marks=pytest.mark.long, id="phone")]


@pytest.fixture
def bottles(maker):
    for number in range(4):
        maker.picture(f"{number}.png", (40 * number, 90, 200), "純米", size=(200, 100))
    maker.record()
    return start(maker.workspace, images=4, classes=CLASSES)


def answered(page, keys):
    for number, key in enumerate(keys):
        expect(page.locator("#progress")).to_contain_text(f"{number + 1} of 4")
        page.keyboard.press(key)


def last(page, key, image):
    """The answer to the fourth image, until it is kept."""
    expect(page.locator("#progress")).to_have_text("4 of 4, 3 answered")
    with page.expect_response(
        lambda said: said.request.method == "POST" and said.request.post_data_json["image"] == image
    ):
        page.keyboard.press(key)


@pytest.mark.parametrize("size", SIZES)
def test_two_people_answer_and_the_right_answer_becomes_a_label(page, maker, bottles, size):
    if size:
        page.set_viewport_size(size)
    version = Store(maker.workspace).data().version
    with serving(maker.workspace) as address:
        page.goto(f"{address}/agree")
        page.get_by_role("link", name="Answer").click()
        page.fill("input[name=who]", "花子 <i>")
        page.keyboard.press("Enter")
        expect(page.locator("#classes button")).to_have_text(
            [f"{n + 1}{c}" for n, c in enumerate(CLASSES)]
        )
        answered(page, ["1", "2", "3"])
        last(page, "0", bottles.images[3])
        expect(page.locator("#thanks")).to_contain_text("Thank you, 花子 <i>.")
        page.keyboard.press("1")  # one press too many breaks nothing
        page.keyboard.press("ArrowLeft")  # an answer can be looked at again, and changed
        expect(page.locator("#none")).to_have_attribute("aria-pressed", "true")
        page.goto(f"{address}/agree/1/outcome")
        expect(page.locator(".nothing")).to_contain_text("once two people have answered everything")
        page.goto(f"{address}/agree/1?who=太郎")
        expect(page.locator("#progress")).to_have_text("1 of 4, 0 answered")  # and sees nothing
        page.keyboard.press("/")
        page.keyboard.type("吟")
        page.keyboard.press("Enter")
        expect(page.locator("#progress")).to_contain_text("2 of 4")
        page.keyboard.press("2")
        expect(page.locator("#progress")).to_contain_text("3 of 4")
        with page.expect_response("**/api/agree/1"):
            page.locator("#classes button").nth(2).click()
        expect(page.locator("#progress")).to_contain_text("4 of 4")
        page.keyboard.press("1")
        expect(page.locator("#thanks")).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert Store(maker.workspace).data().version == version
        page.goto(f"{address}/agree/1/outcome")
        expect(page.locator("h2").nth(1)).to_have_text(
            "2 of 2 images on which they differ are left"
        )
        expect(page.locator("#apart > li").nth(0).locator("button")).to_have_text(
            ["1吟醸 🍶太郎", "2純米花子 <i>", "0none of them"]
        )
        page.keyboard.press("1")
        expect(page.locator(".became").nth(0)).to_have_text("Labelled so: edit 2.")
        expect(page.locator("#left")).to_have_text("1")
        page.keyboard.press("0")
        expect(page.locator("#left")).to_have_text("0")
        page.click("#take")
        expect(page.locator("#take")).to_have_count(0)
    data, edits = Store(maker.workspace).data(), Store(maker.workspace).edits()
    said = [[label.value for label in data.labels.get(image, ())] for image in bottles.images]
    assert said == [["吟醸 🍶"], ["吟醸 🍶"], ["<script>"], []]
    assert {edit.why for edit in edits[1:]} == {"agreement 1"}


@contextmanager
def asked_of_one_image(page, maker):
    """One question, whether it is 純米 or ビール, is on the page."""
    maker.picture("a.png", (40, 90, 200), "ビール", size=(200, 100))
    maker.picture("b.png", (90, 90, 200), "純米", size=(200, 100))
    maker.record()
    start(maker.workspace, images=1, classes=["純米", "ビール"])
    with serving(maker.workspace) as address:
        page.goto(f"{address}/agree/1?who=太郎")
        expect(page.locator("#progress")).to_have_text("1 of 1, 0 answered")
        yield


def test_a_class_is_typed_in_any_kana_and_the_enter_that_ends_a_word_answers_nothing(page, maker):
    with asked_of_one_image(page, maker):
        page.keyboard.press("/")
        page.keyboard.type("びー")
        expect(page.locator("#classes button")).to_have_text(["2ビール"])
        ended = {"key": "Enter", "isComposing": True, "bubbles": True}
        page.locator("#search").dispatch_event("keydown", ended)
        expect(page.locator("#progress")).to_have_text("1 of 1, 0 answered")
        page.keyboard.press("Enter")
        expect(page.locator("#thanks")).to_be_visible()


def test_the_keys_work_with_a_japanese_input_method_on(page, maker):
    with asked_of_one_image(page, maker):
        pressed = {"key": "Process", "code": "Digit2", "bubbles": True}
        page.locator("body").dispatch_event("keydown", pressed)
        expect(page.locator("#thanks")).to_be_visible()


def test_visitors_of_a_shared_page_answer_under_their_names(browser, maker, bottles):
    with serving(maker.workspace, "t", edit=True) as address:
        for name, key in (("花子", "1"), ("太郎", "2")):
            context = browser.new_context(viewport=PHONE)
            page = context.new_page()
            page.goto(f"{address}/agree/1?token=t&who=x")
            page.fill("input[name=who]", name)
            page.get_by_role("button", name="Begin").click()
            answered(page, key * 3)
            last(page, key, bottles.images[3])
            expect(page.locator("#thanks")).to_contain_text(f"Thank you, {name}.")
            page.goto(f"{address}/agree/1")  # the name is known
            expect(page.locator("#thanks")).to_be_visible()
            if name == "太郎":
                page.goto(f"{address}/agree/1/outcome")
                page.keyboard.press("1")
                expect(page.locator(".became").nth(0)).to_have_text("Labelled so: edit 2.")
            context.close()
    store = Store(maker.workspace)
    assert {one.by for one in store.agreements.opinions(1)} == {"花子", "太郎"}
    assert store.edits()[-1].by == "太郎"


def test_boxes_are_drawn_and_a_class_is_a_key(page, maker, bottles):
    asked = start(maker.workspace, images=2, classes=["weld", "bolt"], boxes=True)
    with serving(maker.workspace) as address:
        page.goto(f"{address}/agree/{asked.id}?who=花子")
        expect(page.locator("#classes button")).to_have_count(2)
        for key, (x0, y0, x1, y1) in (
            ("1", (10, 10, 60, 60)),
            ("2", (90, 20, 150, 80)),
            ("1", (1, 1, 30, 30)),
        ):
            page.keyboard.press(key)
            area = page.locator(".canvas img").bounding_box()
            share = area["width"] / 200
            page.mouse.move(area["x"] + x0 * share, area["y"] + y0 * share)
            page.mouse.down()
            page.mouse.move(area["x"] + x1 * share, area["y"] + y1 * share, steps=3)
            page.mouse.up()
        expect(page.locator(".canvas rect")).to_have_count(3)
        page.keyboard.press("Backspace")
        expect(page.locator(".canvas rect")).to_have_count(2)
        page.keyboard.press("ArrowRight")
        expect(page.locator(".canvas rect")).to_have_count(0)
        with page.expect_response("**/api/agree/2"):
            page.keyboard.press("ArrowRight")
        expect(page.locator("#thanks")).to_be_visible()
    found = {one.image: one.said for one in Store(maker.workspace).agreements.opinions(asked.id)}
    assert [name for name, _ in found[asked.images[0]]] == ["weld", "bolt"]
    box = found[asked.images[0]][1][1]
    assert [box.x0, box.y0, box.x1, box.y1] == pytest.approx([90, 20, 150, 80], abs=2)
    assert found[asked.images[1]] == ()


def test_answers_of_others_are_never_told(maker, bottles):
    client = TestClient(look.create_app(maker.workspace), base_url="http://127.0.0.1")
    image = bottles.images[0]
    said = {"who": "花子", "image": image, "said": [["純米", None]]}
    assert client.post("/api/agree/1", json=said).json() == {"answered": 1}
    own = client.get("/api/agree/1", params={"who": "花子"}).json()
    assert [one["said"] for one in own["images"]] == [[["純米", None]], None, None, None]
    other = client.get("/api/agree/1", params={"who": "太郎"})
    assert [one["said"] for one in other.json()["images"]] == [None] * 4
    assert "label" not in other.text
    refused = client.post("/api/agree/1", json=said, headers={"Origin": "http://evil.example"})
    assert refused.status_code == 403
    wrong = client.post("/api/agree/1", json=said | {"said": [["x", None]]})
    assert (wrong.status_code, wrong.json()["error"]["what"]) == (
        400, "These are no answers to agreement 1.",
    )  # fmt: skip
    assert client.get("/agree/9").status_code == 400


def test_a_settled_image_takes_no_late_answer(maker, bottles):
    client = TestClient(look.create_app(maker.workspace), base_url="http://127.0.0.1")
    image = bottles.images[0]
    chosen = client.post("/api/agree/1/choose", json={"image": image, "said": [["吟醸 🍶", None]]})
    assert chosen.json() == {"edit": 2}
    late = client.post("/api/agree/1", json={"who": "太郎", "image": image, "said": []})
    assert late.status_code == 409
