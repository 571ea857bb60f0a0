"""The review page in a real browser, by keyboard."""

import pytest
from playwright.sync_api import expect
from proposed import BLUE, GREEN, RED, world
from serving import DESKTOP, PHONE, serving

from atarimae.review import Slice, needed
from atarimae.store import Store

pytestmark = pytest.mark.long  # a browser for each test

BAR = 0.5  # six of a class are enough


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    return world(tmp_path_factory.mktemp("review") / "場所", boxes=8)[0]


@pytest.fixture(scope="module")
def address(space):
    with serving(space) as found:
        yield found


@pytest.fixture
def refused(browser):
    """A page that may hear a refusal: the browser writes each to its console."""
    made = browser.new_page(viewport=DESKTOP)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def untouched(space):
    """Each test finds the proposals as they came."""
    store = Store(space)
    before = store.last_edit()
    yield
    made = [one for one in store.edits() if one.id > before and one.undone_by is None]
    left = [one.id for one in made if one.action in ("accept", "reject", "edit")]
    if left:
        store.undo(*left)


def fates(space):
    return {one.id: one.fate for one in Store(space).proposals() if one.fate != "untouched"}


def ready(page, address, path="/review"):
    page.goto(address + path)
    expect(page.locator("#review")).to_be_visible()
    expect(page.locator("#asked")).to_have_js_property("complete", True)


def test_keys_accept_reject_edit_skip_and_undo(page, space, address):
    ready(page, address)
    expect(page.locator("#proposed")).to_have_text(RED)  # the unsure ones of red come first
    expect(page.locator("#examples img")).to_have_count(3)
    total = int(page.locator("#count").inner_text().split()[0])

    page.keyboard.press("r")
    expect(page.locator("#said")).to_contain_text(f"Rejected: {RED}")
    page.keyboard.press("1")  # what it would rather be: the class named <script>
    expect(page.locator("#said")).to_contain_text(f"Now '{GREEN}'")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("Accepted: ")
    expect(page.locator("#count")).to_have_text(f"{total - 3} to decide")
    expect(page.locator("body")).to_have_attribute("data-pending", "0")
    assert sorted(fates(space).values()) == ["accepted", "edited", "rejected"]

    path = page.locator("#path").inner_text()
    page.keyboard.press("s")
    expect(page.locator("#path")).not_to_have_text(path)
    page.keyboard.press("u")
    expect(page.locator("#said")).to_contain_text("Undone")
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(page.locator("#count")).to_have_text(f"{total} to decide")
    expect(page.locator("[data-do=undo]").first).to_be_disabled()
    expect(page.locator("body")).to_have_attribute("data-pending", "0")
    page.reload()
    expect(page.locator("#count")).to_have_text(f"{total} to decide")
    assert fates(space) == {}


def test_the_keys_are_shown_and_decide_nothing_meanwhile(page, space, address):
    ready(page, address)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Take the last decision of this page back")
    page.keyboard.press("r")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    assert fates(space) == {}


def test_another_class_is_typed_and_shown_as_text(page, space, address):
    ready(page, address)
    page.keyboard.press("e")
    expect(page.locator("#class")).to_be_focused()
    page.keyboard.type("<img src=x onerror=alert(1)> 新しい 🍶")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Nobody has used the class")  # asked about once
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Now '<img src=x onerror=alert(1)> 新しい 🍶'")
    (decided,) = (one for one in Store(space).proposals() if one.fate == "edited")
    assert decided.into[0].value == "<img src=x onerror=alert(1)> 新しい 🍶"
    expect(page.locator("#review")).to_be_focused()
    page.select_option("select[name=label]", GREEN)
    expect(page.locator("#proposed")).to_have_text(GREEN)
    page.keyboard.press("s")  # keys are the page's again, not the list's
    expect(page.locator("#review")).to_be_focused()


