"""One picture of each kind planted among sound ones; and sets in which all is fine."""

import numpy as np
import pytest
from maker import Maker
from photographs import photograph, saved
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from atarimae.look.checks import Beside, quality, stored
from atarimae.survey import surveyor

CHECKS = {check.name: check for check in (*quality.checks, *stored.checks)}
TAGS = range(1, 9)


def captioned(picture):
    made = picture.copy()
    pen = ImageDraw.Draw(made)
    pen.rectangle((0, 104, 160, 120), fill="white")
    pen.text((3, 105), "No. 42, 2026-11-26, sample", "black", ImageFont.load_default(10))
    return made


def framed(picture):
    made = Image.new("RGB", picture.size, "black")
    made.paste(picture.resize((140, 100)), (10, 10))
    return made


PLANTED = {
    "dark images": lambda p: ImageEnhance.Brightness(p).enhance(0.15),
    "bright images": lambda p: Image.blend(p, Image.new("RGB", p.size, "white"), 0.97),
    "blurred images": lambda p: p.filter(ImageFilter.GaussianBlur(3)),
    "images with little in them": lambda p: Image.new("RGB", p.size, (120, 140, 110)),
    "images of an odd size": lambda p: p.resize((1280, 960), Image.Resampling.NEAREST),
    "images of an odd shape": lambda p: p.crop((0, 40, 160, 64)),
    "bars and frames": framed,
    "captions": captioned,
    "grey among colour": lambda p: p.convert("L"),
}


def findings(workspace, data, name):
    return CHECKS[name].find(data, Beside(surveyor=surveyor(workspace)))


def add(maker, name, content, picture, **more):
    maker.content(name, content, picture.size, **more)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """40 sound photographs, and every kind in every EXIF orientation but for its own check."""
    maker = Maker(tmp_path_factory.mktemp("質") / "ws")
    for seed in range(40):
        add(maker, f"fine{seed}.png", saved(photograph(seed)), photograph(seed))
    for number, (kind, change) in enumerate(PLANTED.items()):
        for tag in TAGS if kind in ("dark images", "images of an odd shape") else (1 + number % 8,):
            made = change(photograph(100 + 10 * number + tag))
            add(maker, f"{kind} {tag}.png", saved(made, tag=tag), made)
    return maker.record(), maker.data


@pytest.mark.parametrize("kind", PLANTED)
def test_what_was_planted_is_found_and_nothing_of_what_is_sound(planted, kind):
    workspace, data = planted

    found = findings(workspace, data, kind)
    names = {path for finding in found for path in finding.files}

    assert {path for path in names if path.startswith(kind)} == {
        file.path for file in data.files if file.path.startswith(kind)
    }
    assert not any(path.startswith("fine") for path in names)
    assert all(one.what and one.evidence and one.fix for one in found)


def test_evidence_has_the_value_and_what_is_usual(planted):
    found = findings(*planted, "images of an odd size")

    large = next(one for one in found if "odd size" in one.files[0])
    assert large.what == f"{large.files[0]} has an odd size."
    assert large.evidence == (
        "A square of its area has a side of 1,109 px; "
        "of the set's images 90 % have 62 px to 139 px."
    )


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    maker = Maker(tmp_path_factory.mktemp("転") / "ws")
    for seed in range(40):
        add(maker, f"fine{seed}.jpg", saved(photograph(seed), "JPEG"), photograph(seed))
    for tag in TAGS:
        add(maker, f"{tag}.jpg", saved(photograph(50 + tag), "JPEG", tag), photograph(50 + tag))
    return maker.record(), maker.data


def test_every_exif_orientation_but_upright_is_found(tagged):
    found = findings(*tagged, "images turned by EXIF")

    assert [one.files for one in found] == [(f"{tag}.jpg",) for tag in TAGS if tag > 1]
    assert found[4].evidence == (
        "Its EXIF orientation is 6: as stored the picture is to be turned by 90° to the right."
    )


