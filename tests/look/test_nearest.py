"""The grid in order of how like the images are to one of them."""

import numpy as np
import pytest
from embedded import embedded
from fastapi.testclient import TestClient

from atarimae import look
from atarimae.survey import surveyor

COLOURS = [(250, 0, 0), (200, 60, 0), (0, 250, 0), (0, 0, 250), (128, 128, 128), (250, 5, 0)]


def client_of(workspace):
    return TestClient(look.create_app(workspace), base_url="http://127.0.0.1")


def asked(client, **wanted):
    return client.get("/api/images", params=wanted).json()


@pytest.fixture
def images(maker):
    found = [
        maker.picture(f"{number}.png", colour, "酒" if number % 2 else "杯", split="train")
        for number, colour in enumerate(COLOURS)
    ]
    maker.record()
    return found


def test_order_is_that_of_the_cosines_of_the_newest_run(maker, images):
    run = embedded(maker)
    maker.picture("z.png", (9, 9, 90))  # of which no run knows anything
    client = client_of(maker.record())
    rows = np.array(COLOURS, float)
    cosines = rows @ rows[1] / np.linalg.norm(rows, axis=1) / np.linalg.norm(rows[1])

    said = asked(client, near=images[1])

    wanted = [f"{number}.png" for number in np.argsort(-cosines)]
    assert [item["path"] for item in said["items"]] == [*wanted, "z.png"]
    assert said["near"] == {
        "image": images[1], "by": f"the embeddings of run {run[-4:]}", "left": 1,
    }  # fmt: skip
    assert [item["path"] for item in asked(client, near=images[1], start=2, count=2)["items"]] == (
        wanted[2:4]
    )


def test_the_filter_still_applies(maker, images):
    embedded(maker)
    said = asked(client_of(maker.workspace), near=images[0], label="酒")
    assert [item["path"] for item in said["items"]] == ["5.png", "1.png", "3.png"]


def test_equal_images_come_in_order_of_their_hash_and_files_in_that_of_their_paths(maker):
    images = {
        maker.picture(f"{side}.png", (7, 7, 7), size=(side, side)): f"{side}.png"
        for side in (5, 6, 7, 8)
    }
    maker.again("a copy.png", "6.png")
    maker.record()
    embedded(maker)

    said = asked(client_of(maker.workspace), near=next(iter(images)))

    wanted = [path for _, path in sorted(images.items())]
    place = wanted.index("6.png")
    assert [item["path"] for item in said["items"]] == (
        [*wanted[:place], "6.png", "a copy.png", *wanted[place + 1 :]]
    )


def test_without_a_run_pixels_are_compared_and_it_says_so(maker, images):
    surveyor(maker.workspace).survey(maker.data)

    said = asked(client_of(maker.workspace), near=images[0])

    assert said["near"]["by"] == "brightness and colour of small previews"
    assert [item["path"] for item in said["items"]][:3] == ["0.png", "5.png", "1.png"]


def test_an_image_that_no_run_has_embedded_is_compared_by_pixels(maker, images):
    embedded(maker)
    late = maker.picture("z.png", (1, 249, 1))  # nearly that of 2.png
    client = client_of(maker.record())
    surveyor(maker.workspace).survey(maker.data)

    said = asked(client, near=late)

    assert said["near"]["by"] == "brightness and colour of small previews"
    assert [item["path"] for item in said["items"]][:2] == ["z.png", "2.png"]
    assert asked(client, near=images[0])["near"]["by"].startswith("the embeddings of run")


def test_what_was_looked_at_meanwhile_is_compared_too(maker, images):
    client = client_of(maker.workspace)
    surveyor(maker.workspace).survey(maker.data.where(lambda file: file.path < "3"))
    assert asked(client, near=images[0])["near"]["left"] == 3

    surveyor(maker.workspace).survey(maker.data)

    assert asked(client, near=images[0])["near"]["left"] == 0


def test_before_anything_looked_at_the_images_their_order_is_that_of_paths(maker, images):
    said = asked(client_of(maker.workspace), near=images[3])
    assert said["near"] == {"image": images[3], "by": "", "left": 6}
    assert [item["path"] for item in said["items"]] == [f"{number}.png" for number in range(6)]


def test_an_unknown_image_has_no_neighbours(maker, images):
    embedded(maker)
    assert asked(client_of(maker.workspace), near="<script>")["near"]["by"] == ""
