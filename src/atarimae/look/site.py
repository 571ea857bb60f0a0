"""What all pages share: the data, the templates, the searcher, and threads for pictures."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from atarimae.look import frame
from atarimae.look.catalogue import Catalogue, Listing
from atarimae.look.checks import Beside, Finding, beside
from atarimae.look.queue import Queue, queue
from atarimae.look.searcher import Searcher
from atarimae.look.unseen import Unseen
from atarimae.workspace import Workspace

THREADS = 4  # that decode; more would only hold more pictures in memory


class Site:
    """One workspace's page."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.catalogue = Catalogue(workspace)
        self.pages = frame.pages()
        self.search = Searcher(workspace)
        self.unseen = Unseen(workspace, self.catalogue.store)
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="thumbnails")
        self._lock = Lock()
        self._found: tuple[Listing, Beside, Queue] | None = None

    def findings(self) -> tuple[Finding, ...]:
        """Every finding on the newest data, check by check."""
        return self.queue().findings

    def queue(self) -> Queue:
        """The findings by what a fix is worth; checked again only when something changed."""
        listing = self.catalogue.now()
        known = beside(self.workspace, self.catalogue.store)
        with self._lock:
            if self._found is None or self._found[:2] != (listing, known):
                self._found = (listing, known, queue(listing.data, known))
            return self._found[2]

    @staticmethod
    def src(image: str) -> str:
        """Where a page finds the thumbnail of an image."""
        return f"/thumbnail/{image}.webp"
