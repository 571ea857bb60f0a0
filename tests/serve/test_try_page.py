"""The page to try a bundle, in a real Chromium at a desk's and a phone's width."""

import os
from pathlib import Path

import colours
import pytest
import replica

BLUE = replica.picture((45, 45, 190), (320, 240), "JPEG")
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
DROP = """([bytes, name, type]) => {
  const moved = new DataTransfer();
  moved.items.add(new File([new Uint8Array(bytes)], name, {type}));
  for (const kind of ["dragover", "drop"])
    document.querySelector(".drop").dispatchEvent(
      new DragEvent(kind, {dataTransfer: moved, bubbles: true, cancelable: true}));
}"""
PASTE = """([bytes, name, type]) => {
  const held = new DataTransfer();
  held.items.add(new File([new Uint8Array(bytes)], name, {type}));
  document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: held}));
}"""


@pytest.fixture(params=SIZES)
def page(request, browser, server):
    width, height = SIZES[request.param]
    phone = request.param == "phone"
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if phone else "light",
        is_mobile=phone,
        has_touch=phone,
    )
    page = context.new_page()
    page.asked_for = []
    page.on("request", lambda sent: page.asked_for.append(sent.url))
    page.goto(server.url)
    yield page
    if folder := os.environ.get("ATARIMAE_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{request.node.name}.png", full_page=True)
    context.close()


def test_dropped_picture_shows_its_matches(page, server):
    page.evaluate(DROP, [list(BLUE), "青.jpg", "image/jpeg"])
    page.wait_for_selector(".match")
    labels = page.locator(".match .label").all_inner_texts()
    assert labels[0] == "青"
    assert sorted(labels) == sorted(colours.NAMED)
    assert page.locator(".unknown").count() == 0
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "the page scrolls sideways"
    elsewhere = [url for url in page.asked_for if not url.startswith((server.url, "blob:"))]
    assert elsewhere == []


def test_camera_is_offered_on_a_phone_alone(page):
    phone = page.viewport_size["width"] == 390
    assert page.get_by_text("Take a photo").is_visible() == phone


def test_chosen_picture_that_is_unknown_says_so(page):
    yellow = {"name": "y.png", "mimeType": "image/png", "buffer": replica.picture("yellow")}
    page.locator("input[type=file]").first.set_input_files(yellow)
    page.wait_for_selector(".unknown")
    assert "nothing here is the same thing" in page.inner_text(".unknown")
    assert page.locator(".match").count() == 4


def test_only_the_shipped_thumbnail_is_shown(page):
    page.evaluate(DROP, [list(replica.picture((200, 30, 30))), "r.png", "image/png"])
    page.wait_for_selector(".match")
    page.wait_for_load_state("networkidle")
    assert page.locator(".match img").count() == 1
    assert page.locator(".match img").evaluate("img => img.naturalWidth") == 64


def test_pasted_text_file_is_refused_and_the_next_picture_is_answered(page):
    page.evaluate(PASTE, [list(b"no image"), "notes.png", "image/png"])
    page.wait_for_selector("[role=alert]")
    assert "It is not an image" in page.inner_text("[role=alert]")
    page.evaluate(PASTE, [list(BLUE), "b.jpg", "image/jpeg"])
    page.wait_for_selector(".match")
    assert page.locator("[role=alert]").count() == 0
