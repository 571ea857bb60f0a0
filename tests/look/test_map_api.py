"""What the map asks of the server: places, images, colours, and a map that is being made."""

import time

import numpy as np
import pytest
from embedded import embedded
from fastapi.testclient import TestClient
from maker import Maker

from atarimae import look
from atarimae.look import colours, maps
from atarimae.look.catalogue import SECONDS, Listing
from atarimae.look.checks import Finding
from atarimae.look.sets import Sets
from atarimae.store import Store

COUNT = 60


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    return Maker(tmp_path_factory.mktemp("map") / "酒")


@pytest.fixture
def fresh(tmp_path):
    return Maker(tmp_path / "新")


@pytest.fixture(scope="module")
def images(maker):
    """Sixty pictures of three colours; the last file is a copy of the first image."""
    made = []
    for number in range(COUNT):
        colour = [20, 20, 20]
        colour[number % 3] = 120 + number
        label = ["赤", "<b>緑</b>"][number % 3 : number % 3 + 1]
        split = "val" if number >= 50 else "train"
        made.append(maker.picture(f"{number:02}.png", tuple(colour), *label, split=split))
    maker.again("copy.png", "00.png", split="val")
    maker.record()
    return made


@pytest.fixture(scope="module")
def client(maker, images):
    embedded(maker)
    return client_of(maker.workspace)


def client_of(workspace):
    return TestClient(look.create_app(workspace), base_url="http://127.0.0.1")


def drawn(client, **wanted):
    """The map's name, its images and places, once it is there."""
    said = {"map": None}
    while not said["map"]:
        said = client.get("/api/map", params=wanted).json()
        assert "error" not in said, said
    name = said["map"]
    places = np.frombuffer(client.get(f"/api/map/{name}/places").content, "<f4").reshape(-1, 2)
    hashes = client.get(f"/api/map/{name}/images").content
    shown = [hashes[at : at + 32].hex() for at in range(0, len(hashes), 32)]
    assert len(places) == len(shown) == said["images"]
    return name, shown, places


