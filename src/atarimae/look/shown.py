"""What a grid shows: found once, and the same while somebody works through it.

An image that gets another label stays in the grid of its old one until the filter is asked anew, so
that the next image is the next one.
"""

from collections import OrderedDict
from dataclasses import dataclass, fields, replace
from functools import cached_property
from threading import Lock
from urllib.parse import parse_qsl, urlencode

from atarimae.look.catalogue import Filter, Listing
from atarimae.look.nearest import Nearest
from atarimae.look.queued import in_queue
from atarimae.look.unseen import Unseen
from atarimae.store import Store
from atarimae.types import File

KEPT = 16  # grids that are remembered
PASSING = {"before", "version", "open", "start", "count", "find"}  # of a query, no filter


@dataclass(frozen=True, slots=True)
class Wish:
    """What an address asks for."""

    filter: Filter
    seen: str = ""  # SEEN, UNSEEN or either
    before: str = ""  # the moment as of which it was seen
    queue: str = ""  # only its images, in its order
    near: str = ""  # the image that they are sorted by likeness to
    version: int = 0  # as of which it was found; 0 is now


@dataclass(frozen=True, eq=False)
class Found:
    """The files of a grid in their order, as they were when it was found."""

    version: int
    before: str
    files: tuple[File, ...]
    near: dict[str, object] | None = None  # how they were compared, where they are sorted

    @cached_property
    def images(self) -> frozenset[str]:
        """Hashes of the images that lie there."""
        return frozenset(file.image for file in self.files)


class Shown:
    """Finds what grids show, and remembers the latest of them."""

    def __init__(self, store: Store, unseen: Unseen, nearest: Nearest) -> None:
        self.store = store
        self.unseen = unseen
        self.nearest = nearest
        self._lock = Lock()
        self._found: OrderedDict[Wish, Found] = OrderedDict()

    def found(self, listing: Listing, wish: Wish) -> Found:
        """What it found at the version that it names, where that is still known; else what is."""
        with self._lock:
            known = self._found.get(wish)
            if known is None:
                known = self._find(listing, wish)
                self._found[replace(wish, version=wish.version or known.version)] = known
                while len(self._found) > KEPT:
                    self._found.popitem(last=False)
            return known

    def _find(self, listing: Listing, wish: Wish) -> Found:
        numbers = self.unseen.numbers(listing, wish.filter, wish.seen, wish.before)
        numbers = in_queue(self.store, listing, numbers, wish.queue)
        files = tuple(listing.data.files[number] for number in numbers)
        order = self.nearest.order(listing.data, files, wish.near)
        return Found(listing.data.version.edit, wish.before, order.files, order.as_dict())


def parsed(query: str) -> Wish:
    """The wish in the query of an address; what is none of it is passed over."""
    said = dict(parse_qsl(query))
    names = {field.name for field in fields(Filter)}
    version = said.get("version", "")
    return Wish(
        Filter(**{name: value for name, value in said.items() if name in names}),
        said.get("seen", ""), said.get("before", ""), said.get("queue", ""), said.get("near", ""),
        int(version) if version.isdecimal() else 0,
    )  # fmt: skip


def named(query: str) -> str:
    """What a query filters by, without the moment and version of one grid; "" for all images."""
    said = dict(parse_qsl(query.removeprefix("?")))
    kept = {name: said[name] for name in sorted(said.keys() - PASSING)}
    return urlencode(kept)
