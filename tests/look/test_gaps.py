"""Classes with few images, classes that training lacks, outliers, overlaps and shifts."""

import numpy as np
import pytest
from maker import Maker
from photographs import photograph, saved
from PIL import ImageEnhance

from atarimae.look.checks import Beside, gaps, neighbours, outliers, overlaps, shift
from atarimae.predict.search import search
from atarimae.survey import surveyor


def test_class_with_a_fifth_of_the_usual_images_has_few(maker):
    for number in range(3):
        for image in range(15):
            maker.picture(f"{number}/{image:02}.png", (number, image, 9), f"class {number}")
    maker.picture("r0.png", (200, 0, 0), "稀")
    maker.picture("r1.png", (201, 0, 0), "稀")
    maker.picture("single.png", (0, 0, 200), "single")
    maker.record()

    (found,) = gaps.few.find(maker.data, Beside())

    assert found.what == "'稀' has few images."
    assert found.files == ("r0.png", "r1.png")
    assert found.evidence == "稀 (2); the usual class has 15."


def test_small_classes_are_not_few_where_all_are_small(maker):
    for number in range(9):
        for image in range(2 + number % 2):
            maker.picture(f"{number} {image}.png", (number, image, 9), f"class {number}")
    maker.record()

    assert gaps.few.find(maker.data, Beside()) == []


def test_class_of_test_that_train_lacks_is_found_where_the_task_knows_its_classes(maker):
    maker.picture("a.png", (1, 0, 0), "酒", split="train")
    maker.picture("b.png", (2, 0, 0), "酒", split="test")
    maker.picture("c.png", (3, 0, 0), "杯", split="test")
    maker.record()

    (found,) = gaps.unlearned.find(maker.data, Beside(unseen_classes=False))

    assert (found.what, found.files) == ("'杯' is in test and not in train.", ("c.png",))
    assert gaps.unlearned.find(maker.data, Beside(unseen_classes=True)) == []


class Embedded:
    """A run with embeddings of our choice, in place of one that was fitted."""

    class run:  # noqa: N801
        mark = "7gk2"

    def __init__(self, rows):
        self.rows = rows  # by image

    def embedded(self, data):
        kept = data.where(lambda file: file.image in self.rows)
        return kept, [self.rows[file.image] for file in kept.files]


def placed(maker, rows, label=lambda place: (), **columns):
    """A picture for each row, and a run that embeds it there."""
    images = []
    for place in range(len(rows)):
        name, colour = f"{place:03}.png", (place % 250, place // 250, 7)
        images.append(
            maker.picture(name, colour, *label(place), **{k: v(place) for k, v in columns.items()})
        )
    maker.record()
    return Embedded(dict(zip(images, rows, strict=True)))


def spread(count, d=24, seed=0):
    random = np.random.default_rng(seed)
    return (random.normal(size=(count, d)) + 2 * np.eye(d)[0]).astype(np.float32)


def test_neighbours_are_those_of_the_whole_embeddings_and_never_the_image_itself(maker):
    rows = spread(40)
    run = placed(maker, rows)

    known = neighbours.neighbours(Beside(judged=run), maker.data)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)

    assert np.array_equal(known.near[:, 0], cosines.argmax(1))


def test_neighbours_are_searched_once_for_all_checks_and_anew_for_other_data(maker):
    known = Beside(judged=placed(maker, spread(12)))
    data = maker.data

    first = neighbours.neighbours(known, data)

    assert neighbours.neighbours(known, data) is first
    assert neighbours.neighbours(known, data.where(lambda file: file.path < "006")) is not first
    assert neighbours.neighbours(Beside(judged=known.judged), data) is not first


def test_reduced_rows_keep_their_neighbours():
    """Embeddings vary in far fewer directions than they have numbers."""
    random = np.random.default_rng(0)
    rows = (random.normal(size=(300, 20)) @ random.normal(size=(20, 400))).astype(np.float32)
    rows += random.normal(size=rows.shape).astype(np.float32) * 0.1
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    small = neighbours.reduced(list(rows))
    ids = [str(n) for n in range(300)]
    whole, _ = search(unit, unit, 1, query_ids=ids, gallery_ids=ids)
    part, _ = search(small, small, 1, query_ids=ids, gallery_ids=ids)

    assert small.shape == (300, 128)
    assert (whole == part).mean() > 0.98


