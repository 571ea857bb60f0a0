"""What a header says: how many bits, and which colours."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from atarimae.predict.source import open_source


def stored(picture, format, **options):
    stream = BytesIO()
    picture.save(stream, format, **options)
    return open_source(stream.getvalue()).facts


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_bits_are_those_of_the_file(format):
    deep = Image.fromarray(np.zeros((4, 4), np.uint16))

    assert stored(deep, format).bits == 16
    assert stored(Image.new("RGB", (4, 4)), format).bits == 8
    assert stored(Image.new("1", (4, 4)), format).bits == 8


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "GIF", "BMP"])
def test_other_formats_have_eight(format):
    assert stored(Image.new("RGB", (4, 4)), format).bits == 8


def test_inks_are_told():
    assert stored(Image.new("CMYK", (4, 4)), "JPEG").mode == "CMYK"
