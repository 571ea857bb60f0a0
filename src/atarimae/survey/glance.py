"""One picture as the measures see it: decoded once, and as small as its format allows."""

from functools import cached_property

import numpy as np
from PIL import Image

from atarimae.predict.facts import Facts
from atarimae.predict.sheet import Sheet
from atarimae.predict.source import Picture
from atarimae.survey.planes import Levels, Planes, luma, planes
from atarimae.types import Pixels

AT_LEAST = 96  # px; JPEGs and sheets come reduced, with both sides still at least twice that
SIDE = 256  # px, the longer side of `small`


class Glance:
    """What a measure may ask of one picture. Each answer is worked out once, for all measures.

    A measure that needs every pixel asks `source`, which decodes once more: that is dear, and for
    few pictures only.
    """

    def __init__(self, source: Picture | Sheet) -> None:
        self.source = source

    @cached_property
    def facts(self) -> Facts:
        """What the header says."""
        return self.source.facts

    @cached_property
    def picture(self) -> Image.Image:
        """RGB, upright, and at most `SIDE` px long; a smaller picture as it is."""
        picture = self.source.picture(AT_LEAST)
        if max(picture.size) > SIDE:
            picture = picture.copy()
            picture.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
        return picture

    @cached_property
    def small(self) -> Pixels:
        """The pixels of `picture`, (h, w, 3)."""
        return np.asarray(self.picture)

    @cached_property
    def planes(self) -> Planes:
        """The same as (3, h, w)."""
        return planes(self.picture)

    @cached_property
    def luma(self) -> Levels:
        """The brightness of `small`."""
        return luma(self.planes)
