"""Images of one picture, put together: which to keep and why, and how the others came from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from atarimae.look.checks.finding import Beside
from atarimae.look.checks.relation import relation
from atarimae.survey.alike import SAME
from atarimae.survey.groups import groups
from atarimae.survey.pairs import Pair
from atarimae.types import SPLITS, Data, File

MOST = 5  # of a group, whose origin is told
LOSSLESS = frozenset(("PNG", "BMP", "TIFF"))  # as nearly all of them are


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more images of one picture."""

    files: tuple[File, ...]  # the first file of each image; the one to keep comes first
    why: str  # it is kept, as "the largest, 640 × 480 px"
    came: tuple[str, ...]  # of each file but the first, how it came from another: a sentence
    turned: bool  # whether all that differs is mirrored or turned

    @property
    def images(self) -> tuple[str, ...]:
        """Their hashes."""
        return tuple(file.image for file in self.files)

    @property
    def paths(self) -> tuple[str, ...]:
        """Where they lie."""
        return tuple(file.path for file in self.files)

    @property
    def evidence(self) -> str:
        """How they came from each other."""
        more = f"; and {len(self.came) - MOST:,} more" if len(self.came) > MOST else ""
        return "; ".join(self.came[:MOST]) + more + "."


def pairs(data: Data, beside: Beside) -> tuple[Pair, ...]:
    """All pairs of images that show one picture; none where nobody looks at pixels."""
    return beside.surveyor.pairs(data) if beside.surveyor else ()


def agreeing(data: Data, beside: Beside) -> tuple[list[Pair], list[Pair]]:
    """Those with a class in common or without one on a side, and those whose classes differ."""
    return beside.answers.once("pairs", data, lambda: _parted(data, beside))


def _parted(data: Data, beside: Beside) -> tuple[list[Pair], list[Pair]]:
    places = beside.places(data)
    both: tuple[list[Pair], list[Pair]] = ([], [])
    for pair in pairs(data, beside):
        one, other = ({*data.classes(places[name][0])} for name in (pair.outer, pair.inner))
        both[bool(one and other and one.isdisjoint(other))].append(pair)
    return both


def grouped(data: Data, beside: Beside, found: Iterable[Pair]) -> list[Group]:
    """The pairs put together, the largest sets first; no image is in two sets."""
    ties = {frozenset((pair.outer, pair.inner)): pair for pair in found}
    sets = groups((pair.outer, pair.inner) for pair in ties.values())
    places = beside.places(data)
    return [_group(data, one, places, ties) for one in sets]


def _group(
    data: Data,
    names: tuple[str, ...],
    places: Mapping[str, list[File]],
    ties: dict[frozenset[str], Pair],
) -> Group:
    hub = names[0]
    order = sorted(names, key=lambda name: _worth(data, places[name]), reverse=True)
    kept, came, turned = order[0], [], True
    for name in order[1:]:
        # All are alike to the hub; where the kept one is not to this one, both came from there.
        origin = kept if frozenset((kept, name)) in ties else hub
        pair = ties[frozenset((origin, name))]
        told = relation(pair, data.images[origin], data.images[name])
        came.append(f"{places[name][0].path} is {places[origin][0].path} {told}")
        turned = turned and pair.turn != SAME
    files = tuple(places[name][0] for name in order)
    return Group(files, _why(data, order, places), tuple(came), turned)


def _worth(data: Data, files: list[File]) -> tuple[bool, int, bool, int, int, str]:
    """What is kept first: with a label, large, little compressed, in the later split."""
    image = data.images[files[0].image]
    later = max(SPLITS.index(file.split) if file.split in SPLITS else -1 for file in files)
    lossless = image.format in LOSSLESS  # among these a larger file holds no more
    return (
        bool(data.classes(files[0])), image.width * image.height,
        lossless, 0 if lossless else image.bytes, later, image.hash,
    )  # fmt: skip


def _why(data: Data, order: list[str], places: Mapping[str, list[File]]) -> str:
    """What the first has and the second lacks."""
    first, second = (_worth(data, places[name]) for name in order[:2])
    labelled, area, lossless, size, later, _ = first
    image = data.images[order[0]]
    if labelled != second[0]:
        return "it has a label"
    if area != second[1]:
        return f"it is the largest, {image.width:,} × {image.height:,} px"
    if lossless != second[2]:
        return f"it is saved without loss, as {image.format}"
    if size != second[3]:
        return f"it is the least compressed, {size / 1000:,.1f} kB"
    if later != second[4]:
        return f"it is in {SPLITS[later]}, and what is judged must not be trained on"
    return "one is as good as the other"
