"""What the points of a map are coloured by: a name for each image, and how many have it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from atarimae.look.catalogue import NONE, Listing
from atarimae.look.checks import Finding, wrong
from atarimae.types import Data, File

SURE = (0.75, 0.5, 0.25)  # the least probabilities of the steps of suspicion, highest first
FINE = "no suspicion"
SUSPECTS = wrong.check.name  # the check whose findings are steps of suspicion
SEEN = ("seen", "not seen yet")


@dataclass(frozen=True)
class Colours:
    """The names of n images as numbers in `names`; `none` is the number of those without one."""

    names: tuple[str, ...]
    counts: tuple[int, ...]  # images, by name
    codes: tuple[int, ...]  # n
    none: int | None = None

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "names": self.names, "counts": self.counts, "codes": self.codes, "none": self.none,
        }  # fmt: skip


def by_label(listing: Listing, images: Sequence[str]) -> Colours:
    """The class of each image: of several the first that was said."""
    return _of_files(listing, images, listing.data.label)


def by_split(listing: Listing, images: Sequence[str]) -> Colours:
    """The split of the image's first file."""
    return _of_files(listing, images, lambda file: file.split)


def by_source(listing: Listing, images: Sequence[str]) -> Colours:
    """The source of the image's first file."""
    return _of_files(listing, images, lambda file: file.source)


def by_person(listing: Listing, images: Sequence[str]) -> Colours:
    """Who said the class of the image first: a person, or the model that it was taken from."""
    return _of_files(listing, images, lambda file: _person(listing.data, file))


def by_seen(images: Sequence[str], seen: frozenset[str]) -> Colours:
    """Whether somebody has looked at the image."""
    return counted([SEEN[image not in seen] for image in images], SEEN)


def by_suspicion(images: Sequence[str], findings: Sequence[Finding]) -> Colours:
    """The probability that the label is wrong, in steps, as the check of labels found it."""
    sure = {one.images[0]: one.sure for one in findings if one.check == SUSPECTS}
    steps = [f"{least:.0%} or more" for least in SURE]
    found = [
        next((step for step, least in zip(steps, SURE, strict=True) if sure[image] >= least), FINE)
        if image in sure
        else FINE
        for image in images
    ]
    return counted(found, (*steps, FINE))


BY: Mapping[str, Callable[[Listing, Sequence[str]], Colours]] = {
    "label": by_label, "split": by_split, "source": by_source, "person": by_person,
}  # fmt: skip


def counted(found: Sequence[str], order: Sequence[str] = ()) -> Colours:
    """In that order, or without one the most frequent first and those without a name last."""
    counts = Counter(found)
    names = [name for name in order if counts[name]] or sorted(
        counts, key=lambda name: (name == NONE, -counts[name], name)
    )
    number = {name: i for i, name in enumerate(names)}
    return Colours(
        tuple(names), tuple(counts[name] for name in names),
        tuple(number[name] for name in found), number.get(NONE),
    )  # fmt: skip


def _of_files(
    listing: Listing, images: Sequence[str], name: Callable[[File], str | None]
) -> Colours:
    files = listing.files_by_image
    return counted([(name(files[i][0]) if i in files else None) or NONE for i in images])


def _person(data: Data, file: File) -> str | None:
    said = data.labels.get(file.image, ())
    return next((label.by for label in said if label.kind == "class" and label.by), None)
