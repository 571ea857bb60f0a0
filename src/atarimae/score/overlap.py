"""How far boxes overlap."""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

LEAST = 1e-6  # px², so that nothing is divided by zero


def iou(first: Numbers, second: Numbers) -> Numbers:
    """(n, m): what two upright boxes share, of what both cover. Boxes are rows x0, y0, x1, y1."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (first, second)]
    both = areas[0][:, None] + areas[1][None, :] - shared
    return np.asarray(shared / np.clip(both, LEAST, None))
