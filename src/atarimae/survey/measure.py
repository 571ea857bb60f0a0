"""What is measured of each picture."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from atarimae.survey.glance import Glance

Records = np.ndarray[Any, np.dtype[Any]]  # a row an image, of a measure's kind


@dataclass(frozen=True, eq=False, slots=True)
class Measure:
    """One function of a glance at a picture, with the shape of what it gives.

    `kind` is a NumPy type of fixed size, with names where there are several numbers:
    `np.dtype([("light", "f4"), ("blur", "f4")])`; `of` gives what one row of it can be set to,
    such as a tuple. What was measured is kept by name and version: raise the version whenever
    `of` or `kind` changes, or the old values stay.
    """

    name: str
    version: int
    kind: np.dtype[Any]
    of: Callable[[Glance], object]

    @property
    def key(self) -> str:
        """What its values are kept under."""
        return f"{self.name}-{self.version}"
