"""Two classes whose images are each other's neighbours."""

from collections import Counter
from collections.abc import Iterator, Mapping

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.neighbours import Neighbours, neighbours
from atarimae.types import Data, File

SHARE = 0.5  # of the images of either class
FEWEST = 2  # images of either class that lie nearest to the other: one alone is chance
SHOWN = 6  # images


def _find(data: Data, beside: Beside) -> list[Finding]:
    """Only what a run embedded already is looked at: without one, nothing is said."""
    known = neighbours(beside, data)
    if known is None or beside.judged is None:
        return []
    sizes = Counter(name for file in known.files for name in data.classes(file))
    files, run = beside.places(data), beside.judged.run.mark
    return [_finding(data, known, sides, sizes, files, run) for sides in _overlapping(data, known)]


def _overlapping(data: Data, known: Neighbours) -> Iterator[tuple[list[int], list[int]]]:
    """Pairs of classes as the images of each that lie nearest to one of the other."""
    crossing: dict[tuple[str, str], list[int]] = {}
    names = [data.classes(file) for file in known.files]
    for place, (own, nearest) in enumerate(zip(names, known.near[:, 0].tolist(), strict=True)):
        others = names[nearest] if nearest >= 0 else ()
        if own and others and set(own).isdisjoint(others):
            crossing.setdefault((own[0], others[0]), []).append(place)
    sizes = Counter(own[0] for own in names if own)

    def enough(pair: tuple[str, str]) -> bool:
        return len(crossing.get(pair, ())) >= max(FEWEST, SHARE * sizes[pair[0]])

    def share(pair: tuple[str, str]) -> float:
        both = len(crossing[pair]) + len(crossing[pair[::-1]])
        return both / (sizes[pair[0]] + sizes[pair[1]])

    pairs = [pair for pair in crossing if pair < pair[::-1] and enough(pair) and enough(pair[::-1])]
    for pair in sorted(pairs, key=lambda pair: (-share(pair), pair)):
        yield crossing[pair], crossing[pair[::-1]]


def _finding(
    data: Data,
    known: Neighbours,
    sides: tuple[list[int], list[int]],
    sizes: Mapping[str, int],
    files: Mapping[str, list[File]],
    run: str,
) -> Finding:
    one, other = sides
    places = [place for pair in zip(one, other, strict=False) for place in pair][:SHOWN]
    images = tuple(known.files[place].image for place in places)
    names = [data.classes(known.files[side[0]])[0] for side in sides]
    return Finding(
        check.name,
        f"'{names[0]}' and '{names[1]}' can hardly be told apart.",
        images,
        tuple(file.path for image in images for file in files[image]),
        f"Of the {sizes[names[0]]:,} images of '{names[0]}' {len(one):,} lie nearest to one of "
        f"'{names[1]}', and {len(other):,} of {sizes[names[1]]:,} the other way, in the embeddings "
        f"of run {run}.",
        "If they are one class, write both alike. If not, write down what tells them apart, look "
        "through their labels, and see whether it can be seen at the size the model reads.",
    )


check = Check(
    "classes that overlap",
    "One class under two names, or two that nothing in the pictures tells apart.",
    _find,
)
