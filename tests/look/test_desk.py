"""Labelling at the page in a real browser: by keyboard, in bulk, with undo, and two at once."""

import pytest
from playwright.sync_api import expect
from serving import DESKTOP, PHONE, serving

from atarimae.store import Store

TOKEN = "VGhlIHRva2VuIG9mIHRl"
SCRIPT = "<script>alert('獺祭')</script>"


@pytest.fixture
def sake(maker):
    """Six images: three of 獺祭 🍶, two of 久保田, one without a label."""
    for number, label in enumerate(["獺祭 🍶"] * 3 + ["久保田"] * 2):
        maker.picture(f"写真/{number}.png", (40 * number, 60, 200), label, split="train")
    maker.picture("写真/5.png", (200, 200, 60))
    return maker.record()


def classes(workspace, path):
    data = Store(workspace).data()
    (file,) = (file for file in data.files if file.path == f"写真/{path}.png")
    return data.classes(file)


def begin(page, address):
    page.goto(address)
    expect(page.locator(".tile")).to_have_count(6)
    page.locator(".tile").first.focus()
    expect(page.locator("#choices button").first).to_be_visible()


def toast(page, text):
    expect(page.locator("#toast")).to_contain_text(text)


def test_an_image_after_the_other_is_labelled_by_keys_alone(page, sake):
    with serving(sake) as address:
        begin(page, address)
        expect(page.locator("#choices button").first).to_have_text("1 獺祭 🍶")
        page.keyboard.press("2")
        toast(page, "0.png labelled 久保田")
        expect(page.locator(".tile").nth(1)).to_be_focused()
        page.keyboard.press("l")
        page.keyboard.type("くぼた")  # what nobody has said is asked about once
        page.keyboard.press("Enter")
        expect(page.locator("#picker li")).to_contain_text("Enter again")
        page.keyboard.press("Enter")
        toast(page, "1.png labelled くぼた")
        expect(page.locator(".tile .caption").nth(1)).to_have_text("くぼた")
        page.keyboard.press("c")
        toast(page, "2.png confirmed")
        page.keyboard.press("f")
        toast(page, "3.png flagged")
        expect(page.locator(".tile").nth(3).locator(".flag")).to_be_visible()
        page.keyboard.press("n")
        page.keyboard.press("d")
        toast(page, "4.png removed")
        page.keyboard.press("u")
        toast(page, "Undone: ")
        page.keyboard.press("r")
        toast(page, "Done again")
    data = Store(sake).data()
    assert [file.path for file in data.files] == [f"写真/{n}.png" for n in (0, 1, 2, 3, 5)]
    assert (classes(sake, 0), classes(sake, 1)) == (("久保田",), ("くぼた",))


def test_a_key_that_is_held_labels_one_image_and_no_more(page, sake):
    with serving(sake) as address:
        begin(page, address)
        for _ in range(4):
            page.keyboard.down("2")  # all but the first are repetitions
        toast(page, "0.png labelled 久保田")
        expect(page.locator(".tile").nth(1)).to_be_focused()
        page.keyboard.up("2")
        for _ in range(3):
            page.keyboard.down("n")
        expect(page.locator(".tile").nth(4)).to_be_focused()  # walking goes on
        page.keyboard.up("n")
        page.keyboard.press("2")
        toast(page, "4.png labelled ")
    assert [edit.action for edit in Store(sake).edits()].count("label") == 2


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_key_that_is_there_before_the_desk_waits_for_it_and_means_its_own_image(
    page, sake, goes_on
):
    held = []
    with serving(sake) as address:
        page.route("**/look/desk.js", lambda route: held.append(route))
        page.goto(address)
        page.locator(".tile").nth(5).focus()  # all six are drawn
        page.keyboard.press("f")
        if goes_on:
            page.keyboard.press("Home")
        (desk,) = held
        desk.continue_()
        expect(page.locator("#choices button").first).to_be_visible()
        if not goes_on:
            toast(page, "5.png flagged")
    assert [edit.action for edit in Store(sake).edits()] == ["add", *["flag"] * (not goes_on)]


