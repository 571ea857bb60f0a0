"""The known images, at any size: exact, or with a backend and its recall measured."""

from atarimae.predict.index.catalogue import Catalogue
from atarimae.predict.index.choice import Choice, Wish, chosen, told
from atarimae.predict.index.filters import Words
from atarimae.predict.index.kinds import KINDS
from atarimae.predict.index.parts import ROWS
from atarimae.predict.index.recall import Recall, approximate, measured, sampled
from atarimae.types import ALL, Only

__all__ = [
    "ALL", "KINDS", "ROWS", "Catalogue", "Choice", "Only", "Recall", "Wish", "Words", "approximate",
    "chosen", "measured", "sampled", "told",
]  # fmt: skip
