"""The page in a real browser."""

from dataclasses import replace
from io import BytesIO

import mean_colour
import pytest
from maker import Maker
from PIL import Image as Pillow
from playwright.sync_api import expect
from serving import DESKTOP, PHONE, serving

from atarimae import runlog
from atarimae.types import Box, Score

MANY = 10_000


@pytest.fixture(scope="module")
def sake(tmp_path_factory):
    """The address of a page with twelve images, a run and a bundle."""
    maker = Maker(tmp_path_factory.mktemp("look") / "酒")
    for number in range(12):
        label = "獺祭 🍶" if number % 2 else f"<b>ラベル {number}</b>"
        split = "train" if number < 8 else "val"
        maker.picture(f"写真/{number:02}.png", (number * 20, 0, 255 - number * 20), label,
                      split=split)  # fmt: skip
    maker.rows[-1] = replace(maker.rows[-1], boxes=(("ラベル", Box(4, 3, 20, 20)),))
    maker.picture("写真/copy.png", (20, 0, 235), split="val")
    workspace = maker.record()
    with runlog.start(workspace, because="基準", stage="holdout", recipe={"lr": 0.001}) as run:
        for step in range(5):
            run.metric("loss", 1 / (step + 1), step=step)
        run.finish(scores=[Score("mrr@20", 0.7, {"k": 20}, low=0.65, high=0.75)],
                   costs={"ms_embed": 1.5})  # fmt: skip
    mean_colour.ship(maker.data, workspace.root / "bundles" / "one")
    with serving(workspace) as address:
        yield address


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The address of a page with 10,000 images, of which those in the middle are gone."""
    maker = Maker(tmp_path_factory.mktemp("look") / "many")
    stream = BytesIO()
    Pillow.new("RGB", (16, 16), (30, 120, 90)).save(stream, "PNG")
    for number in range(MANY):
        content = stream.getvalue() + str(number).encode()  # after a PNG's end: another hash
        there = number < 100 or number >= MANY - 100
        maker.content(f"{number:05}.png", content, (16, 16), [f"c{number % 500}"], written=there)
    with serving(maker.record()) as address:
        yield address


def test_it_opens_with_every_image_and_its_label_as_text(page, sake):
    page.goto(sake)

    expect(page.locator(".tile")).to_have_count(13)
    expect(page.locator(".tile img")).to_have_count(13)
    expect(page.locator("#count")).to_have_text("13 files")
    expect(page.locator(".tile").first).to_contain_text("<b>ラベル 0</b>")
    for number in range(13):
        expect(page.locator(".tile img").nth(number)).to_have_js_property("naturalWidth", 32)


def test_filters_are_in_the_address_and_come_back(page, sake):
    page.goto(sake)
    page.select_option("select[name=split]", "val")
    expect(page.locator("#count")).to_have_text("5 of 13 files")
    page.fill("input[name=label]", "獺祭 🍶")
    expect(page.locator("#count")).to_have_text("3 of 13 files")

    page.reload()
    expect(page.locator("#count")).to_have_text("3 of 13 files")
    expect(page.locator("input[name=label]")).to_have_value("獺祭 🍶")
    page.click("#clear")
    expect(page.locator("#count")).to_have_text("13 files")
    expect(page).to_have_url(f"{sake}/")

    page.fill("input[name=text]", "nothing like it")
    expect(page.locator("#nothing")).to_be_visible()


def test_a_filter_for_what_there_is_not_finds_nothing_rather_than_everything(page, sake):
    page.goto(f"{sake}/?mark=none")
    expect(page.locator("#nothing")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(0)


def test_a_tall_picture_stays_in_its_frame_on_a_phone(page, maker):
    maker.picture("tall.png", (0, 128, 0), size=(4, 1200))
    page.set_viewport_size(PHONE)
    with serving(maker.record()) as address:
        page.goto(f"{address}/?open={maker.data.files[0].image}")
        expect(page.locator("#large")).to_have_js_property("complete", True)
        frame, picture = (page.locator(one).bounding_box() for one in ("#detail figure", "#large"))
        assert picture["y"] + picture["height"] <= frame["y"] + frame["height"]


def test_a_click_opens_an_image_and_keys_go_on(page, sake):
    page.goto(sake)
    page.locator(".tile").nth(1).click()
    expect(page.locator("#detail .path").first).to_have_text("写真/01.png")
    expect(page.locator("#detail .path")).to_have_text(["写真/01.png", "写真/copy.png"])
    expect(page.locator("#detail")).to_contain_text("2 files hold the same picture.")
    expect(page.locator("#detail")).to_contain_text("by 花子")
    expect(page.locator("#large")).to_have_js_property("naturalWidth", 32)

    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail .path").first).to_have_text("写真/02.png")
    expect(page.locator("#place")).to_have_text("3 of 13")
    page.reload()
    expect(page.locator("#detail .path").first).to_have_text("写真/02.png")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # there is none before the first
    expect(page.locator("#detail .path").first).to_have_text("写真/00.png")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page).to_have_url(f"{sake}/")


def test_the_grid_is_walked_by_keys_alone(page, sake):
    page.goto(sake)
    page.locator(".tile").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#detail .path").first).to_have_text("写真/02.png")
    page.keyboard.press("Escape")
    expect(page.locator(".tile").nth(2)).to_be_focused()


def test_a_dropped_picture_finds_its_matches(page, sake):
    page.goto(f"{sake}/search")
    drop(page, "main h1", (20, 0, 235))

    expect(page.locator(".match").first).to_contain_text("獺祭 🍶")
    expect(page.locator(".match img").first).to_have_js_property("naturalWidth", 32)
    page.locator(".match img").first.click()
    expect(page.locator("#detail .path").first).to_have_text("写真/01.png")


def test_what_is_nothing_known_is_said_to_be_unknown(page, sake):
    page.goto(f"{sake}/search")
    drop(page, ".drop", (255, 255, 255))

    expect(page.locator(".answer .unknown")).to_contain_text("Unknown")


def test_a_dropped_text_file_is_refused_kindly(browser, sake):
    page = browser.new_page()
    page.goto(f"{sake}/search")
    page.set_input_files(
        ".drop input >> nth=0", {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(page.get_by_role("alert")).to_be_visible()
    page.close()


def test_ten_thousand_images_scroll_with_few_of_them_in_the_page(page, many):
    page.goto(many)
    expect(page.locator("#count")).to_have_text("10,000 files")
    height = page.evaluate("document.documentElement.scrollHeight")
    most = 0
    for part in range(1, 21):
        page.evaluate(f"scrollTo(0, {height * part / 20})")
        page.wait_for_timeout(40)
        most = max(most, page.locator(".tile").count())
    assert 0 < most < 500

    last = page.locator(f".tile[data-place='{MANY - 1}']")
    expect(last).to_contain_text("c499")
    expect(last.locator("img")).to_be_visible()
    last.click()
    expect(page.locator("#place")).to_have_text("10,000 of 10,000")
    page.keyboard.press("Escape")
    expect(last).to_be_focused()


def test_on_a_phone_the_filter_gives_its_room_to_the_pictures_and_cuts_no_word(page, many):
    page.set_viewport_size(PHONE)
    page.goto(many)
    cut = """selects => selects.filter((one) => {
      const pen = document.createElement("canvas").getContext("2d");
      pen.font = getComputedStyle(one).font;
      return pen.measureText(one.selectedOptions[0].text).width + 28 > one.clientWidth;
    }).map((one) => one.name)"""
    assert page.locator("#filter select:visible").evaluate_all(cut) == []
    expect(page.locator(".tile img").first).to_be_visible()
    page.mouse.wheel(0, 3_000)
    expect(page.locator("#filter")).not_to_be_in_viewport()


def test_ten_thousand_images_are_filtered(page, many):
    page.goto(many)
    expect(page.locator("#count")).to_have_text("10,000 files")
    page.fill("input[name=label]", "c77")
    expect(page.locator("#count")).to_have_text("20 of 10,000 files")
    expect(page.locator(".tile")).to_have_count(20)


@pytest.mark.parametrize(
    "path",
    ["/", "/runs", "/runs/tree", "/compare", "/runs/{run}", "/findings", "/queue", "/search"],
)
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_page_scrolls_sideways(page, sake, path, size):
    page.set_viewport_size(size)
    if "{run}" in path:
        page.goto(f"{sake}/runs")
        path = page.locator(".runs a").first.get_attribute("href")
    page.goto(sake + path)

    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_run_shows_reason_score_curve_and_recipe(page, sake):
    page.goto(f"{sake}/runs")
    expect(page.locator(".runs")).to_contain_text("基準")
    page.locator(".runs a").first.click()

    expect(page.locator("h1")).to_have_text("基準")
    expect(page.locator(".scores")).to_contain_text("0.700")
    expect(page.locator(".chart .curve")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("lr")
    expect(page.locator("tr", has_text="embed, ms").locator(".number")).to_have_text("1.5")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_of_each_check_the_reason_stands_below_its_name_over_the_whole_width(page, sake, size):
    page.set_viewport_size(size)
    page.goto(f"{sake}/findings")
    for check in page.locator("section.check").all():
        name, reason = (check.locator(one).first.bounding_box() for one in ("h2", "p"))
        assert reason["y"] >= name["y"] + name["height"]
        assert reason["width"] == name["width"] > 0.9 * min(size["width"], 1000)


def test_findings_lead_to_the_image(page, sake):
    page.goto(f"{sake}/findings")
    page.locator(".finding .pick").first.click()

    expect(page.locator("#panel")).to_be_visible()
    expect(page.locator("#detail .note").first).to_be_visible()


def test_queue_has_every_finding_with_what_a_fix_is_worth(page, sake):
    page.goto(f"{sake}/queue")

    expect(page.locator(".finding").first).to_contain_text("at stake")
    with_queue = page.locator(".finding").count()
    page.goto(f"{sake}/findings")
    expect(page.locator(".finding")).to_have_count(with_queue)


def drop(page, target, colour):
    """Drop a picture of one colour on an element, as a person's hand would."""
    page.locator(target).evaluate(
        """async (target, colour) => {
            const canvas = new OffscreenCanvas(40, 40);
            const brush = canvas.getContext("2d");
            brush.fillStyle = `rgb(${colour})`;
            brush.fillRect(0, 0, 40, 40);
            const moved = new DataTransfer();
            const blob = await canvas.convertToBlob();
            moved.items.add(new File([blob], "写真.png", { type: "image/png" }));
            const how = { dataTransfer: moved, bubbles: true, cancelable: true };
            for (const name of ["dragover", "drop"])
                target.dispatchEvent(new DragEvent(name, how));
        }""",
        list(colour),
    )


def test_boxes_lie_where_the_picture_has_them(page, sake):
    page.goto(sake)
    page.locator(".tile").nth(11).click()
    expect(page.locator("#panel")).to_be_visible()
    expect(page.locator(".boxes rect")).to_have_count(1)
    picture, shapes = page.evaluate(  # at one moment: the bar of classes comes in below
        """() => ["#large", ".boxes"].map((name) => {
            const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
            return { x, y, width, height };
        })"""
    )
    assert shapes == pytest.approx(picture, abs=0.5)
