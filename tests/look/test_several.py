"""Several things in one image, among images of one thing."""

import numpy as np
import pytest
from maker import Maker
from photographs import saved
from PIL import Image, ImageDraw

from atarimae.look.checks import Beside, several
from atarimae.survey import surveyor

COLOURS = ("navy", "crimson", "green", "gold", "purple", "teal", "black", "brown")


def thing(number, shape="ellipse"):
    picture = Image.new("RGB", (96, 96), "white")
    pen = ImageDraw.Draw(picture)
    box = (8 + number, 10, 86, 88 - number)
    getattr(pen, shape)(box, fill=COLOURS[number % 8])
    return picture


def beside_each_other(one, other):
    picture = Image.new("RGB", (192, 96), "white")
    picture.paste(one, (0, 0))
    picture.paste(other, (96, 0))
    return picture


def colon(number):
    picture = Image.new("RGB", (96, 96), "white")
    for top in (10, 58):
        ImageDraw.Draw(picture).ellipse((30, top, 60, top + 28), fill=COLOURS[number % 8])
    return picture


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Cups, plates and colons; one picture of a cup has two, and every colon has two dots."""
    maker = Maker(tmp_path_factory.mktemp("店") / "ws")

    def add(name, picture, label):
        maker.content(name, saved(picture), picture.size, (label,))

    for number in range(6):
        add(f"cup{number}.png", thing(number), "杯")
        add(f"plate{number}.png", thing(number, "rectangle"), "皿")
        add(f"colon{number}.png", colon(number), ":")
    add("two.png", beside_each_other(thing(6), thing(7)), "杯")
    return maker.record(), maker.data


def test_two_cups_are_found_and_a_colons_dots_are_not(shop):
    workspace, data = shop

    (found,) = several.check.find(data, Beside(surveyor=surveyor(workspace)))

    assert found.files == ("two.png",)
    assert found.fix.startswith("Cut it at x = 99 px into images of their own")
    first = several.suspects(data, Beside(surveyor=surveyor(workspace)))[0]
    assert found.sure == round(first.score, 6) < 1
    assert found.evidence.startswith(f"Several with a probability of {first.score:.2f}. It can be")


def test_task_that_takes_several_labels_has_no_such_finding(shop):
    workspace, data = shop
    known = Beside(one_label=False, surveyor=surveyor(workspace))

    assert several.check.find(data, known) == []
    assert several.check.find(data, Beside()) == []


class Embedded:
    """A run with embeddings of our choice."""

    def __init__(self, rows):
        self.rows = rows  # by path

    def embedded(self, data):
        kept = data.where(lambda file: file.path in self.rows)
        return kept, [self.rows[file.path] for file in kept.files]


def test_what_is_like_another_of_its_class_is_suspected_less(shop):
    """Runs for which the two cups look like one, and like no cup."""
    workspace, data = shop
    random = np.random.default_rng(0)
    rows = {file.path: np.float32(random.normal(size=16)) for file in data.files}
    cups = sum(rows[f"cup{number}.png"] for number in range(6))

    def score(row):
        run = Embedded({**rows, "two.png": row})
        found = several.suspects(data, Beside(surveyor=surveyor(workspace), judged=run))
        (image,) = (file.image for file in data.files if file.path == "two.png")
        return next(one.score for one in found if one.image == image)

    assert score(rows["cup0.png"]) < 0.8 * score(-cups)


def test_probability_is_that_of_a_logistic_regression():
    told = {"a": np.array([0.0, 1.0]), "b": np.array([2.0, 0.5])}

    found = several._probability(told, {"bias": -1.0, "a": 2.0, "b": 0.5})

    assert found == pytest.approx([1 / (1 + np.exp(-0.0)), 1 / (1 + np.exp(-1.25))])


def test_suspects_are_in_order_and_all_there(shop):
    workspace, data = shop

    found = several.suspects(data, Beside(surveyor=surveyor(workspace)))
    scores = [one.score for one in found]

    assert len(found) == len(data.images)
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