def test_an_address_that_asks_for_what_there_is_not_shows_the_queue_and_a_server_away_is_told(
    page, address
):
    ready(page, address, "/review?order=none&label=none")
    page.route("**/api/review?*", lambda route: route.abort("connectionrefused"))
    page.select_option("select[name=order]", "score")
    expect(page.locator("#done")).to_contain_text("The page's server does not answer.")


def test_a_decision_that_somebody_else_made_is_told(refused, space, address):
    page = refused
    ready(page, address, f"/review?order=score&label={BLUE}")
    path = page.locator("#path").inner_text()
    store = Store(space)
    file = next(f for f in store.data().files if f.path == path)
    asked = [one.id for one in store.proposals() if one.label.image == file.image]
    store.decide(asked, "reject", by="太郎")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("太郎 rejected it")


def test_control_is_blind_and_a_proven_class_is_accepted_together(refused, space, address):
    page = refused
    ready(page, address, "/review/control")
    expect(page.locator("#sure")).to_have_text("")
    expect(page.locator("#blind")).to_be_visible()
    page.goto(f"{address}/review/control?label={BLUE}")
    page.fill("#bar", f"{BAR}")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text(f"{needed(BAR)} to decide")
    expect(page.locator("#review")).to_be_focused()
    for left in range(needed(BAR) - 1, -1, -1):
        page.keyboard.press("a")
        if left:
            expect(page.locator("#count")).to_have_text(f"{left} to decide")
    expect(page.locator("#done-said")).to_have_text("Nothing is left to decide here.")
    line = page.locator("#classes tr", has_text=BLUE)
    expect(line).to_contain_text(f"{needed(BAR)} of {needed(BAR)}")
    page.locator("#classes tr", has_text=GREEN).locator("button").click()
    expect(page.locator("#classes .bulk-said")).to_contain_text(f"0 of {needed(BAR)} are reviewed")
    line.locator("button").click()
    expect(page.locator("#classes tr", has_text=BLUE)).to_contain_text("as edit")
    blue = [one.fate for one in Store(space).proposals() if one.label.value == BLUE]
    assert set(blue) == {"accepted"}
    drawn = Slice(BAR).of(Store(space).proposals())
    assert len([i for i in drawn if fates(space).get(i) == "accepted"]) >= needed(BAR)
    page.keyboard.press("u")  # the class goes back as one
    expect(page.locator("#classes tr", has_text=BLUE)).to_contain_text(f"Accept {24 - needed(BAR)}")
    assert sum(fate == "accepted" for fate in fates(space).values()) == needed(BAR)


def test_a_visitor_is_asked_for_a_name_once(refused, space):
    with serving(space, "t", edit=True) as shared:
        refused.goto(f"{shared}/review?token=t")
        expect(refused.locator("#review")).to_be_visible()
        refused.keyboard.press("a")
        refused.fill("#name input", "みどり")
        refused.keyboard.press("Enter")
        expect(refused.locator("#said")).to_contain_text("Accepted: ")
        refused.keyboard.press("r")
        expect(refused.locator("#said")).to_contain_text("Rejected: ")
    decided = [one for one in Store(space).proposals() if one.decided]
    assert {one.decided_by for one in decided} == {"みどり"}
    assert sorted(one.fate for one in decided) == ["accepted", "rejected"]


def test_a_box_lies_where_the_picture_has_it(page, address):
    ready(page, address, "/review?order=score")
    expect(page.locator("#kind")).to_have_text("Proposed, a box")
    expect(page.locator("#shape rect")).to_have_attribute("width", "16")
    expect(page.locator("#shape")).to_have_attribute("viewBox", "0 0 32 24")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_page_scrolls_sideways(page, address, size):
    page.set_viewport_size(size)
    ready(page, address)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    expect(page.locator("#economics")).to_contain_text("proposals")
    page.click("#more")
    expect(page.locator("#economics")).to_contain_text("200 more labels")
