"""Boxes, outlines and texts on a huge sheet, in a real browser."""

import re
from itertools import count

import pytest
from maker import Maker
from PIL import Image as Pillow
from PIL import ImageDraw
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae.store import Store
from atarimae.types import BOX, TEXT, Box, Label
from atarimae.workspace import person

pytestmark = pytest.mark.long  # a browser for each test

HUGE = (6_000, 4_000)  # px; more than is ever decoded whole
SIZE = (900, 600)
MANY = 1_000


class Sheets:
    """A workspace on a server, with a sheet of one's own for each test."""

    def __init__(self, maker, address):
        self.store = Store(maker.workspace)
        self.address = address
        self.plain = iter([row.image.hash for row in maker.rows if row.image.width == SIZE[0]])
        self.huge = next(row.image.hash for row in maker.rows if row.image.width == HUGE[0])

    def said(self, image, *labels):
        self.store.say([Label(image, *one, by="花子") for one in labels], action="label", by="花子")
        return image

    def of(self, image):
        return self.store.said(image)[1]

    def opened(self, page, image, query=""):
        page.goto(f"{self.address}/annotate/{image}{query}")
        expect(page.locator("#annotate[data-ready]")).to_be_attached()
        expect(page.locator("#stage")).to_have_attribute("data-drawn", re.compile(r"\d+"))
        return page


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    maker = Maker(tmp_path_factory.mktemp("annotate") / "図面")
    sheet = Pillow.new("1", HUGE, 1)
    ImageDraw.Draw(sheet).line((0, 0, *HUGE), 0, 5)
    maker.drawn("大きい図 🗺.png", sheet)
    for number in range(18):
        maker.picture(f"{number}.png", (255, 255, 230 + number), size=SIZE)
    rows = maker.rows
    maker.record()
    maker.rows = rows
    with serving(maker.workspace) as address:
        yield Sheets(maker, address)


def at(page, x, y):
    """Where a point of the image is on the screen."""
    return page.evaluate(
        """([x, y]) => {
          const viewer = OpenSeadragon.getViewer(document.getElementById("stage"));
          const frame = viewer.canvas.getBoundingClientRect();
          const point = new OpenSeadragon.Point(x, y);
          const { x: left, y: top } = viewer.viewport.imageToViewerElementCoordinates(point);
          return [frame.x + left, frame.y + top];
        }""",
        [x, y],
    )


def drag(page, start, end):
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *[(a + b) / 2 for a, b in zip(start, end, strict=True)]))
    page.mouse.move(*at(page, *end))
    page.mouse.up()


def until(found, wanted, page):
    """Wait until the store has it; an edit is on its way when a key has been pressed."""
    for _ in count():
        if wanted(found()):
            return found()
        page.wait_for_timeout(20)
    raise AssertionError


def test_a_box_on_a_huge_sheet_is_saved_and_found_again(page, sheets):
    image = sheets.huge
    sheets.opened(page, image)
    page.keyboard.press("b")
    drag(page, (1_000, 800), (2_600, 1_900))
    page.keyboard.type("溶接 <b>weld</b>")
    page.keyboard.press("Enter")
    expect(page.locator("#marks span")).to_have_text(["溶接 <b>weld</b>"])
    (label,) = until(lambda: sheets.of(image), bool, page)

    assert (label.kind, label.value, label.by) == (BOX, "溶接 <b>weld</b>", person())
    found = (label.box.x0, label.box.y0, label.box.x1, label.box.y1)
    assert found == pytest.approx((1_000, 800, 2_600, 1_900), abs=10)

    sheets.opened(page, image)
    expect(page.locator("#marks span")).to_have_text(["溶接 <b>weld</b>"])
    expect(page.locator("#stage")).to_have_attribute("data-drawn", "1")
    drag(page, (1_800, 1_300), (2_800, 1_600))  # nothing is chosen: the sheet moves, not the box
    page.mouse.click(*at(page, 1_800, 1_300))
    expect(page.locator("#chosen")).to_contain_text("溶接")
    drag(page, (1_800, 1_300), (2_800, 1_600))
    moved = until(lambda: sheets.of(image)[0].box, lambda box: box.x0 > 1_900, page)
    assert moved.x1 - moved.x0 == pytest.approx(label.box.x1 - label.box.x0)


