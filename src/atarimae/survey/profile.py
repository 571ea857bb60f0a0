"""How wrong a picture's colours are for who reads its numbers as sRGB and ignores its profile."""

from functools import lru_cache
from io import BytesIO
from typing import cast

import numpy as np
from PIL import Image, ImageCms

UNREADABLE = -1.0


def shift(picture: Image.Image, profile: bytes) -> float:
    """Levels, 0 to 255, that the channels are off by on average; -1 for a profile that is broken.

    A profile of another colour space than RGB says nothing of `picture`, which is RGB by now: 0.
    """
    if not profile:
        return 0.0
    try:
        transform = _transform(profile)
        if transform is None:
            return 0.0
        meant = ImageCms.applyTransform(picture, transform)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return UNREADABLE
    # Without `inPlace` it gives a picture.
    right = np.asarray(cast(Image.Image, meant), np.int16)
    return float(np.abs(right - np.asarray(picture)).mean())


@lru_cache(maxsize=16)  # the pictures of one camera share one
def _transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    own = ImageCms.ImageCmsProfile(BytesIO(profile))
    if own.profile.xcolor_space.strip() != "RGB":
        return None
    return ImageCms.buildTransform(own, ImageCms.createProfile("sRGB"), "RGB", "RGB")
