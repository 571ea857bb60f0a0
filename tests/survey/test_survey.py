"""One pass over the pixels: each image once, each measure once, and nothing that is broken."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atarimae import workspace as workspaces
from atarimae.add import entries, load
from atarimae.survey import MEASURES, Measure, survey, surveyor
from atarimae.survey.glance import AT_LEAST
from atarimae.survey.hashes import PIXELS, PREVIEW
from atarimae.survey.kept import Kept

GREEN = (0, 200, 0)
MODULE = sys.modules[survey.__module__]  # its name is the function's as well


def light(version: int = 1, looked: list[str] | None = None) -> Measure:
    """The mean brightness; notes at whom it looked."""

    def of(glance):
        if looked is not None:
            looked.append(glance.facts.format)
        return (glance.small.mean(), glance.facts.width)

    return Measure("light", version, np.dtype([("mean", "f4"), ("width", "i4")]), of)


def paint(path: Path, *, size=(20, 10), colour=GREEN, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)
    return path


def data_in(folder: Path):
    return load(entries(folder).entries, folder)[0]


def test_each_image_has_a_row_of_numbers_in_the_order_of_the_files(tmp_path):
    paint(tmp_path / "b.png", colour=(90, 90, 90), size=(7, 5))
    paint(tmp_path / "a.png", colour=(30, 30, 30))
    data = data_in(tmp_path)

    found = survey(data, [light()], tmp_path / "cache")

    assert found.images == tuple(file.image for file in data.files)
    assert found.of(light())["mean"].tolist() == [30, 90]
    assert found.of(light())["width"].tolist() == [20, 7]
    assert found.of(light(), found.images[1:])["mean"].tolist() == [90]


def test_files_of_one_image_are_measured_once(tmp_path):
    paint(tmp_path / "a.png")
    (tmp_path / "写し.png").write_bytes((tmp_path / "a.png").read_bytes())
    looked = []

    found = survey(data_in(tmp_path), [light(looked=looked)], tmp_path / "cache")

    assert (len(found.images), looked) == (1, ["PNG"])


def test_what_was_measured_is_never_measured_again_until_its_version_rises(tmp_path):
    paint(tmp_path / "a.png")
    data, cache = data_in(tmp_path), tmp_path / "cache"
    looked = []
    survey(data, [light(looked=looked)], cache)
    survey(data, [light(looked=looked)], cache)
    assert len(looked) == 1

    paint(tmp_path / "b.png", colour=(1, 2, 3))
    survey(data_in(tmp_path), [light(looked=looked)], cache)
    assert len(looked) == 2  # the new one alone

    survey(data_in(tmp_path), [light(2, looked)], cache)
    assert len(looked) == 4


def test_a_picture_is_decoded_once_for_all_measures_that_it_lacks(tmp_path, monkeypatch):
    paint(tmp_path / "a.png")
    data = data_in(tmp_path)
    opened = []
    real = MODULE.open_known
    monkeypatch.setattr(MODULE, "open_known", lambda *a: opened.append(a) or real(*a))

    survey(data, [light(), PREVIEW, PIXELS], tmp_path / "cache")

    assert len(opened) == 1


def test_a_file_that_changed_or_broke_says_so_is_left_out_and_tried_again(tmp_path):
    paint(tmp_path / "a.png")
    good = paint(tmp_path / "b.png", colour=(1, 2, 3))
    data, cache, content = data_in(tmp_path), tmp_path / "cache", good.read_bytes()
    good.write_bytes(content[:-20])

    found = survey(data, [light()], cache)

    assert len(found.images) == 1
    assert found.unread == {data.files[1].image: "Its content has changed since."}

    good.write_bytes(content)
    assert len(survey(data, [light()], cache).images) == 2


def test_an_image_is_read_from_whichever_of_its_files_is_still_there(tmp_path):
    paint(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    data = data_in(tmp_path)
    (tmp_path / "a.png").unlink()

    assert survey(data, [light()], tmp_path / "cache").unread == {}


def test_work_that_is_broken_off_keeps_what_was_done(tmp_path, monkeypatch):
    monkeypatch.setattr(MODULE, "CHUNK", 1)
    for number in range(6):
        paint(tmp_path / f"{number}.png", colour=(number, 0, 0))
    data, cache = data_in(tmp_path), tmp_path / "cache"

    def stop(done, total, note=""):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey(data, [light()], cache, progress=stop)

    kept = Kept(cache, light())
    assert sum(file.image in kept for file in data.files) == 4


def test_a_block_of_the_cache_that_was_cut_off_is_measured_again(tmp_path):
    paint(tmp_path / "a.png")
    data, cache, looked = data_in(tmp_path), tmp_path / "cache", []
    survey(data, [light()], cache)
    (block,) = (cache / "survey" / "light-1").iterdir()
    block.write_bytes(block.read_bytes()[:-3])

    assert len(survey(data, [light(looked=looked)], cache).images) == len(looked) == 1


def test_many_images_are_measured_in_processes_and_keep_their_order(tmp_path):
    for number in range(150):
        paint(tmp_path / "p" / f"{number:03}.png", colour=(number,) * 3, size=(2, 2))
    data = data_in(tmp_path / "p")
    told = []

    found = survey(
        data, [light()], tmp_path / "cache", progress=lambda done, total, _="": told.append(done)
    )

    assert found.of(light())["mean"].tolist() == list(range(150))
    assert told == sorted(told)
    assert told[-1] == 150


def test_a_large_jpeg_is_decoded_reduced_and_its_header_tells_its_full_size(tmp_path):
    paint(tmp_path / "a.jpg", size=(4000, 3000))
    sizes = []
    size = Measure("size", 1, np.dtype("i4"), lambda glance: sizes.append(glance) or 0)
    survey(data_in(tmp_path), [size], tmp_path / "cache")

    (glance,) = sizes
    assert glance.source.picture(AT_LEAST).size == (500, 375)
    assert glance.small.shape == (192, 256, 3)
    assert (glance.facts.width, glance.facts.height) == (4000, 3000)


def test_a_glance_tells_mode_orientation_and_profile(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (30, 20)).save(tmp_path / "a.jpg", exif=exif, icc_profile=b"a profile")
    glances = []
    note = Measure("note", 1, np.dtype("i4"), lambda glance: glances.append(glance.facts) or 0)
    survey(data_in(tmp_path), [note], tmp_path / "cache")

    (facts,) = glances
    assert (facts.mode, facts.orientation, facts.profile) == ("L", 6, b"a profile")
    assert (facts.width, facts.height) == (20, 30)  # after rotation


def test_pixels_of_two_formats_are_one_and_of_two_sizes_are_not(tmp_path):
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8))
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "b.bmp")
    picture.rotate(90, expand=True).save(tmp_path / "c.png")
    data = data_in(tmp_path)

    found = survey(data, [PIXELS], tmp_path / "cache").of(PIXELS)

    expected = hashlib.sha256(b"16 12 " + np.asarray(picture).tobytes()).digest()
    assert found[0].tobytes() == found[1].tobytes() == expected
    assert found[2].tobytes() != expected


def test_a_surveyor_looks_with_every_measure_and_only_when_asked(tmp_path):
    paint(tmp_path / "a.png")
    space = workspaces.create(tmp_path / "ws", "mean-colour")
    asked = surveyor(space)
    assert not space.cache.exists()

    found = asked.survey(data_in(tmp_path))

    assert asked.survey(data_in(tmp_path)) is found
    assert [len(found.of(measure)) for measure in MEASURES] == [1] * len(MEASURES)
    assert surveyor(space) == asked  # so that a page need not check again