def test_a_box_is_resized_turned_and_nudged(page, sheets):
    image = sheets.said(next(sheets.plain), ("弁", BOX, Box(300, 200, 500, 300)))
    sheets.opened(page, image)
    page.mouse.click(*at(page, 400, 250))
    drag(page, (500, 300), (600, 400))
    box = until(lambda: sheets.of(image)[0].box, lambda box: box.x1 > 590, page)
    assert (box.x0, box.y0) == (300, 200)

    x, y = at(page, 450, 200)
    page.mouse.move(x, y - 26)  # the handle that turns, above the middle
    page.mouse.down()
    page.mouse.move(*at(page, 700, 300))
    page.mouse.move(*at(page, 850, 300))  # to the right of the centre
    page.mouse.up()
    until(lambda: sheets.of(image)[0].box.angle, lambda angle: abs(angle - 90) < 1, page)

    before = sheets.store.last_edit()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown", "BracketRight"):
        page.keyboard.press(key)
    after = until(lambda: sheets.of(image)[0].box, lambda box: box.angle > 90.5, page)
    assert ((after.x0 + after.x1) / 2, (after.y0 + after.y1) / 2) == pytest.approx(
        (452, 310), abs=2
    )
    assert sheets.store.last_edit() == before + 1  # four keys, one edit

    page.keyboard.press("u")
    until(lambda: sheets.of(image)[0].box.angle, lambda angle: abs(angle - 90) < 1, page)
    expect(page.locator("#chosen")).to_contain_text("90°")
    page.keyboard.press("Shift+ArrowDown")  # it is chosen still
    until(lambda: sheets.of(image)[0].box, lambda box: box.y0 > 205, page)


@pytest.mark.long
def test_a_box_drawn_on_a_turned_sheet_is_a_turned_box(page, sheets):
    image = next(sheets.plain)
    sheets.opened(page, image)
    for key in ("Period", "b"):  # the sheet a quarter to the right
        page.keyboard.press(key)
    drag(page, (300, 400), (400, 200))
    page.keyboard.press("Enter")
    (label,) = until(lambda: sheets.of(image), bool, page)

    assert label.box.angle == 270
    assert label.box.x1 - label.box.x0 == pytest.approx(200, abs=4)
    assert label.box.y1 - label.box.y0 == pytest.approx(100, abs=4)


@pytest.mark.long
def test_a_class_is_found_whatever_its_kana(page, sheets):
    image = sheets.said(next(sheets.plain), ("バルブ", BOX, Box(9, 9, 90, 90)))
    sheets.opened(page, image)
    page.keyboard.press("l")
    page.keyboard.type("ばる")
    expect(page.locator("#classes li").first).to_have_text("バルブ")


def test_an_outline_is_drawn_corner_by_corner(page, sheets):
    image = next(sheets.plain)
    sheets.opened(page, image)
    page.keyboard.press("o")
    corners = [(200, 150), (500, 180), (450, 420)]
    for corner in corners:
        page.mouse.click(*at(page, *corner))
        page.wait_for_timeout(350)  # two clicks within that are a double click
    page.keyboard.press("Enter")
    page.keyboard.type("領域 🗺")
    page.keyboard.press("Enter")
    (label,) = until(lambda: sheets.of(image), bool, page)

    assert (label.kind, label.value) == ("polygon", "領域 🗺")
    for point, corner in zip(label.points, corners, strict=True):
        assert point == pytest.approx(corner, abs=2)


def test_undo_and_redo_by_key(page, sheets):
    image = sheets.said(next(sheets.plain), ("弁", BOX, Box(300, 200, 500, 300)))
    sheets.opened(page, image)
    page.keyboard.press("n")
    expect(page.locator("#chosen")).to_contain_text("弁")
    page.keyboard.press("Delete")
    expect(page.locator("#marks li")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator("#marks span")).to_have_text(["弁"])
    assert [label.by for label in sheets.of(image)] == ["花子"]
    page.keyboard.press("r")
    expect(page.locator("#marks li")).to_have_count(0)
    page.keyboard.press("u")
    expect(page.locator("#marks li")).to_have_count(1)


