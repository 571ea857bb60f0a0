"""Pyramids of images, made beside the pages: the huge ones one at a time, and how far is told."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event, Lock, Thread

from atarimae.look import pyramid
from atarimae.types import Data, File
from atarimae.workspace import Workspace

SHORT = 0.3  # seconds that whoever asks waits for it: a picture of usual size is there by then


class Sheets:
    """The pyramids of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._works: dict[str, _Work] = {}
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
                work = self._works[image] = _Work(self, data, found)
        if not work.over.wait(patience):
            return min(work.share, 0.99)
        with self._lock:
            self._works.pop(image, None)
        if work.failed:
            raise work.failed
        return 1.0

    def path(self, image: str) -> Path:
        """Where the pyramid of an image lies once it was made."""
        return pyramid.place(self.workspace, image)

    def make(self, data: Data, found: Sequence[File], told: pyramid.Told) -> None:
        """Make it when its turn comes."""
        with self._turn:
            if not self.path(found[0].image).is_file():
                pyramid.make(self.workspace, data, found, told)


class _Work:
    """One pyramid, in a thread that ends with the process: what is half made is in no one's way."""

    def __init__(self, sheets: Sheets, data: Data, found: Sequence[File]) -> None:
        self.over = Event()
        self.share = 0.0
        self.failed: BaseException | None = None
        self._what = (sheets, data, found)
        Thread(target=self._run, name="pyramid", daemon=True).start()

    def _run(self) -> None:
        sheets, data, found = self._what
        try:
            sheets.make(data, found, self._told)
        except BaseException as error:  # whatever it is, whoever asks is to hear of it
            self.failed = error
        finally:
            self.over.set()

    def _told(self, share: float) -> None:
        self.share = share
