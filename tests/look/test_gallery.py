"""All classes with their pictures, in a real browser."""

import pytest
from maker import Maker
from playwright.sync_api import expect
from serving import PHONE, serving

CLASSES = 600


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The address of a page with 600 classes, of which number n has n mod 3 + 1 images."""
    maker = Maker(tmp_path_factory.mktemp("gallery") / "酒")
    for number in range(CLASSES):
        for turn in range(number % 3 + 1):
            colour = (number % 256, number // 256 * 80, turn * 100)
            maker.picture(f"{number}/{turn}.png", colour, f"銘柄 {number:03}")
    maker.picture("last.png", (9, 9, 9), "<b>ダッサイ</b>")
    with serving(maker.record()) as address:
        yield address


def test_thousands_of_classes_are_sorted_and_found_with_few_of_them_in_the_page(page, many):
    page.goto(f"{many}/gallery")
    expect(page.locator("#count")).to_have_text("601 classes")
    first = page.locator(".there tr").first
    expect(first).to_contain_text("銘柄 002")
    expect(first).to_contain_text("3 images")
    expect(first.locator("img")).to_have_count(3)
    expect(first.locator("img").first).to_have_js_property("naturalWidth", 32)
    assert page.locator(".there tr").count() < 60

    page.select_option("select[name=sort]", "id")
    expect(first.locator("b")).to_have_text("<b>ダッサイ</b>")
    page.fill("input[name=text]", "だっさい")  # whatever the kana
    expect(page.locator("#count")).to_have_text("1 of 601 classes")
    page.reload()
    expect(page.locator("#count")).to_have_text("1 of 601 classes")
    first.locator("a").click()
    expect(page.locator(".tile")).to_have_count(1)


def test_the_keys_are_shown_and_lead_from_the_filter_to_a_class(page, many):
    page.goto(f"{many}/gallery")
    expect(page.locator("#count")).to_have_text("601 classes")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Go to the filter")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("?600")  # is typed, and no key of the page
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#count")).to_have_text("0 of 601 classes")


def test_on_a_phone_nothing_scrolls_sideways(page, many):
    page.set_viewport_size(PHONE)
    page.goto(f"{many}/gallery")
    expect(page.locator(".there img").first).to_have_js_property("naturalWidth", 32)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