def test_a_map_has_each_image_once_where_pca_of_the_embeddings_puts_it(maker, client, images):
    _, shown, places = drawn(client)

    assert sorted(shown) == sorted(images)
    first = {file.image: file for file in reversed(maker.data.files)}
    rows = []
    for image in shown:
        number = int(first[image].path.removesuffix(".png").replace("copy", "0"))
        rows.append([120 + number if one == number % 3 else 20 for one in range(3)])
    rows = np.array(rows, np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows -= rows.mean(0)
    axes = np.linalg.svd(rows, full_matrices=False)[2][:2].T
    assert np.allclose(np.abs(places), np.abs(rows @ axes), atol=1e-5)


def test_a_map_is_kept_by_run_and_images_and_not_made_again(maker, client, monkeypatch):
    name, _, places = drawn(client)
    monkeypatch.setattr(maps, "pca", None)

    again, _, kept = drawn(client_of(maker.workspace))

    assert again == name
    assert np.array_equal(kept, places)


def test_a_new_image_and_a_new_run_make_a_new_map(fresh):
    for number in range(4):
        fresh.picture(f"{number}.png", (number * 60, 9, 9))
    fresh.record()
    embedded(fresh)
    client = client_of(fresh.workspace)
    name, shown, _ = drawn(client)
    fresh.picture("new.png", (1, 2, 250))
    fresh.record()
    embedded(fresh, "neu")
    time.sleep(SECONDS)

    other, more, _ = drawn(client)

    assert other != name
    assert len(more) == len(shown) + 1


def test_a_cut_off_map_in_the_cache_is_made_again(maker, client):
    name, _, places = drawn(client)
    path = maker.workspace.cache / "maps" / f"{name}.safetensors"
    path.write_bytes(path.read_bytes()[:99])

    again, _, made = drawn(client_of(maker.workspace))

    assert again == name
    assert np.array_equal(made, places)


def test_neighbours_are_worked_out_beside_the_page_and_told(client):
    pytest.importorskip("openTSNE")
    said = client.get("/api/map", params={"kind": "neighbours"}).json()
    assert set(said) in ({"map", "said"}, {"map", "of", "images", "by"})

    _, shown, places = drawn(client, kind="neighbours")

    groups = np.array([int(image) for image in _groups(client, shown)])
    far = np.square(places[:, None] - places[None]).sum(2)
    np.fill_diagonal(far, np.inf)
    assert (groups[far.argmin(1)] == groups).mean() > 0.9


def _groups(client, shown):
    items = {item["image"]: item for item in client.get("/api/images").json()["items"]}
    return [int(items[image]["path"].removesuffix(".png").replace("copy", "0")) % 3
            for image in shown]  # fmt: skip


def test_colours_count_images_and_put_those_without_a_name_last(client):
    name, shown, _ = drawn(client)

    said = client.get(f"/api/map/{name}/colours", params={"by": "label"}).json()

    assert said["names"] == ["<b>緑</b>", "赤", "-"]
    assert said["counts"] == [20, 20, 20]
    assert said["none"] == 2
    groups = _groups(client, shown)
    assert [said["names"][code] for code in said["codes"]] == (
        [["赤", "<b>緑</b>", "-"][group] for group in groups]
    )


def test_colours_by_split_and_person_and_seen(maker, client, images):
    name, *_ = drawn(client)

    def counts(by):
        said = client.get(f"/api/map/{name}/colours", params={"by": by}).json()
        return dict(zip(said["names"], said["counts"], strict=True))

    assert counts("split") == {"train": 50, "val": 10}
    assert counts("source") == {"-": 60}
    assert counts("person") == {"花子": 40, "-": 20}
    Store(maker.workspace).look(images[:7])
    assert counts("seen") == {"seen": 7, "not seen yet": 53}


def test_colours_by_suspicion_are_steps_of_the_probability():
    def finding(image, sure, check="wrong labels"):
        return Finding(check, "", (image,), (), "", "", sure=sure)

    found = [finding("a", 0.9), finding("b", 0.25), finding("c", 0.99, "other"), finding("d", 0.5)]

    said = colours.by_suspicion(["a", "b", "c", "d", "e"], found)

    assert [said.names[code] for code in said.codes] == [
        "75% or more", "25% or more", "no suspicion", "50% or more", "no suspicion",
    ]  # fmt: skip
    assert said.names[-1] == "no suspicion"


@pytest.mark.long
def test_suspicion_comes_once_the_checks_are_through(client):
    name, *_ = drawn(client)
    said = {}
    while "codes" not in said:
        said = client.get(f"/api/map/{name}/colours", params={"by": "suspicion"}).json()
        assert "error" not in said, said

    assert sum(said["counts"]) == COUNT
    assert said["names"][-1] == "no suspicion"


def test_the_first_of_several_classes_colours_an_image(fresh):
    image = fresh.picture("a.png", (1, 2, 3), "酒", "杯")
    fresh.record()

    said = colours.by_label(Listing(fresh.data, Sets(fresh.workspace)), [image])

    assert said.names == ("酒",)


def test_items_say_what_an_image_is_and_numbers_that_are_none_say_nothing(client):
    name, shown, _ = drawn(client)

    said = client.get(f"/api/map/{name}/items", params={"number": [3, 999, 0]}).json()

    assert [item["image"] for item in said] == [shown[3], shown[0]]
    assert set(said[0]) == {"image", "path", "labels", "split"}


@pytest.mark.parametrize(
    ("asked", "status", "what"),
    [
        ("/api/map?kind=umap", 422, "There is no kind 'umap'."),
        ("/api/map?run=../..", 400, "Run '../..' can't be shown on a map."),
        ("/api/map/%2e%2e%2fstore/places", 404, None),
        ("/api/map/0123/places", 404, "There is no such map."),
        ("/api/map/0123/colours?by=label", 404, "There is no such map."),
    ],
)
def test_what_is_not_there_is_refused_in_three_parts(client, asked, status, what):
    said = client.get(asked)
    assert said.status_code == status
    assert what is None or said.json()["error"]["what"] == what


def test_without_a_run_or_a_survey_there_is_no_map_and_it_says_what_to_do(fresh):
    fresh.picture("a.png", (1, 2, 3))
    said = client_of(fresh.record()).get("/api/map").json()["error"]
    assert said["what"] == "There is nothing to draw a map of."
    assert "atarimae fit" in said["fix"]


def test_without_the_library_pca_is_there_and_the_page_says_what_neighbours_need(
    client, monkeypatch
):
    from atarimae.look.pages import map as page

    monkeypatch.setattr(page, "can_arrange", lambda: False)

    said = client.get("/api/map", params={"kind": "neighbours"})
    assert said.status_code == 501
    assert said.json()["error"]["fix"] == "pip install 'atarimae[map]'"
    assert "neighbours (t-SNE), needs atarimae[map]" in client.get("/map").text


def test_few_images_are_not_arranged_by_neighbours(fresh):
    pytest.importorskip("openTSNE")
    for number in range(5):
        fresh.picture(f"{number}.png", (number * 40, 9, 9))
    fresh.record()
    embedded(fresh)
    said = client_of(fresh.workspace).get("/api/map", params={"kind": "neighbours"}).json()
    assert said["error"]["found"] == "They are 5."