def test_what_is_typed_right_after_the_key_is_typed_into_the_list(page, sake):
    with serving(sake) as address:
        begin(page, address)
        page.keyboard.press("2")
        page.keyboard.press("l")
        page.keyboard.type("run dcf")  # each a key of its own, where the list is not open
        expect(page.locator("#picker input")).to_have_value("run dcf")
        page.keyboard.press("Escape")  # empties it
        page.keyboard.press("Escape")
        expect(page.locator("#picker")).not_to_be_visible()
        toast(page, "0.png labelled 久保田")
    assert [edit.action for edit in Store(sake).edits()] == ["add", "label"]


def test_in_the_panel_a_label_leads_to_the_next_image(page, sake):
    with serving(sake) as address:
        begin(page, address)
        page.keyboard.press("Enter")
        expect(page.locator("#panel-choices button").first).to_have_text("1 獺祭 🍶")
        page.keyboard.press("2")
        expect(page.locator("#place")).to_have_text("2 of 6")
        toast(page, "0.png labelled 久保田")
        page.keyboard.press("l")
        page.keyboard.type("久保")
        page.keyboard.press("Enter")
        expect(page.locator("#place")).to_have_text("3 of 6")
        toast(page, "1.png labelled 久保田")
        page.keyboard.press("f")
        expect(page.locator("#detail")).to_contain_text("to be looked at again")
        page.keyboard.press("Shift+U")
        toast(page, "Everything of this sitting undone")
    assert [classes(sake, n) for n in (0, 1)] == [("獺祭 🍶",)] * 2


def test_everything_of_a_sitting_is_undone_together_and_comes_back_together(page, sake):
    before = Store(sake).data().version.hash
    with serving(sake) as address:
        begin(page, address)
        for _ in range(3):
            page.keyboard.press("2")
        page.keyboard.press("d")
        toast(page, "3.png removed")
        changed = Store(sake).data().version.hash
        page.reload()  # a sitting outlives that
        expect(page.locator(".tile")).to_have_count(5)
        page.keyboard.press("Shift+U")
        toast(page, "all 4 edits of a sitting")
        assert Store(sake).data().version.hash == before
        page.keyboard.press("r")
        toast(page, "Done again")
    assert Store(sake).data().version.hash == changed


def test_many_are_labelled_after_a_preview_as_one_edit(page, sake):
    with serving(sake) as address:
        begin(page, address)
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowRight")
        page.locator(".tile").nth(5).click(modifiers=["Control"])
        expect(page.locator("#chosen")).to_have_text("4 chosen")
        page.keyboard.press("l")
        page.keyboard.type("久保田")
        page.keyboard.press("Enter")
        expect(page.locator("#bulk h2")).to_have_text("Label 4 images")
        expect(page.locator("#bulk li p")).to_have_text(
            ["3 from 獺祭 🍶 to 久保田", "1 from no class to 久保田"]
        )
        expect(page.locator("#bulk img")).to_have_count(4)
        last = Store(sake).last_edit()
        page.keyboard.press("Enter")
        toast(page, "4 files labelled 久保田")
        expect(page.locator(".tile .caption", has_text="久保田")).to_have_count(6)
        assert Store(sake).last_edit() == last + 1
        page.get_by_role("button", name="Undo", exact=True).click()
        toast(page, "Undone")
    assert [classes(sake, n) for n in (0, 5)] == [("獺祭 🍶",), ()]


def test_all_that_a_filter_found_less_one_are_changed_together(page, sake):
    with serving(sake) as address:
        begin(page, address)
        page.fill("input[name=label]", "獺祭 🍶")
        expect(page.locator(".tile")).to_have_count(3)
        page.locator(".tile").first.focus()
        page.keyboard.press("a")
        page.keyboard.press("x")  # but this one
        expect(page.locator("#chosen")).to_have_text("2 chosen")
        page.keyboard.press("e")
        page.select_option("#change select[name=split]", "val")
        page.get_by_role("button", name="Change", exact=True).click()
        expect(page.locator("#bulk h2")).to_have_text("Change split to val of 2 files")
        page.keyboard.press("Enter")
        toast(page, "2 files changed")
    splits = [file.split for file in Store(sake).data().files]
    assert splits == ["train", "val", "val", "train", "train", None]


def test_a_label_that_is_a_script_is_text_everywhere(page, sake):
    with serving(sake) as address:
        begin(page, address)
        page.keyboard.press("l")
        page.keyboard.type(SCRIPT)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        toast(page, f"labelled {SCRIPT}")
        expect(page.locator(".tile .caption").first).to_have_text(SCRIPT)
        page.locator(".tile").first.click()
        expect(page.locator("#detail h2")).to_have_text(SCRIPT)
        expect(page.locator("#panel-choices button").first).to_have_text(f"1 {SCRIPT}")


