"""Mining beside the page: tiles are embedded by one thread at a time, and how far it is is told."""

from dataclasses import dataclass, replace
from threading import Event, Lock, Thread

from atarimae.look.catalogue import Catalogue
from atarimae.look.mine.asking import Asked, searched
from atarimae.look.mine.mine import Mined, Ready, Wish, prepare
from atarimae.types import Data
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
        self._work: _Work | None = None

    def ask(self, asked: Asked, patience: float) -> Mined | None:
        """What is found; None where the tiles are not embedded after so many seconds.

        Raises what embedding raised.
        """
        data = self.catalogue.now().data
        key = _Key(data.version.edit, replace(asked.wish, right=(), wrong=()), asked.label)
        with self._lock:
            work = self._work
            if work is None or (work.key != key and work.over.is_set()) or work.failed:
                work = self._work = _Work(self, key, searched(data, asked))
        work.over.wait(patience)
        if not work.over.is_set() or work.key != key:
            return None
        return work.result().ask(asked.wish)

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Keep how far it is, for whoever asks meanwhile."""
        self.said = f"{done:,} of {total:,}"


class _Work:
    def __init__(self, digging: Digging, key: _Key, pool: Data) -> None:
        self.key, self.over = key, Event()
        self._digging, self._pool = digging, pool
        self._found: Ready | BaseException | None = None
        Thread(target=self._run, name="mining", daemon=True).start()

    @property
    def failed(self) -> bool:
        """Whether it is over and was told; it is tried again the next time."""
        return self._found is None and self.over.is_set()

    def _run(self) -> None:
        try:
            self._found = prepare(
                self._digging.workspace, self._pool, self.key.wish, self._digging.progress
            )
        except BaseException as error:  # whatever it is, whoever asks is to hear of it
            self._found = error
        finally:
            self.over.set()

    def result(self) -> Ready:
        found = self._found
        if isinstance(found, BaseException):
            self._found = None
            raise found
        assert found is not None, "it is over"
        return found
