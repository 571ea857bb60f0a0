"""Chosen sets of images: an address that stays."""

import pytest
from fastapi.testclient import TestClient

from atarimae import look
from atarimae.web import token as tokens


@pytest.fixture
def images(maker):
    return [
        maker.picture(f"写真/{number}.png", (number, 9, 9), "酒" if number % 2 else "杯")
        for number in range(6)
    ]


@pytest.fixture
def client(maker, images):
    return client_of(maker.record())


def client_of(workspace, **more):
    return TestClient(look.create_app(workspace, **more), base_url="http://127.0.0.1")


def paths(client, **wanted):
    items = client.get("/api/images", params=wanted).json()["items"]
    return [item["path"].removeprefix("写真/") for item in items]


def keep(client, images, **more):
    return client.post("/api/sets", json={"images": images}, **more)


def test_a_set_filters_the_grid_together_with_the_other_filters(client, images):
    said = keep(client, [images[4], images[1], images[3], images[1]]).json()

    assert said["images"] == 3
    assert said["address"] == f"/?set={said['id']}"
    assert paths(client, set=said["id"]) == ["1.png", "3.png", "4.png"]
    assert paths(client, set=said["id"], label="酒") == ["1.png", "3.png"]
    assert client.get(said["address"]).status_code == 200


def test_the_same_images_are_the_same_set_and_it_is_there_after_a_restart(maker, client, images):
    first = keep(client, images[:3]).json()["id"]

    assert keep(client, images[2::-1]).json()["id"] == first
    assert keep(client, images[:2]).json()["id"] != first
    assert paths(client_of(maker.workspace), set=first) == ["0.png", "1.png", "2.png"]
    kept = maker.workspace.root / "sets" / f"{first}.txt"
    assert kept.read_text().split() == sorted(images[:3])


@pytest.mark.parametrize("name", ["0" * 16, "../store", "%2e%2e%2fstore", "/etc/passwd", "<b>"])
def test_a_set_that_is_not_there_is_refused(client, name):
    said = client.get("/api/images", params={"set": name})
    assert said.status_code == 404
    assert said.json()["error"]["what"] == "There is no such set of images."


def test_a_set_that_was_changed_is_refused(maker, client, images):
    name = keep(client, images[:3]).json()["id"]
    (maker.workspace.root / "sets" / f"{name}.txt").write_text(images[5] + "\n")

    said = client_of(maker.workspace).get("/api/images", params={"set": name})

    assert said.status_code == 409
    assert "is not what its name says" in said.json()["error"]["found"]


def test_what_is_no_image_of_the_store_is_refused_and_nothing_is_written(maker, client, images):
    for wrong in (["0" * 64], [*images, "../../etc/passwd"], ["A" * 64]):
        said = keep(client, wrong)
        assert said.status_code == 422
        assert f"1 of {len(wrong)} are not there" in said.json()["error"]["found"]
    assert keep(client, []).json()["error"]["what"] == "A set needs images."
    assert client.post("/api/sets", json={"images": "all"}).status_code == 422
    assert not (maker.workspace.root / "sets").exists()


def test_another_page_can_keep_no_set_and_a_shared_page_neither(maker, client, images):
    assert keep(client, images, headers={"Origin": "http://evil.example"}).status_code == 403

    shared = client_of(maker.workspace, token=(token := tokens.new()))
    shared.get("/", params={"token": token})
    assert keep(shared, images).json()["error"]["what"] == (
        "A shared page can be read and not changed."
    )
    assert not (maker.workspace.root / "sets").exists()
