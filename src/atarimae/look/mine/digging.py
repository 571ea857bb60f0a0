"""Mining beside the page: tiles are embedded by one thread at a time, and how far it is is told."""

from dataclasses import dataclass, replace
from functools import partial
from threading import Lock

from atarimae.look.catalogue import Catalogue
from atarimae.look.mine.asking import Asked, searched
from atarimae.look.mine.mine import Mined, Ready, Wish, prepare
from atarimae.look.work import Work
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class _Key:
    """What the tiles depend on: other answers of a person need no other tiles."""

    edit: int
    wish: Wish
    label: str


class Digging:
    """The pool of the question that was asked last; safe to use from several threads."""

    def __init__(self, workspace: Workspace, catalogue: Catalogue) -> None:
        self.workspace = workspace
        self.catalogue = catalogue
        self.said = ""  # how far the thread is
        self._lock = Lock()
        self._work: Work[Ready] | None = None
        self._key: _Key | None = None  # of what it works on

    def ask(self, asked: Asked, patience: float) -> Mined | None:
        """What is found; None where the tiles are not embedded after so many seconds.

        Raises what embedding raised.
        """
        data = self.catalogue.now().data
        key = _Key(data.version.edit, replace(asked.wish, right=(), wrong=()), asked.label)
        with self._lock:
            work = self._work
            if work is None or (self._key != key and work.over.is_set()):
                pool = searched(data, asked)
                make = partial(prepare, self.workspace, pool, key.wish, self.progress)
                work, self._key = Work("mining", make), key
                self._work = work
            fresh = self._key == key
        work.over.wait(patience)
        if not work.over.is_set() or not fresh:
            return None
        if work.failed is not None:
            self._forget(work)
        return work.result().ask(asked.wish)

    def _forget(self, work: Work[Ready]) -> None:
        """What failed is told, and tried again the next time."""
        with self._lock:
            if self._work is work:
                self._work = None

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Keep how far it is, for whoever asks meanwhile."""
        self.said = f"{done:,} of {total:,}"
