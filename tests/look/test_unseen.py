"""What was looked at is known, and what was not is shown in an order worth one's time."""

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from maker import Maker
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae import look, runlog
from atarimae.store import Store
from atarimae.types import Score


@pytest.fixture
def sake(maker):
    """Three images of 獺祭, two of 出羽桜, one without a label; by path their hashes."""
    images = {
        path: maker.picture(path, (40 * number, 90, 200), *labels)
        for number, (path, *labels) in enumerate(
            (("a1.png", "獺祭"), ("a2.png", "獺祭"), ("a3.png", "獺祭"), ("b1.png", "出羽桜"),
             ("b2.png", "出羽桜"), ("c.png",))
        )
    }  # fmt: skip
    maker.record()
    return images


@pytest.fixture
def client(maker, sake):
    return TestClient(look.create_app(maker.workspace), base_url="http://127.0.0.1")


def found(client, **wanted):
    said = client.get("/api/images", params=wanted).json()
    return [item["path"] for item in said["items"]]


def test_what_was_seen_is_noted_and_left_out_of_the_unseen(client, maker, sake):
    answer = client.post("/seen", json={"images": [sake["a1.png"], sake["c.png"], "f" * 64]})
    assert answer.json() == {"noted": 2}  # the third is no image of ours
    assert set(found(client, seen="no")) == {"a2.png", "a3.png", "b1.png", "b2.png"}
    assert found(client, seen="yes") == ["a1.png", "c.png"]
    assert len(found(client)) == 6
    assert client.get("/api/images", params={"label": "獺祭"}).json()["seen"] == [1, 3]


def test_classes_of_which_least_was_seen_come_first_and_take_turns(client, sake):
    client.post("/seen", json={"images": [sake["a1.png"]]})
    # One of 獺祭 is known already: the others begin.
    assert found(client, seen="no") == ["b1.png", "c.png", "a2.png", "b2.png", "a3.png"]


def test_of_one_class_the_worst_answered_image_comes_first(maker, client, sake):
    with runlog.start(maker.workspace, because="基準", stage="holdout") as log:
        parts = {"key": ["a1.png", "a2.png", "a3.png"], "mrr@20": [1.0, 0.5, 0.2]}
        pd.DataFrame(parts).to_parquet(log.folder / "parts.parquet")
        log.finish(scores=[Score("mrr@20", 0.57, {})])
    assert found(client, seen="no", label="獺祭") == ["a3.png", "a2.png", "a1.png"]


def test_a_list_that_is_looked_through_stays_as_it_was(client, sake):
    first = client.get("/api/images", params={"seen": "no"}).json()
    client.post("/seen", json={"images": list(sake.values())})
    again = client.get("/api/images", params={"seen": "no", "before": first["before"]}).json()
    assert again["items"] == first["items"]
    assert again["seen"] == [6, 6]
    assert found(client, seen="no") == []


def test_a_page_of_somebody_else_notes_nothing(client, sake):
    answer = client.post(
        "/seen", json={"images": [sake["c.png"]]}, headers={"Origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    assert found(client, seen="yes") == []


def test_a_shared_page_notes_nothing(maker, sake):
    shared = TestClient(
        look.create_app(maker.workspace, token="t" * 32), base_url="http://127.0.0.1",
        cookies={"atarimae": "t" * 32},
    )  # fmt: skip
    assert shared.post("/seen", json={"images": [sake["c.png"]]}).status_code >= 400
    assert Store(maker.workspace).seen() == frozenset()


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_a_thumbnail_that_stays_in_sight_was_seen(page, maker, sake, size):
    if size:
        page.set_viewport_size(size)
    with serving(maker.workspace) as address:
        page.goto(f"{address}/?seen=no")
        expect(page.locator(".tile img")).to_have_count(6)
        expect(page.locator("#seen")).to_have_text("0 % seen")
        with page.expect_response("**/seen"):
            pass
        assert Store(maker.workspace).seen() == set(sake.values())
        expect(page.locator(".tile")).to_have_count(6)  # nothing is taken from under one's eyes
        page.reload()
        expect(page.locator("#nothing")).to_be_visible()
        page.select_option("select[name=seen]", "")
        expect(page.locator("#seen")).to_have_text("100 % seen")


def test_the_large_picture_says_who_saw_it(page, maker, sake):
    Store(maker.workspace).look([sake["c.png"]], by="<i>花子</i>")
    with serving(maker.workspace) as address, page.expect_response("**/seen"):
        page.goto(f"{address}/?open={sake['c.png']}")
        expect(page.locator("#detail")).to_contain_text("Seen by <i>花子</i> on ")


def test_it_opens_at_what_was_not_seen(maker, sake):
    opened = []

    def stop(address):
        opened.append(address)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look.run(maker.workspace, port=0, opened=stop, open_browser=False, unseen=True)
    assert opened[0].endswith("/?seen=no")


def test_many_images_are_put_in_order_at_once(tmp_path):
    maker = Maker(tmp_path / "many")
    for number in range(300):
        content = b"%d" % number
        maker.content(f"{number:03}.png", content, (8, 8), [f"c{number % 7}"], written=False)
    client = TestClient(look.create_app(maker.record()), base_url="http://127.0.0.1")
    said = client.get("/api/images", params={"seen": "no", "count": 14}).json()
    labels = [item["labels"][0] for item in said["items"]]
    assert sorted(labels[:7]) == sorted(labels[7:]) == [f"c{n}" for n in range(7)]
