"""What has been looked at, and what is worth seeing first."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from threading import Lock

from atarimae import runlog
from atarimae.errors import AtarimaeError
from atarimae.look.catalogue import Filter, Listing
from atarimae.store import Store
from atarimae.workspace import Workspace

SEEN, UNSEEN = "yes", "no"  # in an address
SECONDS = 2.0  # how long what others have seen may be older than the store


class Unseen:
    """Narrows what a filter found to what this machine's user has seen, or has not.

    As of a moment: a grid that is looked through stays the same although its images get seen.
    """

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self.workspace = workspace
        self.store = store
        self._lock = Lock()
        self._last: tuple[object, tuple[int, ...]] | None = None
        self._seen = set[str]()
        self._read = -SECONDS  # when, on a clock that may begin at 0

    def numbers(
        self, listing: Listing, wanted: Filter, looked: str, before: str
    ) -> tuple[int, ...]:
        """Numbers of the files, in order of path; unseen ones in order of what to see first."""
        if looked not in (SEEN, UNSEEN):
            return listing.files(wanted)
        key = (listing, wanted, looked, before)
        with self._lock:
            if self._last is None or self._last[0] != key:
                self._last = (key, self._found(listing, wanted, looked, before))
            return self._last[1]

    def share(self, images: frozenset[str]) -> tuple[int, int]:
        """How many of these images have been seen by now, and how many they are."""
        with self._lock:
            if time.monotonic() - self._read > SECONDS:
                self._seen, self._read = set(self.store.seen()), time.monotonic()
            return len(images & self._seen), len(images)

    def note(self, images: Sequence[str], by: str | None) -> int:
        """Note that somebody has looked at images; how many of them are new to him or her."""
        noted = self.store.look(images, by=by)
        if by is None:
            with self._lock:
                self._seen.update(images)
        return noted

    def _found(self, listing: Listing, wanted: Filter, looked: str, before: str) -> tuple[int, ...]:
        seen, files = self.store.seen(before=before), listing.data.files
        numbers = listing.files(wanted)
        if looked == SEEN:
            return tuple(number for number in numbers if files[number].image in seen)
        left = [number for number in numbers if files[number].image not in seen]
        known = Counter(listing.data.label(file) for file in files if file.image in seen)
        return in_order(listing, left, known, _answered(self.workspace))


def in_order(
    listing: Listing,
    numbers: Sequence[int],
    known: Mapping[str | None, int],
    answered: Mapping[str, float],
) -> tuple[int, ...]:
    """Classes in turns, those of which least was seen first, in each its worst answered image.

    `known` tells how many images of a class were seen; `answered`, by path, how well the best run
    answered: what it was not asked comes after what it was.
    """
    data, turns = listing.data, Counter[str | None](known)
    worst = sorted(numbers, key=lambda number: answered.get(data.files[number].path, 2.0))
    ranked: list[tuple[int, float, int]] = []
    for number in worst:
        label = data.label(data.files[number])
        score = answered.get(data.files[number].path, 2.0)
        ranked.append((turns[label], score, number))
        turns[label] += 1
    return tuple(number for _, _, number in sorted(ranked))


def _answered(workspace: Workspace) -> dict[str, float]:
    """By path, the main metric's part of the best run; empty where there is none to be read."""
    try:
        best = runlog.find_best(workspace)
        if best is None or best.score is None:
            return {}
        parts = runlog.parts(best).set_index("key")[best.score.metric].dropna()
    except (AtarimaeError, KeyError, OSError):
        return {}
    return {str(path): float(value) for path, value in parts.items()}
