"""Pyramids of images, made beside the pages: the huge ones one at a time, and how far is told."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Lock

from atarimae.look import pyramid
from atarimae.look.work import Work
from atarimae.types import Data, File
from atarimae.workspace import Workspace

SHORT = 0.3  # seconds that whoever asks waits for it: a picture of usual size is there by then


class Sheets:
    """The pyramids of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._works: dict[str, Work[None]] = {}
        self._shares: dict[str, float] = {}  # of those in the making
        self._lock = Lock()
        self._turn = Lock()  # each takes every core, and memory for some rows of tiles

    def share(self, data: Data, found: Sequence[File], patience: float = SHORT) -> float:
        """How much of the pyramid of the image at `found` is made, 0 to 1; begun where none is.

        1 is whole. Raises what its making raised, to one who asks; the next one tries again.
        """
        image = found[0].image
        with self._lock:
            work = self._works.get(image)
            if work is None:
                if self.path(image).is_file():
                    return 1.0
                self._shares[image] = 0.0
                work = self._works[image] = Work("pyramid", partial(self._make, data, found))
        if not work.over.wait(patience):
            return min(self._shares.get(image, 0.0), 0.99)
        with self._lock:
            self._works.pop(image, None)
            self._shares.pop(image, None)
        work.result()
        return 1.0

    def path(self, image: str) -> Path:
        """Where the pyramid of an image lies once it was made."""
        return pyramid.place(self.workspace, image)

    def _make(self, data: Data, found: Sequence[File]) -> None:
        """Make it when its turn comes."""
        image = found[0].image

        def told(share: float) -> None:
            self._shares[image] = share

        with self._turn:
            if not self.path(image).is_file():
                pyramid.make(self.workspace, data, found, told)
