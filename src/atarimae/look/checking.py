"""The checks run beside the pages: the first look at all pixels takes its time, and is told."""

from functools import partial
from threading import Lock

from atarimae.look.catalogue import Catalogue, Listing
from atarimae.look.checks import Beside, Finding, beside
from atarimae.look.queue import Queue, queue
from atarimae.look.work import Work
from atarimae.workspace import Workspace

SHORT = 0.5  # seconds that a picture waits for what was found of it


class Checking:
    """The queue of findings on the newest data, worked out by one thread at a time."""

    def __init__(self, workspace: Workspace, catalogue: Catalogue) -> None:
        self.workspace = workspace
        self.catalogue = catalogue
        self.said = ""  # how far the thread is
        self._lock = Lock()
        self._work: Work[Queue] | None = None
        self._of: tuple[Listing, Beside] | None = None  # what it works on
        self._latest: Queue | None = None

    def now(self, patience: float) -> Queue | None:
        """The queue of the data as it is; None where it is not there after so many seconds.

        Raises what the checks raised.
        """
        listing = self.catalogue.now()
        known = beside(self.workspace, self.catalogue.store, self._progress)
        with self._lock:
            work = self._work
            if work is None or (work.over.is_set() and self._of != (listing, known)):
                work = self._work = Work("checks", partial(self._found, listing, known))
                self._of = (listing, known)
            fresh = self._of == (listing, known)
        work.over.wait(patience)
        if not work.over.is_set() or not fresh:
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
        self.said = f"{note}: {done:,} of {total:,}".removeprefix(": ")

    def _found(self, listing: Listing, known: Beside) -> Queue:
        found = queue(listing.data, known)
        self._latest, self.said = found, ""
        return found
