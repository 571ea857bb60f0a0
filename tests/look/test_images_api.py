"""What /api/images answers: filters, blocks, and the place of an image."""

import time
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from atarimae import look
from atarimae.look.catalogue import SECONDS
from atarimae.types import Box

RED, GREEN, BLUE, GREY = (200, 0, 0), (0, 200, 0), (0, 0, 200), (90, 90, 90)


@pytest.fixture
def client(maker):
    maker.picture("photos/獺祭.png", RED, "獺祭", split="train", source="蔵元", role="gallery")
    maker.picture("photos/ＦＵＬＬ.png", GREEN, "apple", "fruit", split="val", source="shop")
    maker.picture("photos/other.png", BLUE, split="val", role="query")
    maker.picture("photos/copy.png", RED, source="shop")
    return TestClient(look.create_app(maker.record()), base_url="http://127.0.0.1")


def paths(client, **wanted):
    said = client.get("/api/images", params=wanted).json()
    found = [item["path"].removeprefix("photos/") for item in said["items"]]
    assert len(found) == said["total"]
    return found


def test_without_a_filter_every_file_is_shown_in_order_of_path(client):
    assert paths(client) == ["copy.png", "other.png", "獺祭.png", "ＦＵＬＬ.png"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"label": "獺祭"}, ["copy.png", "獺祭.png"]),  # a label is the image's, not the file's
        ({"label": "fruit"}, ["ＦＵＬＬ.png"]),
        ({"label": "frui"}, []),
        ({"label": "-"}, ["other.png"]),
        ({"split": "val"}, ["other.png", "ＦＵＬＬ.png"]),
        ({"split": "-"}, ["copy.png"]),
        ({"source": "shop"}, ["copy.png", "ＦＵＬＬ.png"]),
        ({"role": "query"}, ["other.png"]),
        ({"text": "full"}, ["ＦＵＬＬ.png"]),
        ({"text": "蔵元 獺祭"}, ["獺祭.png"]),
        ({"text": "APPLE"}, ["ＦＵＬＬ.png"]),
        ({"split": "val", "text": "other"}, ["other.png"]),
        ({"text": "%"}, []),
    ],
)
def test_filters(client, wanted, found):
    assert paths(client, **wanted) == found


def test_blocks_and_counts(client):
    said = client.get("/api/images", params={"split": "val", "start": 1, "count": 1}).json()

    assert (said["total"], said["all"], said["start"]) == (2, 4, 1)
    assert [item["path"] for item in said["items"]] == ["photos/ＦＵＬＬ.png"]


def test_find_gives_the_place_of_an_image_in_the_filter(client):
    item = client.get("/api/images", params={"text": "full"}).json()["items"][0]

    found = client.get("/api/images", params={"split": "val", "find": item["image"]}).json()
    missing = client.get("/api/images", params={"split": "train", "find": item["image"]}).json()

    assert found["position"] == 1
    assert missing["position"] is None


def test_files_of_one_image_know_of_each_other(client):
    items = client.get("/api/images").json()["items"]

    assert [item["files"] for item in items] == [2, 1, 2, 1]


def test_detail_of_an_image_shows_its_boxes_as_shapes_and_as_numbers(client, maker):
    image = maker.picture("photos/boxed.png", GREY, "瓶", size=(40, 30))
    boxes = (("瓶", Box(4, 3, 20, 25.5)), ("<b>箱</b>", Box(0, 0, 40, 30)))
    maker.rows[-1] = replace(maker.rows[-1], boxes=boxes)
    maker.record()
    time.sleep(SECONDS * 1.1)

    page = client.get(f"/image/{image}").text

    assert 'viewBox="0 0 40 30"' in page
    assert '<rect x="4.0" y="3.0" width="16.0" height="22.5"><title>瓶</title>' in page
    assert "4.0, 3.0 to 20.0, 25.5 px" in page
    assert "<b>箱</b>" not in page  # a label is text
    assert "<h2>瓶</h2>" in page  # the image's class, not what its boxes hold


def test_new_files_appear_without_a_restart(client, maker):
    assert len(paths(client)) == 4
    maker.picture("photos/new.png", GREY)
    maker.record()
    time.sleep(SECONDS * 1.1)

    assert "new.png" in paths(client)


@pytest.mark.parametrize("wanted", [{"start": -1}, {"count": 100_000}, {"start": "x"}])
def test_bad_numbers_are_refused_in_three_parts(client, wanted):
    said = client.get("/api/images", params=wanted)

    assert said.status_code == 422
    assert said.json()["error"]["what"]
