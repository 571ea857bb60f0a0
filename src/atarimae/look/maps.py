"""Maps of the images: worked out beside the pages, kept in the cache by what they are made of."""

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np

from atarimae import arrays
from atarimae.errors import AtarimaeError
from atarimae.look.catalogue import Catalogue, Listing
from atarimae.look.checks.judged import Judged
from atarimae.look.likeness import Likeness, Likenesses, chosen
from atarimae.look.projection import FEWEST, NEIGHBOURS, PCA, neighbours, pca
from atarimae.look.work import Work
from atarimae.types import Floats

VERSION = 1  # raise it whenever a projection changes
NAME = re.compile("[0-9a-f]{32}")
REMEMBERED = 4  # maps that are held in memory
KINDS = (PCA, NEIGHBOURS)


@dataclass(frozen=True, eq=False)
class Map:
    """n images with a place each, in the order of the likeness that it was made of."""

    name: str
    kind: str
    images: tuple[str, ...]
    places: Floats  # (n, 2), x to the right, y up
    told: str = ""  # what the images are compared by

    @property
    def of(self) -> str:
        """The same for maps of the same images, whose numbers are the same then."""
        return hashlib.sha256("".join(self.images).encode()).hexdigest()[:16]


class Maps:
    """The maps of a workspace, each worked out once however many ask for it."""

    def __init__(self, catalogue: Catalogue, likenesses: Likenesses) -> None:
        self.catalogue = catalogue
        self.likenesses = likenesses
        self.said = ""  # how far the thread is
        self._lock = Lock()
        self._making: dict[tuple[str, str], _Making] = {}  # by run and kind
        self._held: OrderedDict[str, Map] = OrderedDict()

    def now(self, run: str, kind: str, patience: float) -> Map | None:
        """The map of the newest data; None where it is not there after so many seconds.

        Without a name it is of the newest run. Raises what went wrong in the work.
        """
        listing = self.catalogue.now()
        with self._lock:
            making = self._making.get((run, kind))
            if making is None or (
                making.work.over.is_set() and not self._holds(making, listing, run)
            ):
                making = self._begin(listing, run, kind)
        making.work.over.wait(patience)
        return making.work.result() if making.work.over.is_set() else None

    def _begin(self, listing: Listing, run: str, kind: str) -> "_Making":
        over = [key for key, making in self._making.items() if making.work.over.is_set()]
        for key in over[:-REMEMBERED]:
            del self._making[key]
        judged, mark = chosen(self.catalogue.workspace, run), self.likenesses.mark()
        work = Work("map", partial(self._work, listing, run, kind, judged))
        making = _Making(work, listing.data.version.edit, judged, mark)
        self._making[run, kind] = making
        return making

    def _holds(self, making: "_Making", listing: Listing, run: str) -> bool:
        """Whether the newest data and the newest run would give the same images."""
        return (
            making.work.failed is None
            and making.judged == chosen(self.catalogue.workspace, run)
            and making.mark == self.likenesses.mark()
            and making.edit == listing.data.version.edit
        )

    def _work(self, listing: Listing, run: str, kind: str, judged: Judged | None) -> Map:
        self.said = "reading what was embedded"
        if run and judged is None:
            raise AtarimaeError(
                f"Run '{run[:40]}' can't be shown on a map.",
                "It is not there, not done, or left no model.",
                "Choose another run.",
            )
        return self.made(_enough(self.likenesses.by(listing.data, judged), kind), kind)

    def named(self, name: str) -> Map | None:
        """A map that is held or lies in the cache, None where there is none of that name."""
        if (known := self._held.get(name)) is not None:
            return known
        path = self._path(name)
        if not NAME.fullmatch(name) or not path.is_file():
            return None
        try:
            return self._hold(_read(path))
        except (AtarimaeError, KeyError, ValueError):  # cut off, or another's: made anew
            return None

    def made(self, known: Likeness, kind: str) -> Map:
        """The map of these images, out of the cache where it is there."""
        name = hashlib.sha256(f"{known.digest} {kind} {VERSION}".encode()).hexdigest()[:32]
        found = self.named(name)
        if found is None:
            places = pca(known.rows) if kind == PCA else neighbours(known.rows, self._tell)
            found = self._hold(Map(name, kind, known.images, places))
            _write(self._path(name), found)
        return self._hold(Map(name, kind, found.images, found.places, known.told))

    def _tell(self, said: str) -> None:
        self.said = said

    def _path(self, name: str) -> Path:
        return self.catalogue.workspace.cache / "maps" / f"{name}.safetensors"

    def _hold(self, found: Map) -> Map:
        self._held[found.name] = found
        while len(self._held) > REMEMBERED:
            self._held.popitem(last=False)
        return found


@dataclass(frozen=True)
class _Making:
    """A map in the making, and what it is made of."""

    work: Work[Map]
    edit: int  # the version of the data
    judged: Judged | None
    mark: int  # of what was embedded or looked at


def _enough(known: Likeness | None, kind: str) -> Likeness:
    if known is None:
        raise AtarimaeError(
            "There is nothing to draw a map of.",
            "No run has embedded two images or more, and the survey has not looked at any.",
            'Fit a run (atarimae fit --because "…"), or open Findings, which looks at all images.',
        )
    if kind == NEIGHBOURS and len(known.images) < FEWEST:
        raise AtarimaeError(
            "These images are too few to be arranged by their neighbours.",
            f"They are {len(known.images)}.",
            f"PCA shows them as well; neighbours need {FEWEST}.",
        )
    return known


def _write(path: Path, found: Map) -> None:
    hashes = np.frombuffer(bytes.fromhex("".join(found.images)), np.uint8).reshape(-1, 32)
    kind = np.array([KINDS.index(found.kind)], np.uint8)
    arrays.write(path, {"images": hashes, "places": found.places, "kind": kind})


def _read(path: Path) -> Map:
    kept = arrays.read(path)
    hashes = np.asarray(kept["images"], np.uint8)
    images = tuple(row.tobytes().hex() for row in hashes)
    places = np.asarray(kept["places"], np.float32).reshape(len(images), 2)
    return Map(path.stem, KINDS[int(kept["kind"][0])], images, places)