def test_texts_are_transcribed_from_one_to_the_next(page, sheets):
    image = sheets.said(
        next(sheets.plain),
        ("", TEXT, Box(100, 100, 220, 130)), ("", TEXT, Box(400, 300, 520, 330, 90)),
        ("済み", TEXT, Box(400, 105, 520, 135)),
    )  # fmt: skip
    sheets.opened(page, image)
    expect(page.locator("#transcribed")).to_have_text("1 of 3 transcribed")
    page.keyboard.press("Tab")
    field = page.locator("#text input")
    expect(field).to_be_focused()
    page.keyboard.type("M-120 🔩")
    page.keyboard.press("Tab")
    expect(field).to_have_value("済み")
    expect(page.locator("#transcribed")).to_have_text("2 of 3 transcribed")
    page.keyboard.press("Enter")
    expect(field).to_have_value("")
    turn = "OpenSeadragon.getViewer(document.getElementById('stage')).viewport.getRotation(true)"
    assert page.evaluate(turn) % 360 == 270  # the text's own 90° are turned back
    (left, top), (right, low) = at(page, 475, 255), at(page, 445, 375)
    below = field.bounding_box()["y"]
    assert left < right
    assert top < low < below < low + 60
    page.keyboard.press("Shift+Tab")
    expect(field).to_have_value("済み")
    page.keyboard.press("Tab")
    page.keyboard.type("縦")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_hidden()
    expect(page.locator("#transcribed")).to_have_text("3 of 3 transcribed")

    sheets.opened(page, image)
    expect(page.locator("#transcribed")).to_have_text("3 of 3 transcribed")
    assert sorted(label.value for label in sheets.of(image)) == ["M-120 🔩", "済み", "縦"]


