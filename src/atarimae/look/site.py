"""What all pages share: the data, the templates, the searcher, and threads for pictures."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock, Thread

from atarimae.errors import AtarimaeError
from atarimae.look import frame
from atarimae.look.catalogue import Catalogue, Listing
from atarimae.look.checks import Beside, Finding, beside, run
from atarimae.look.searcher import Searcher
from atarimae.workspace import Workspace

THREADS = 4  # that decode; more would only hold more pictures in memory


class Site:
    """One workspace's page."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.catalogue = Catalogue(workspace)
        self.pages = frame.pages()
        self.search = Searcher(workspace)
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="thumbnails")
        self._lock = Lock()
        self._found: tuple[Listing, Beside, list[Finding]] | None = None
        self._looking: Thread | None = None
        self.far = (0, 0)  # how many images were looked at, of how many

    def findings(self) -> list[Finding]:
        """Every finding on the newest data; checked again only when something changed."""
        listing = self.catalogue.now()
        known = beside(self.workspace, self.catalogue.store, self._tell)
        with self._lock:
            if self._found is None or self._found[:2] != (listing, known):
                self._found = (listing, known, run(listing.data, known))
            return self._found[2]

    def findings_within(self, seconds: float) -> list[Finding] | None:
        """The same, or None where it takes longer: then it goes on, and `far` says how far it is.

        The thread is a daemon, so that Ctrl-C does not wait for it; what it measured is kept.
        """
        if self._looking is None or not self._looking.is_alive():
            self._looking = Thread(target=self._look, daemon=True)
            self._looking.start()
        self._looking.join(seconds)
        return None if self._looking.is_alive() else self.findings()

    def _look(self) -> None:
        with suppress(AtarimaeError):  # who asks again is told
            self.findings()

    def _tell(self, done: int, total: int, note: str = "") -> None:
        self.far = (done, total)

    @staticmethod
    def src(image: str) -> str:
        """Where a page finds the thumbnail of an image."""
        return f"/thumbnail/{image}.webp"
