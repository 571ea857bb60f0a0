"""The map in a real browser: colours, hover, lasso, and the way to the grid."""

import numpy as np
import pytest
from embedded import embedded
from maker import Maker
from playwright.sync_api import expect
from serving import DESKTOP, PHONE, serving

from atarimae.web import token as tokens

pytestmark = pytest.mark.long  # a browser for each test

COUNT = 60
NAMES = ("赤 🍎", "<script>緑</script>", "青")


def drawn(folder):
    """Sixty pictures of three colours, embedded by their colour."""
    maker = Maker(folder)
    for number in range(COUNT):
        colour = [20, 20, 20]
        colour[number % 3] = 120 + number
        maker.picture(f"絵/{number:02}.png", tuple(colour), NAMES[number % 3],
                      split="val" if number >= 50 else "train")  # fmt: skip
    maker.record()
    embedded(maker)
    return maker.workspace


@pytest.fixture(scope="module")
def sake(tmp_path_factory):
    with serving(drawn(tmp_path_factory.mktemp("map") / "地図")) as address:
        yield address


def opened(page, address, path="/map"):
    page.goto(address + path)
    expect(page.locator("#said")).to_contain_text("60 images, by the embeddings of run")
    return page


def points(page, address):
    """Each image's hash with its place in px of the window, and what is said of it."""
    said = page.request.get(f"{address}/api/map").json()
    name = said["map"]
    places = np.frombuffer(page.request.get(f"{address}/api/map/{name}/places").body(), "<f4")
    numbers = {"number": list(range(COUNT))}
    query = "&".join(f"number={number}" for number in numbers["number"])
    items = page.request.get(f"{address}/api/map/{name}/items?{query}").json()
    box = page.locator("#plot").bounding_box()
    x, y = places.reshape(-1, 2).T
    unit = 1.06 * max(np.ptp(x) / box["width"], np.ptp(y) / box["height"])
    across = box["x"] + box["width"] / 2 + (x - (x.max() + x.min()) / 2) / unit
    down = box["y"] + box["height"] / 2 - (y - (y.max() + y.min()) / 2) / unit
    return list(zip(items, across.tolist(), down.tolist(), strict=True))


def around(found, room=12):
    """The corners of a box about some points."""
    xs, ys = [x for _, x, _ in found], [y for _, _, y in found]
    left, right, top, low = min(xs) - room, max(xs) + room, min(ys) - room, max(ys) + room
    return [(left, top), (right, top), (right, low), (left, low), (left, top + 2)]


def draw(page, corners):
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()


def of(found, name):
    return [one for one in found if one[0]["labels"] == [name]]


def test_a_lasso_chooses_what_it_surrounds_and_shows_it_in_the_grid(page, sake):
    opened(page, sake)
    green = of(points(page, sake), NAMES[1])

    page.keyboard.press("l")
    draw(page, around(green))

    expect(page.locator("#count")).to_have_text("20 chosen")
    expect(page.locator("#chosen .caption")).to_have_text([NAMES[1]] * 20)
    expect(page.locator("#chosen img").first).to_have_js_property("naturalWidth", 32)
    page.click("#to-grid")
    expect(page.locator("#count")).to_have_text("20 of 60 files")
    expect(page.locator("#set")).to_be_visible()
    shown = page.locator(".tile").evaluate_all("tiles => tiles.map((tile) => tile.title)")
    assert sorted(shown) == sorted(item["path"] for item, _, _ in green)

    page.select_option("select[name=split]", "val")
    expect(page.locator("#count")).to_have_text("3 of 60 files")
    page.reload()
    expect(page.locator("#count")).to_have_text("3 of 60 files")
    page.click("#set button")
    expect(page.locator("#count")).to_have_text("10 of 60 files")


def test_shift_adds_alt_takes_away_and_escape_chooses_nothing(page, sake):
    opened(page, sake)
    found = points(page, sake)
    red, blue = of(found, NAMES[0]), of(found, NAMES[2])

    page.keyboard.down("Shift")
    draw(page, around(red))
    expect(page.locator("#count")).to_have_text("20 chosen")
    draw(page, around(blue))
    expect(page.locator("#count")).to_have_text("40 chosen")
    page.keyboard.up("Shift")
    page.keyboard.down("Alt")
    draw(page, around(red[:1], 3))
    page.keyboard.up("Alt")
    expect(page.locator("#count")).not_to_have_text("40 chosen")

    page.keyboard.press("Escape")
    expect(page.locator("#choice")).to_be_hidden()
    page.keyboard.press("a")
    expect(page.locator("#count")).to_have_text("60 chosen")


def test_what_the_legend_hides_is_not_chosen(page, sake):
    opened(page, sake)
    expect(page.locator("#legend li .name")).to_have_text(sorted(NAMES))
    expect(page.locator("#legend li .number")).to_have_text(["20"] * 3)

    page.locator("#legend li button", has_text="青").click()
    page.keyboard.press("a")
    expect(page.locator("#count")).to_have_text("40 chosen")

    page.select_option("select[name=by]", "split")
    expect(page.locator("#legend li .name")).to_have_text(["train", "val"])
    expect(page).to_have_url(f"{sake}/map?kind=pca&run=&by=split")