def test_a_thousand_texts_on_one_sheet(page, sheets):
    texts = [
        ("", TEXT, Box(20 + n % 40 * 21, 20 + n // 40 * 22, 36 + n % 40 * 21, 34 + n // 40 * 22))
        for n in range(MANY)
    ]
    image = sheets.said(next(sheets.plain), *texts)
    sheets.opened(page, image)
    expect(page.locator("#stage")).to_have_attribute("data-drawn", "1000")
    expect(page.locator("#more")).to_have_text("and 600 more on the sheet")
    last = page.locator("#marks button").nth(399).element_handle()
    page.keyboard.press("Tab")
    for number in range(3):
        page.keyboard.type(f"第{number}")
        page.keyboard.press("Enter")
    expect(page.locator("#transcribed")).to_have_text("3 of 1,000 transcribed")
    expect(page.locator("#marks span").nth(2)).to_have_text("第2")
    assert last.evaluate("row => row.isConnected"), "what nobody changed is not made anew"


def test_what_the_server_did_not_hear_is_sent_once_it_is_back(page, sheets):
    image = sheets.said(next(sheets.plain), ("", TEXT, Box(100, 100, 220, 130)))
    sheets.opened(page, image)
    page.route("**/api/marks/**", lambda route: route.abort("connectionrefused"))
    page.keyboard.press("Tab")
    page.keyboard.type("M-120")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("The server can't be reached. What you change is")
    assert sheets.of(image)[0].value == ""
    page.unroute("**/api/marks/**")
    expect(page.locator("#said")).to_contain_text("has all changes")
    assert sheets.of(image)[0].value == "M-120"
    page.keyboard.press("u")
    until(lambda: sheets.of(image)[0].value, lambda value: value == "", page)


@pytest.mark.parametrize("goes_on", ["[data-do=box]", "#marks button >> nth=1", "#filters button"])
def test_what_is_typed_is_kept_wherever_one_goes_on_to(page, sheets, goes_on):
    image = sheets.said(
        next(sheets.plain),
        ("", TEXT, Box(100, 100, 220, 130)),
        ("弁", BOX, Box(300, 200, 400, 300)),
    )
    sheets.opened(page, image)
    page.keyboard.press("Tab")
    page.keyboard.type("M-120")
    page.click(goes_on)
    expect(page.locator("#text")).to_be_hidden()
    until(
        lambda: {one.value for one in sheets.of(image)}, lambda said: said == {"M-120", "弁"}, page
    )


def test_a_text_that_somebody_else_writes_meanwhile_does_not_take_what_is_typed(page, sheets):
    image = sheets.said(next(sheets.plain), ("", TEXT, Box(100, 100, 220, 130)))
    sheets.opened(page, image)
    page.keyboard.press("Tab")
    page.keyboard.type("M-120")
    (label,) = sheets.of(image)
    sheets.store.relabel([label], [Label(image, "M-12O", TEXT, label.box, "太郎")], by="太郎")
    expect(page.locator("#said")).to_contain_text("Somebody else wrote 'M-12O' here meanwhile")
    expect(page.locator("#text input")).to_have_value("M-120")
    page.keyboard.press("Enter")
    until(lambda: [one.value for one in sheets.of(image)], lambda said: said == ["M-120"], page)


def test_what_is_typed_of_a_text_that_somebody_else_deletes_is_told(page, sheets):
    image = sheets.said(next(sheets.plain), ("", TEXT, Box(100, 100, 220, 130)))
    sheets.opened(page, image)
    page.keyboard.press("Tab")
    page.keyboard.type("M-120")
    sheets.store.relabel(sheets.of(image), [], by="太郎")
    expect(page.locator("#said")).to_contain_text("You had typed 'M-120'")
    expect(page.locator("#text")).to_be_hidden()


def test_after_escape_tab_leaves_the_sheet(page, sheets):
    image = sheets.said(next(sheets.plain), ("", TEXT, Box(100, 100, 220, 130)))
    sheets.opened(page, image)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")  # leaves the text
    page.keyboard.press("Escape")  # and then the sheet
    page.keyboard.press("Tab")
    expect(page.locator("#side [data-do=transcribe]")).to_be_focused()


@pytest.mark.long
def test_classes_are_filters_and_stay_in_the_address(page, sheets):
    image = sheets.said(
        next(sheets.plain),
        ("弁", BOX, Box(300, 200, 400, 300)), ("溶接", BOX, Box(500, 200, 600, 300)),
        ("", TEXT, Box(100, 100, 200, 130)),
    )  # fmt: skip
    sheets.opened(page, image)
    expect(page.locator("#filters button")).to_have_text(["弁 1", "溶接 1", "Texts 1"])
    page.get_by_role("button", name="溶接 1").click()
    expect(page.locator("#marks span")).to_have_text(["溶接"])
    expect(page.locator("#stage")).to_have_attribute("data-drawn", "1")
    page.reload()
    expect(page.locator("#marks span")).to_have_text(["溶接"])
    page.get_by_role("button", name="溶接 1").click()
    expect(page.locator("#marks li")).to_have_count(3)


def test_two_people_at_once_keep_both(page, sheets):
    image = sheets.said(next(sheets.plain), ("弁", BOX, Box(300, 200, 500, 300)))
    sheets.opened(page, image)
    page.keyboard.press("n")
    (label,) = sheets.of(image)
    sheets.store.relabel([label], [Label(image, "溶接", BOX, label.box, "太郎")], by="太郎")
    page.keyboard.press("l")
    page.keyboard.type("配管")
    page.keyboard.press("Enter")

    expect(page.locator("#said")).to_contain_text("both are kept")
    expect(page.locator("#at-once")).to_be_visible()
    expect(page.locator("#marks li")).to_have_count(2)
    assert {one.value for one in sheets.of(image)} == {"溶接", "配管"}


@pytest.mark.long
def test_proposals_say_who_and_how_sure(page, sheets):
    image = next(sheets.plain)
    proposed = Label(image, "弁", BOX, Box(300, 200, 500, 300), "model-1", 0.625)
    sheets.store.say([proposed], action="propose", by="model-1")
    sheets.opened(page, image)
    expect(page.locator("#marks small")).to_have_text("model-1, 0.63")
    expect(page.get_by_role("button", name="Accept")).to_be_hidden()
    page.keyboard.press("n")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    expect(page.locator("#chosen")).to_contain_text("proposed by model-1, score 0.63")


def test_proposals_are_accepted_rejected_and_taken_back_by_key(page, sheets):
    image = next(sheets.plain)
    proposed = [
        Label(image, "弁", BOX, Box(100 + 300 * n, 200, 200 + 300 * n, 300, 10 * n), "m", n / 4)
        for n in range(3)
    ]
    sheets.store.say(proposed, action="propose", by="m")
    sheets.opened(page, image)
    facts, chosen = page.locator("#marks small"), page.locator("#chosen")
    page.keyboard.press("n")
    page.keyboard.press("a")
    expect(facts).to_have_text(["box", "m, 0.25", "m, 0.50"])
    expect(chosen).to_contain_text("score 0.25")  # on to the next
    page.keyboard.press("x")
    expect(facts).to_have_text(["box", "m, 0.50"])
    page.keyboard.press("u")
    expect(facts).to_have_text(["box", "m, 0.25", "m, 0.50"])
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.keyboard.press("l")
    page.keyboard.type("溶接")
    page.keyboard.press("Enter")
    until(lambda: len(sheets.of(image)), lambda count: count == 3, page)
    until(lambda: {one.value for one in sheets.of(image)}, lambda all: "溶接" in all, page)

    fates = [one.fate for one in sheets.store.proposals() if one.label.image == image]
    assert sorted(fates) == ["accepted", "edited", "untouched"]


def test_it_fits_a_phone_and_is_reached_from_the_panel(page, sheets):
    page.set_viewport_size(PHONE)
    page.goto(f"{sheets.address}/?open={sheets.huge}")
    page.get_by_role("link", name="Open at full size and annotate").click()
    expect(page.locator("#annotate[data-ready]")).to_be_attached()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    expect(page.locator("#stage .openseadragon-canvas").first).to_be_visible()


@pytest.mark.long
def test_a_shared_page_shows_marks_and_no_tools(browser, maker):
    image = maker.picture("a.png", (250, 250, 250), size=(90, 60))
    workspace = maker.record()
    Store(workspace).say([Label(image, "弁", BOX, Box(3, 2, 50, 30))], action="label")
    with serving(workspace, token="t") as address:
        page = browser.new_page()
        page.goto(f"{address}/annotate/{image}?token=t")
        expect(page.locator("#marks span")).to_have_text(["弁"])
        expect(page.get_by_role("button", name="Delete")).to_have_count(0)
        page.keyboard.press("n")
        page.keyboard.press("d")
        expect(page.locator("#marks li")).to_have_count(1)
        page.close()


@pytest.mark.long
def test_a_reader_of_a_shared_page_goes_from_mark_to_mark_and_reads_texts(browser, maker):
    image = maker.picture("a.png", (250, 250, 250), size=SIZE)
    workspace = maker.record()
    said = [
        Label(image, "弁", BOX, Box(3, 2, 50, 30)),
        Label(image, "P-101", TEXT, Box(9, 99, 80, 120)),
    ]
    Store(workspace).say(said, action="label")
    with serving(workspace, token="t") as address:
        page = browser.new_page()
        wrong = []
        page.on("pageerror", lambda error: wrong.append(error.message))
        page.goto(f"{address}/annotate/{image}?token=t")
        expect(page.locator("#annotate[data-ready]")).to_be_attached()
        page.keyboard.press("n")
        expect(page.locator("#chosen")).to_contain_text("弁")
        page.keyboard.press("e")
        expect(page.get_by_label("What is written there")).to_have_value("P-101")
        page.keyboard.type("P-102")
        page.keyboard.press("Enter")
        expect(page.locator("#marks span")).to_have_text(["弁", "P-101"])
        page.close()
    assert not wrong


@pytest.mark.long
def test_a_visitor_who_may_edit_gives_a_name_and_marks_under_it(browser, maker):
    image = maker.picture("a.png", (250, 250, 250), size=SIZE)
    workspace = maker.record()
    store = Store(workspace)
    store.say([Label(image, "弁", BOX, Box(300, 200, 500, 300))], action="label", by="花子")
    with serving(workspace, token="t", edit=True) as address:
        page = browser.new_page()
        page.goto(f"{address}/annotate/{image}?token=t")
        expect(page.locator("#marks span")).to_have_text(["弁"])
        expect(page.locator("#annotate[data-ready]")).to_be_attached()
        page.keyboard.press("n")
        page.keyboard.press("l")
        page.keyboard.type("溶接")
        page.keyboard.press("Enter")
        page.get_by_label("Name", exact=True).fill("太郎 🍶")
        page.keyboard.press("Enter")
        expect(page.locator("#chosen")).to_contain_text("by 太郎 🍶")
        page.close()
    assert [(one.value, one.by) for one in store.said(image)[1]] == [("溶接", "太郎 🍶")]