def test_image_unlike_the_rest_is_found(maker):
    rows = spread(60)
    rows[17] = -3 * np.eye(24)[5] - 3 * np.eye(24)[0]
    run = placed(maker, rows)

    (found,) = outliers.check.find(maker.data, Beside(judged=run))

    assert found.files == ("017.png",)
    assert "in the embeddings of run 7gk2" in found.evidence


@pytest.mark.parametrize("seed", range(3))
def test_images_of_one_spread_have_no_outlier(maker, seed):
    run = placed(maker, spread(200, seed=seed))

    assert outliers.check.find(maker.data, Beside(judged=run)) == []
    assert outliers.check.find(maker.data, Beside()) == []


def test_two_classes_whose_images_are_each_others_neighbours_overlap(maker):
    """Six classes of four images; b and c lie in one place, pair by pair."""
    random = np.random.default_rng(0)
    places = {name: random.normal(size=24) * 5 for name in "abcdef"}
    pairs = random.normal(size=(4, 24))
    rows = []
    for name in "abcdef":
        for image in range(4):
            centre = places["b"] + 2 * pairs[image] if name in "bc" else places[name]
            rows.append(centre + 0.3 * random.normal(size=24))
    run = placed(maker, np.float32(rows), lambda place: ("abcdef"[place // 4],))

    (found,) = overlaps.check.find(maker.data, Beside(judged=run))

    assert found.what == "'b' and 'c' can hardly be told apart."
    assert found.evidence.startswith(
        "Of the 4 images of 'b' 4 lie nearest to one of 'c', and 4 of 4"
    )
    assert set(found.files) <= {f"{place:03}.png" for place in range(4, 12)}


def test_classes_that_lie_apart_do_not_overlap(maker):
    random = np.random.default_rng(1)
    centres = random.normal(size=(6, 24)) * 5
    rows = np.repeat(centres, 4, 0) + random.normal(size=(24, 24))
    run = placed(maker, np.float32(rows), lambda place: (str(place // 4),))

    assert overlaps.check.find(maker.data, Beside(judged=run)) == []


def split(place):
    return "train" if place % 2 else "test"


def test_shifted_test_split_is_told_with_its_images(maker):
    rows = spread(160)
    rows[::4, 3] += 4  # half of the test split
    run = placed(maker, rows, split=split)

    (found,) = shift.check.find(maker.data, Beside(judged=run))

    assert found.what == "The images of test look different from those of train."
    assert "the embeddings of run 7gk2" in found.evidence
    shifted = {f"{place:03}.png" for place in range(0, 160, 4)}
    assert set(found.files[:8]) <= shifted


@pytest.mark.parametrize("seed", range(3))
def test_splits_at_random_say_nothing(maker, seed):
    run = placed(maker, spread(160, seed=seed), split=split)

    assert shift.check.find(maker.data, Beside(judged=run)) == []


def test_splits_of_different_classes_are_not_told_apart_by_those(maker):
    random = np.random.default_rng(0)
    rows = np.float32(np.repeat(random.normal(size=(60, 24)) * 3, 4, 0))
    rows += random.normal(size=rows.shape).astype(np.float32)
    run = placed(
        maker, rows, lambda place: (f"class {place // 4}",), split=lambda place: split(place // 4)
    )

    assert shift.check.find(maker.data, Beside(judged=run)) == []


def test_what_differs_between_splits_is_told_by_the_surveys_numbers(tmp_path):
    maker = Maker(tmp_path / "ws")
    for seed in range(60):
        made, side = photograph(seed), split(seed)
        if side == "test":
            made = ImageEnhance.Brightness(made).enhance(0.6)
        maker.content(f"{seed:02}.png", saved(made), made.size, split=side)
    workspace, data = maker.record(), maker.data

    (found,) = shift.check.find(data, Beside(surveyor=surveyor(workspace)))

    assert "By how bright, sharp and large they are a classifier tells them apart" in found.evidence
    assert "the brightness" in found.evidence.split("What differs:")[1]
    assert all(path in {f"{n:02}.png" for n in range(0, 60, 2)} for path in found.files)
