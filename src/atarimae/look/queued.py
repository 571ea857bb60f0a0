"""A queue as a filter of the grid: only its images, in its order."""

from collections.abc import Sequence

from atarimae.look.catalogue import Listing
from atarimae.store import Store


def in_queue(store: Store, listing: Listing, numbers: Sequence[int], name: str) -> tuple[int, ...]:
    """Those of the files, by number, that are in the queue; all of them where none is named."""
    if not name:
        return tuple(numbers)
    places = {one.image: place for place, one in enumerate(store.queues.of(name))}
    files = listing.data.files
    found = [number for number in numbers if files[number].image in places]
    return tuple(sorted(found, key=lambda number: (places[files[number].image], number)))