def test_hover_shows_the_image_and_a_click_opens_it(page, sake):
    opened(page, sake)
    item, x, y = points(page, sake)[7]

    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    expect(page.locator("#hover .path")).to_contain_text("絵/")
    expect(page.locator("#hover img")).to_have_js_property("naturalWidth", 32)
    page.mouse.click(x, y)
    expect(page.locator("#panel")).to_be_visible()
    assert item["labels"][0] in page.locator("#detail h2").inner_text()
    page.keyboard.press("k")
    expect(page.locator("#near")).to_contain_text("Most alike first, by the embeddings of run")
    assert page.locator(".tile").first.get_attribute("title").startswith("絵/")


def test_more_like_this_keeps_the_filter_that_is_on(page, sake):
    page.goto(f"{sake}/?split=val")
    page.locator(".tile").nth(3).click()
    expect(page.locator("#detail .path")).to_have_text("絵/53.png")
    page.keyboard.press("k")

    expect(page.locator("#near")).to_contain_text("Most alike first")
    expect(page.locator("#count")).to_have_text("10 of 60 files")
    expect(page.locator(".tile").first).to_have_attribute("title", "絵/53.png")
    page.click("#near button")
    expect(page.locator(".tile").first).to_have_attribute("title", "絵/50.png")
    expect(page).to_have_url(f"{sake}/?split=val")


def test_the_map_is_zoomed_by_keys_and_what_is_in_sight_is_chosen(page, sake):
    opened(page, sake)
    box = page.locator("#plot").bounding_box()
    share = 0.8**3
    corner = [
        x < box["x"] + share * box["width"] and y > box["y"] + (1 - share) * box["height"]
        for _, x, y in points(page, sake)
    ]

    page.focus("#plot")
    for key in (*["+"] * 3, *["ArrowLeft", "ArrowDown"] * 6, "a"):
        page.keyboard.press(key)

    expect(page.locator("#count")).to_have_text(f"{sum(corner)} chosen")
    assert 0 < sum(corner) < 60
    page.keyboard.press("0")
    page.keyboard.press("a")
    expect(page.locator("#count")).to_have_text("60 chosen")


@pytest.mark.long
def test_neighbours_come_when_they_are_arranged_and_what_is_chosen_stays(page, sake):
    pytest.importorskip("openTSNE")
    opened(page, sake)
    page.locator("#legend li button").first.click()
    page.keyboard.press("a")
    page.select_option("select[name=kind]", "neighbours")
    expect(page.locator("#said")).to_contain_text("60 images, by the embeddings", timeout=30_000)
    expect(page).to_have_url(f"{sake}/map?kind=neighbours&run=&by=label")
    expect(page.locator("#count")).to_have_text("40 chosen")


def test_a_finger_draws_a_lasso_on_a_phone(browser, sake):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = opened(context.new_page(), sake)
    found = around(of(points(page, sake), NAMES[0]), 8)
    page.locator("#lasso").tap()
    finger = context.new_cdp_session(page)
    for kind, corner in [("touchStart", found[0]), *[("touchMove", one) for one in found[1:]]]:
        where = [{"x": corner[0], "y": corner[1]}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(page.locator("#count")).to_have_text("20 chosen")
    context.close()


@pytest.mark.long
def test_a_shared_page_shows_what_is_chosen_and_keeps_no_set(page, tmp_path):
    with serving(drawn(tmp_path / "shared"), token=(token := tokens.new())) as address:
        opened(page, address, f"/map?token={token}")
        page.keyboard.press("a")
        expect(page.locator("#count")).to_have_text("60 chosen")
        expect(page.locator("#to-grid")).to_have_count(0)
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_contain_text("The whole map")
        expect(page.locator("#keys")).not_to_contain_text("in the grid")


def test_the_keys_are_shown_and_mean_the_page_again_once_they_are_closed(page, sake):
    opened(page, sake)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Choose all in sight")
    page.keyboard.press("a")  # is for the dialog
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#choice")).to_be_hidden()
    page.keyboard.press("a")
    expect(page.locator("#count")).to_have_text("60 chosen")


def test_an_address_that_asks_for_no_such_map_shows_the_usual_one(page, sake):
    page.goto(f"{sake}/map?kind=none&by=split")
    expect(page.locator("#said")).to_contain_text("60 images, by")
    expect(page.locator("select[name=by]")).to_have_value("split")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_does_not_scroll_sideways(page, sake, size):
    page.set_viewport_size(size)
    opened(page, sake)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_points_in_a_polygon_are_those_that_the_even_odd_rule_names(page, sake):
    page.goto(f"{sake}/map")
    random = np.random.default_rng(0)
    places, polygon = random.uniform(0, 1, (200, 2)), random.uniform(0, 1, (9, 2))

    found = page.evaluate(
        """async ([places, polygon]) => {
            const { inside } = await import("/look/inside.js");
            return inside(places.flat(), polygon);
        }""",
        [places.tolist(), polygon.tolist()],
    )

    def crossed(x, y):
        sides = zip(polygon, np.roll(polygon, -1, axis=0), strict=True)
        return sum(
            min(a[1], b[1]) <= y < max(a[1], b[1])
            and x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
            for a, b in sides
        )

    assert found == [n for n, (x, y) in enumerate(places) if crossed(x, y) % 2]
    assert 0 < len(found) < 200
