"""Filters are kept under a name; progress counts images, and what each person said."""

import json

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect
from serving import serving

from atarimae import look
from atarimae.store import Store
from atarimae.types import FLAG, Label
from atarimae.workspace import person


@pytest.fixture
def sake(maker):
    for number, label in enumerate(["獺祭", "獺祭", "久保田", None]):
        labels = [label] if label else []
        split = "val" if number else "train"
        maker.picture(f"{number}.png", (40 * number, 60, 200), *labels, split=split)
    return maker.record()


@pytest.fixture
def client(sake):
    return TestClient(look.create_app(sake), base_url="http://127.0.0.1")


def keep(client, name, query):
    return client.post("/api/filters", json={"name": name, "query": query})


def test_a_filter_is_kept_as_a_plain_line_and_opened_by_its_name(client, sake):
    said = keep(client, " 獺祭 の val ", "?label=獺祭&split=val&version=3&open=ff").json()

    assert (said["name"], said["by"]) == ("獺祭 の val", person())
    (line,) = (sake.root / "filters.jsonl").read_text().splitlines()
    assert json.loads(line) == said
    led = client.get("/filter/獺祭 の val", follow_redirects=False)
    assert led.headers["location"] == "/?label=%E7%8D%BA%E7%A5%AD&split=val"
    assert client.get("/api/filters").json()["filters"] == [said]


def test_the_latest_of_a_name_counts_until_it_is_taken_away(client, sake):
    keep(client, "a", "label=x")
    keep(client, "a", "label=y")
    with (sake.root / "filters.jsonl").open("a") as torn:
        torn.write('{"name": "half')
    assert [one["query"] for one in client.get("/api/filters").json()["filters"]] == ["label=y"]
    client.post("/api/filters/forget", json={"name": "a"})
    assert client.get("/api/filters").json()["filters"] == []
    assert client.get("/filter/a").status_code == 400
    assert client.post("/api/filters/forget", json={"name": "a"}).status_code == 400
    for name, query in (("", "label=x"), ("all", "version=3")):
        assert keep(client, name, query).json()["error"]["what"]


def test_progress_counts_images_by_split_and_class_and_labels_by_person(client, sake):
    store = Store(sake)
    images = {file.path: file.image for file in store.data().files}
    store.label({images["3.png"]: ["久保田"]}, by="みどり")
    store.say([Label(images["0.png"], "獺祭", "checked")], action="confirm", by="あおい")
    store.say([Label(images["1.png"], "", FLAG)], action="flag", by="あおい")
    said = client.get("/api/progress").json()

    whole = {"name": "all", "images": 4, "labelled": 4, "confirmed": 1, "flagged": 1}
    assert said["whole"] == whole
    assert [(one["name"], one["images"]) for one in said["splits"]] == [("train", 1), ("val", 3)]
    assert [(one["name"], one["images"], one["confirmed"]) for one in said["classes"]] == [
        ("久保田", 2, 0), ("獺祭", 2, 1),
    ]  # fmt: skip
    assert said["people"] == [
        {"name": "あおい", "today": 1, "altogether": 1},
        {"name": "みどり", "today": 1, "altogether": 1},
    ]
    page = client.get("/progress").text
    assert "あおい" in page
    assert "/?label=%E7%8D%BA%E7%A5%AD" in page


def test_a_filter_is_kept_and_chosen_at_the_page(page, sake):
    with serving(sake) as address:
        page.goto(address)
        page.fill("input[name=label]", "獺祭")
        expect(page.locator(".tile")).to_have_count(2)
        page.locator(".tile").first.focus()
        page.keyboard.press("s")
        page.fill("#save input", "獺祭だけ")
        page.keyboard.press("Enter")
        expect(page.locator("#toast")).to_contain_text("獺祭だけ")
        page.goto(address)
        expect(page.locator(".tile")).to_have_count(4)
        page.select_option("#kept", "獺祭だけ")
        expect(page.locator(".tile")).to_have_count(2)
        assert "label=" in page.url
