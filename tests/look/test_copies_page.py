"""Copies beside each other, in a real browser: keep one, keep both, and back."""

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import expect
from serving import DESKTOP, PHONE, serving

from atarimae.store import Store


def drawn(seed):
    """A picture with enough in it that a copy is told from another one."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return Pillow.fromarray(coarse).resize((320, 240), Pillow.Resampling.BICUBIC)


@pytest.fixture
def sake(maker):
    """One file twice, and one picture in two sizes."""
    maker.drawn("写真/a.png", drawn(1), "獺祭", split="train")
    maker.again("写真/a copy.png", "写真/a.png", split="val")
    maker.drawn("写真/b.png", drawn(2), "久保田")
    maker.drawn("写真/b small.png", drawn(2).resize((200, 150)), "久保田")
    return maker.record()


def paths(sake):
    return [file.path for file in Store(sake).data().files]


def opened(page, address, count):
    """The page, once the checks are through and it says which pair of how many it shows."""
    page.goto(f"{address}/copies")
    expect(page.locator("#count")).to_have_text(count, timeout=20_000)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_worse_of_two_is_removed_by_one_key_and_comes_back_by_another(page, sake, size):
    page.set_viewport_size(size)
    with serving(sake) as address:
        opened(page, address, "1 of 2")
        captions = page.locator("#twins figcaption")
        expect(captions.nth(0)).to_contain_text("写真/a copy.png")  # in the later split
        expect(captions.nth(1)).to_contain_text("写真/a.png")
        expect(page.locator("#twins img").nth(1)).to_have_js_property("naturalWidth", 320)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.keyboard.press("1")
        expect(page.locator("#toast")).to_contain_text("a.png removed")
        expect(captions.nth(0)).to_contain_text("写真/b.png")
        assert paths(sake) == ["写真/a copy.png", "写真/b small.png", "写真/b.png"]
        page.keyboard.press("u")
        expect(page.locator("#toast")).to_contain_text("Undone")
        expect(captions.nth(1)).to_contain_text("写真/a.png")
        page.keyboard.press("2")
        expect(page.locator("#toast")).to_contain_text("a copy.png removed")
    assert "写真/a copy.png" not in paths(sake)
    assert Store(sake).edits()[-1].finding == "exact duplicates"


def test_both_are_kept_in_one_group_and_not_asked_about_again(page, sake):
    with serving(sake) as address:
        opened(page, address, "1 of 2")
        page.keyboard.press("3")
        expect(page.locator("#toast")).to_contain_text("Both kept")
        first, second = (file.group for file in Store(sake).data().files[:2])
        assert first == second
        assert first is not None
        opened(page, address, "1 of 1")


def test_both_are_looked_at_closer_in_step_and_over_each_other(page, sake):
    with serving(sake) as address:
        opened(page, address, "1 of 2")
        page.keyboard.press("+")
        scales = page.locator("#twins img").evaluate_all("all => all.map(i => i.style.transform)")
        assert scales == ["scale(1.5)"] * 2
        for view in ("blink", "difference", "side"):
            page.keyboard.press("v")
            expect(page.locator("#twins")).to_have_attribute("data-view", view)
            if view == "difference":  # of two equal pictures it is black
                page.wait_for_timeout(100)
                left, right = (one.bounding_box() for one in page.locator(".pane").all())
                assert left == right
        page.keyboard.press("0")
        page.keyboard.press("t")
        turned = page.locator("#twins img").nth(1).evaluate("one => one.style.transform")
        assert turned == "scale(1) rotate(90deg)"


def test_more_pairs_than_one_answer_holds_are_asked_for(page, sake, monkeypatch):
    monkeypatch.setattr("atarimae.look.pages.twins.MOST", 1)
    with serving(sake) as address:
        opened(page, address, "1 of 2")
        page.keyboard.press("3")
        expect(page.locator("#count")).to_have_text("2 of 2", timeout=20_000)
        expect(page.locator("#twins figcaption").nth(1)).to_contain_text("写真/b small.png")
        page.keyboard.press("n")
        expect(page.locator("#toast")).to_contain_text("That was the last of them.")


@pytest.mark.long
def test_undo_comes_back_to_the_pair_that_was_decided_where_a_file_is_in_several(page, maker):
    maker.drawn("a.png", drawn(1))
    maker.again("b.png", "a.png")
    maker.again("c.png", "a.png")
    with serving(maker.record()) as address:
        opened(page, address, "1 of 2")
        page.keyboard.press("n")
        page.keyboard.press("3")
        expect(page.locator("#toast")).to_contain_text("Both kept")
        page.keyboard.press("p")
        page.keyboard.press("u")
        expect(page.locator("#toast")).to_contain_text("Undone")
        expect(page.locator("#count")).to_have_text("2 of 2")


@pytest.mark.long
def test_the_keys_are_shown(page, sake):
    with serving(sake) as address:
        opened(page, address, "1 of 2")
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_contain_text("as their difference")


@pytest.mark.long
def test_buttons_wait_for_the_checks(page, sake):
    waiting = {"pairs": None, "said": "looking for copies", "total": 0}
    page.route("**/api/copies*", lambda route: route.fulfill(json=waiting))
    with serving(sake) as address:
        page.goto(f"{address}/copies")
        expect(page.locator("#waiting")).to_have_text("looking for copies")
        page.get_by_role("button", name="Keep left").click()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#toast")).to_be_hidden()
