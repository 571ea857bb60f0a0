"""Near-copies in a list of results: one stands for the others, so that they don't fill it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from atarimae.look.mine.search import Result
from atarimae.survey import Surveyor
from atarimae.types import Data

MORE = 2  # times as many as are wanted are compared with each other


def apart(found: Sequence[Result], data: Data, surveyor: Surveyor, top: int) -> list[Result]:
    """The first `top` results of which none shows the same picture as one before it.

    Pictures are compared by their pixels, as the check for near-duplicates does, and only as many
    as may come into the list: what shows the same symbol is no copy.
    """
    likely = found[: MORE * top]
    names = {one.image for one in likely}
    pairs = surveyor.pairs(data.where(lambda file: file.image in names))
    like: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        like[pair.outer].add(pair.inner)
        like[pair.inner].add(pair.outer)
    kept: dict[str, Result] = {}
    for one in likely:
        stands = next((image for image in kept if image in like[one.image]), None)
        if stands is None and len(kept) < top:
            kept[one.image] = one
        elif stands is not None:
            kept[stands] = replace(kept[stands], copies=(*kept[stands].copies, one.image))
    return [*kept.values()]
