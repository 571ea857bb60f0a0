"""The checks run beside the pages: the first look at all pixels takes its time, and is told."""

from collections.abc import Callable
from threading import Event, Lock, Thread

from atarimae.look.catalogue import Catalogue, Listing
from atarimae.look.checks import Beside, Finding, beside
from atarimae.look.queue import Queue, queue
from atarimae.workspace import Workspace

SHORT = 0.5  # seconds that a picture waits for what was found of it


class Checking:
    """The queue of findings on the newest data, worked out by one thread at a time."""

    def __init__(self, workspace: Workspace, catalogue: Catalogue) -> None:
        self.workspace = workspace
        self.catalogue = catalogue
        self.said = ""  # how far the thread is
        self._lock = Lock()
        self._work: _Work | None = None
        self._latest: Queue | None = None

    def now(self, patience: float) -> Queue | None:
        """The queue of the data as it is; None where it is not there after so many seconds.

        Raises what the checks raised.
        """
        listing = self.catalogue.now()
        known = beside(self.workspace, self.catalogue.store, self._progress)
        with self._lock:
            work = self._work
            if work is None or (work.over.is_set() and work.of != (listing, known)):
                work = self._work = _Work(listing, known, self._finished)
        work.over.wait(patience)
        if not work.over.is_set() or work.of != (listing, known):
            return None
        return work.result()

    def known(self) -> tuple[Finding, ...]:
        """What was found last, be the data another by now; nothing before the first time.

        It begins the checks where nobody has, and never again: an edit a second would keep them
        at work, and the page waiting.
        """
        if self._latest is None and self._work is None:
            self.now(SHORT)
        return self.found

    @property
    def found(self) -> tuple[Finding, ...]:
        """The same, and nothing begins."""
        return self._latest.findings if self._latest else ()

    def _progress(self, done: int, total: int, note: str = "") -> None:
        self.said = f"{done:,} of {total:,}"

    def _finished(self, found: Queue) -> None:
        self._latest, self.said = found, ""


class _Work:
    def __init__(self, listing: Listing, known: Beside, finished: Callable[[Queue], None]) -> None:
        self.of = (listing, known)
        self.over = Event()
        self._finished = finished
        self._found: Queue | BaseException | None = None
        Thread(target=self._run, name="checks", daemon=True).start()

    def _run(self) -> None:
        listing, known = self.of
        try:
            self._found = queue(listing.data, known)
            self._finished(self._found)
        except BaseException as error:  # whatever it is, whoever asks is to hear of it
            self._found = error
        finally:
            self.over.set()

    def result(self) -> Queue:
        if isinstance(self._found, BaseException):
            raise self._found
        assert self._found is not None, "it is over"
        return self._found
