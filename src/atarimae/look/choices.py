"""The classes that an image most likely is of: what the number keys say."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from atarimae.look.catalogue import Listing
from atarimae.look.checks.finding import Finding

MOST = 9  # number keys


@dataclass(frozen=True, slots=True)
class Choice:
    """A class, and why it is offered."""

    name: str
    why: str

    def as_dict(self) -> dict[str, str]:
        """JSON values."""
        return asdict(self)


def choices(
    listing: Listing, image: str, near: Sequence[str], found: Iterable[Finding]
) -> list[Choice]:
    """At most nine classes, each once: what it is, what it may be, then the most used.

    `near` are the images that are most like it, `found` the findings that it is in.
    """
    offered: dict[str, Choice] = {}
    for choice in _offered(listing, image, near, found):
        offered.setdefault(choice.name, choice)
        if len(offered) == MOST:
            break
    return list(offered.values())


def _offered(
    listing: Listing, image: str, near: Sequence[str], found: Iterable[Finding]
) -> Iterator[Choice]:
    files = listing.files_by_image.get(image, [])
    conflict = listing.conflicts.get(image)
    for side in conflict.sides if conflict else ():
        yield Choice(side.value, f"said by {side.by}")
    for name in listing.data.classes(files[0]) if files else ():
        yield Choice(name, "now")
    for finding in found:
        if finding.label:
            yield Choice(finding.label, finding.check)
    alike = Counter[str]()
    for other in near:
        for name in listing.data.classes(listing.files_by_image[other][0]):
            alike[name] += 1
    for name, count in alike.most_common():
        yield Choice(name, f"{count} of the nearest {len(near)}")
    for name, count in listing.most_used:
        yield Choice(name, f"{count:,} files")
