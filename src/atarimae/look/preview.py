"""What an edit of many images would change, told before it is made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atarimae.look.catalogue import Listing

SHOWN = 12  # images of each kind of change


@dataclass(frozen=True, slots=True)
class Change:
    """Images that go from some classes to others."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    count: int
    images: tuple[str, ...]  # some of them

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "before": list(self.before), "after": list(self.after), "count": self.count,
            "images": list(self.images),
        }  # fmt: skip


def changes(
    listing: Listing, images: Iterable[str], classes: Sequence[str], *, also: bool
) -> list[Change]:
    """By what the images are now, the most frequent first; what stays as it is comes last."""
    found: dict[tuple[str, ...], list[str]] = {}
    for image in images:
        files = listing.files_by_image.get(image)
        if files:
            found.setdefault(listing.data.classes(files[0]), []).append(image)
    made = [
        Change(before, _after(before, classes, also=also), len(some), tuple(some[:SHOWN]))
        for before, some in found.items()
    ]
    return sorted(made, key=lambda one: (one.before == one.after, -one.count, one.before))


def _after(before: Sequence[str], classes: Sequence[str], *, also: bool) -> tuple[str, ...]:
    kept = [name for name in before if also or name in classes]
    return tuple(dict.fromkeys([*kept, *classes]))