def test_what_can_t_be_saved_is_taken_back_and_said(browser, sake):
    page = browser.new_page(viewport=DESKTOP)  # its console says that a request failed
    with serving(sake) as address:
        begin(page, address)
        Store(sake).remove(["写真/0.png"], by="花子")
        page.keyboard.press("2")
        toast(page, "left the data")
        expect(page.locator(".tile .caption").first).to_have_text("獺祭 🍶")
    page.close()


def test_what_the_server_did_not_hear_is_said_and_done_again_by_one_button(page, sake):
    with serving(sake) as address:
        begin(page, address)
        page.route("**/api/edits/**", lambda route: route.abort("connectionrefused"))
        page.keyboard.press("2")
        toast(page, "0.png: The server can't be reached. Nothing was saved.")
        page.keyboard.press("c")
        toast(page, "2 edits, the last of 1.png: The server can't be reached.")
        expect(page.locator(".tile .caption").first).to_have_text("獺祭 🍶")
        page.unroute("**/api/edits/**")
        page.click("#toast button")
        expect(page.locator(".tile .caption").first).to_have_text("久保田")
        toast(page, "1.png confirmed")
        assert classes(sake, 0) == ("久保田",)


def test_pictures_and_choices_that_the_server_did_not_give_are_missed(page, sake):
    with serving(sake) as address:
        begin(page, address)
        for kind in ("api/choices", "api/images", "image"):
            page.route(f"**/{kind}/**", lambda route: route.abort("connectionrefused"))
        page.route("**/api/images?*", lambda route: route.abort("connectionrefused"))
        page.keyboard.press("End")
        page.keyboard.press("2")
        toast(page, "The server can't be reached.")
        page.keyboard.press("Enter")
        expect(page.locator("#detail")).to_have_text("The server can't be reached.")
        page.keyboard.press("Escape")
        page.fill("[name=text]", "0.png")
        expect(page.locator("#nothing")).to_contain_text("The server can't be reached.")
        page.unroute("**/api/images?*")
        expect(page.locator(".tile")).to_have_count(1)
        expect(page.locator("#nothing")).to_be_hidden()


def named(browser, address, name):
    """Somebody's own browser, with the name that was given."""
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(f"{address}/?token={TOKEN}")
    page.fill("#name input", name)
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_be_hidden()
    page.locator(".tile").first.focus()
    expect(page.locator("#choices button").first).to_be_visible()
    return page


def test_two_people_at_once_both_keep_theirs_and_one_key_settles_it(browser, sake):
    with serving(sake, TOKEN, edit=True) as address:
        midori, aoi = (named(browser, address, name) for name in ("みどり", "あおい"))
        aoi.route("**/api/news*", lambda route: route.abort())  # she has not seen it
        midori.keyboard.press("2")
        toast(midori, "labelled 久保田")
        aoi.keyboard.press("l")
        aoi.keyboard.type("新酒")
        aoi.keyboard.press("Enter")
        aoi.keyboard.press("Enter")
        toast(aoi, "At once: みどり says '久保田', あおい says '新酒'. Both are kept.")
        toast(midori, "At once")  # she hears of it as well, without asking
        expect(midori.locator(".tile").first.locator(".clash")).to_be_visible()
        assert set(classes(sake, 0)) == {"久保田", "新酒"}
        midori.keyboard.press("t")
        toast(midori, "labelled 新酒")
        expect(midori.locator(".tile").first.locator(".clash")).to_have_count(0)
        for one in (midori, aoi):
            one.context.close()
    assert classes(sake, 0) == ("新酒",)
    assert [edit.by for edit in Store(sake).edits()][1:] == ["みどり", "あおい", "みどり"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_on_a_phone_taps_choose_and_nothing_scrolls_sideways(page, sake, dark):
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark" if dark else "light")
    with serving(sake) as address:
        begin(page, address)
        page.click("#pick-mode")
        page.locator(".tile").nth(0).click()
        page.locator(".tile").nth(1).click()
        expect(page.locator("#chosen")).to_have_text("2 chosen")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_keys_are_shown(page, sake):
    with serving(sake) as address:
        begin(page, address)
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_contain_text("Undo all edits of this sitting")
