"""Tiles over HTTP: of the store's own images, once their pyramid is there."""

import time
from io import BytesIO

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pillow

from atarimae import look
from atarimae import task as tasks
from atarimae.look import pyramid, sheets
from atarimae.store import Store
from atarimae.tidy import gc

WIDE, HIGH = 700, 530
NOISE = np.random.default_rng(0).integers(0, 256, (HIGH, WIDE, 3), dtype=np.uint8)


@pytest.fixture
def image(maker):
    return maker.drawn("図面/大 🗺.png", Pillow.fromarray(NOISE))


@pytest.fixture
def client(maker, image):
    return TestClient(look.create_app(maker.record()), base_url="http://127.0.0.1")


def test_the_tiles_of_an_image_are_made_when_they_are_first_asked_for(client, image):
    before = client.get(f"/tile/{image}/10/0_0")
    told = client.get(f"/api/sheet/{image}").json()
    tile = client.get(f"/tile/{image}/10/1_1")

    assert before.status_code == 404
    assert f"/api/sheet/{image}" in before.json()["error"]["fix"]
    assert told == {"share": 1, "width": WIDE, "height": HIGH, "tile": 512, "levels": 10}
    assert np.array_equal(np.asarray(Pillow.open(BytesIO(tile.content))), NOISE[512:, 512:])
    assert tile.headers["content-type"] == "image/png"
    assert tile.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in tile.headers["cache-control"]


def test_how_far_a_long_making_is_is_told(client, image, maker, monkeypatch):
    monkeypatch.setattr(pyramid, "LARGE", 0)
    monkeypatch.setattr(sheets, "SHORT", 0)
    shares = [client.get(f"/api/sheet/{image}").json()["share"]]
    while shares[-1] < 1:
        time.sleep(0.01)
        shares.append(client.get(f"/api/sheet/{image}").json()["share"])

    assert shares == sorted(shares)
    assert client.get(f"/tile/{image}/0/0_0").status_code == 200


@pytest.mark.parametrize(
    "name",
    ["10/2_0", "10/0_-1", "11/0_0", "-1/0_0", "99999999999999999999/0_0", "10/0_0.png", "a/b_c",
     "10/..%2f0_0", "../10/0_0", "10/0_0/..%2f..%2f"],
)  # fmt: skip
def test_only_tiles_that_are_there_are_served(client, image, name):
    client.get(f"/api/sheet/{image}")
    said = client.get(f"/tile/{image}/{name}")

    assert said.status_code in (404, 422)
    assert "error" in said.json()


def test_a_pyramid_in_the_cache_is_served_only_for_an_image_of_the_store(client, image, maker):
    client.get(f"/api/sheet/{image}")
    other = "0" * 64
    path = pyramid.place(maker.workspace, other)
    path.parent.mkdir(parents=True)
    path.write_bytes(pyramid.place(maker.workspace, image).read_bytes())

    assert client.get(f"/tile/{other}/10/0_0").status_code == 404
    assert client.get(f"/api/sheet/{other}").status_code == 404


@pytest.mark.parametrize("swapped", ["link", "other content", "gone"])
def test_what_took_a_files_place_is_not_cut_into_tiles(client, image, maker, tmp_path, swapped):
    place = maker.workspace.root / "図面/大 🗺.png"
    secret = tmp_path / "secret.png"
    secret.write_bytes(place.read_bytes()[::-1])
    place.unlink()
    if swapped == "link":
        place.symlink_to(secret)
    elif swapped == "other content":
        place.write_bytes(secret.read_bytes())

    said = client.get(f"/api/sheet/{image}")
    assert said.status_code == 400
    assert "Put it back as it was" in said.json()["error"]["fix"]
    assert client.get(f"/tile/{image}/0/0_0").status_code == 404


def test_a_file_that_is_put_back_is_tried_again(client, image, maker):
    place = maker.workspace.root / "図面/大 🗺.png"
    content = place.read_bytes()
    place.unlink()
    assert client.get(f"/api/sheet/{image}").status_code == 400
    place.write_bytes(content)

    assert client.get(f"/api/sheet/{image}").json()["share"] == 1


def test_a_cache_that_is_deleted_under_the_page_is_made_again(client, image, maker):
    client.get(f"/api/sheet/{image}")
    pyramid.place(maker.workspace, image).unlink()

    assert client.get(f"/tile/{image}/10/0_0").status_code == 404
    assert client.get(f"/api/sheet/{image}").json()["share"] == 1
    assert client.get(f"/tile/{image}/10/0_0").status_code == 200


def test_tiles_are_counted_with_the_cache_and_go_when_their_image_has_gone(client, image, maker):
    client.get(f"/api/sheet/{image}")
    path = pyramid.place(maker.workspace, image)
    colour = tasks.load("colour")

    kept = gc(maker.workspace, colour, delete=True)
    assert kept.cache >= path.stat().st_size
    assert not kept.items
    store = Store(maker.workspace)
    store.remove([file.path for file in store.data().files])
    gone = gc(maker.workspace, colour, delete=True)
    assert [item.path for item in gone.items] == [path.relative_to(maker.workspace.root).as_posix()]
    assert not path.exists()