def test_turns_are_named_as_pillow_turns_them():
    """What is stored for a tag, turned as the words say, is the picture."""
    picture, across = photograph(0), Image.Transpose.FLIP_LEFT_RIGHT
    words = {
        "mirrored left to right": (across,),
        "turned by 180°": (Image.Transpose.ROTATE_180,),
        "mirrored top to bottom": (Image.Transpose.FLIP_TOP_BOTTOM,),
        "mirrored and turned by 90° to the left": (across, Image.Transpose.ROTATE_90),
        "turned by 90° to the right": (Image.Transpose.ROTATE_270,),
        "mirrored and turned by 90° to the right": (across, Image.Transpose.ROTATE_270),
        "turned by 90° to the left": (Image.Transpose.ROTATE_90,),
    }
    from photographs import STORED

    for tag, said in stored.TURNS.items():
        turned = picture.transpose(STORED[tag])
        for step in words[said]:
            turned = turned.transpose(step)
        assert np.array_equal(np.asarray(turned), np.asarray(picture)), said


def test_where_most_are_turned_it_is_one_finding(tmp_path):
    maker = Maker(tmp_path / "ws")
    for seed in range(12):
        made = photograph(seed)
        add(maker, f"{seed:02}.jpg", saved(made, "JPEG", tag=6), made)
    workspace = maker.record()

    (found,) = findings(workspace, maker.data, "images turned by EXIF")

    assert found.what == "12 of 12 images are stored turned or mirrored."
    assert len(found.files) == 12


def test_inks_bits_and_wide_colours_are_found(tmp_path, wide_gamut):
    maker = Maker(tmp_path / "ws")
    for seed in range(12):
        add(maker, f"fine{seed}.png", saved(photograph(seed)), photograph(seed))
    inks = photograph(20).convert("CMYK")
    add(maker, "inks.jpg", saved(inks, "JPEG"), inks, format="JPEG")
    wide = photograph(21)
    add(maker, "wide.png", saved(wide, icc_profile=wide_gamut), wide)
    broken = photograph(22)
    add(maker, "broken.png", saved(broken, icc_profile=b"nothing"), broken)
    deep = Image.fromarray(np.asarray(photograph(23).convert("L"), np.uint16) * 257)
    add(maker, "deep.png", saved(deep), deep)
    workspace = maker.record()

    found = findings(workspace, maker.data, "colours of another kind")

    assert {one.files[0]: one.evidence[:35] for one in found} == {
        "inks.jpg": "It is stored as inks (CMYK), and ev",
        "wide.png": "Read as sRGB, which its profile is ",
        "broken.png": "Its colour profile is broken.",
        "deep.png": "It has 16 bits a channel, of which ",
    }


def drawing(seed):
    """A thing on white, as catalogues and emoji have it."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", (128, 128), "white")
    pen = ImageDraw.Draw(picture)
    for _ in range(3):
        x, y = random.integers(10, 60, 2).tolist()
        colour = tuple(random.integers(0, 220, 3).tolist())
        pen.ellipse((x, y, x + 50, y + 50), fill=colour, outline="black")
    return picture


SOUND = {
    "photographs": photograph,
    "drawings": drawing,
    "at night": lambda seed: ImageEnhance.Brightness(photograph(seed)).enhance(0.15),
    "grey": lambda seed: photograph(seed).convert("L"),
    "blurred alike": lambda seed: photograph(seed).filter(ImageFilter.GaussianBlur(4)),
    "framed alike": lambda seed: framed(photograph(seed)),
    "strips": lambda seed: photograph(seed).resize((40, 120)),
}


@pytest.mark.parametrize("kind", SOUND)
def test_set_that_is_all_alike_has_no_finding(tmp_path, kind):
    maker = Maker(tmp_path / "ws")
    for seed in range(24):
        made = SOUND[kind](seed)
        add(maker, f"{seed}.png", saved(made), made)
    workspace, data = maker.record(), maker.data

    assert [one for name in CHECKS for one in findings(workspace, data, name)] == []


def test_nobody_looks_at_pixels_without_a_surveyor(planted):
    _, data = planted

    assert [one for check in CHECKS.values() for one in check.find(data, Beside())] == []
