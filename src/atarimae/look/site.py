"""What all pages share: the data, the templates, the searcher, and threads for pictures."""

from concurrent.futures import ThreadPoolExecutor

from atarimae.look import crops, frame
from atarimae.look.catalogue import Catalogue
from atarimae.look.checking import Checking
from atarimae.look.checks import Finding
from atarimae.look.likeness import Likenesses
from atarimae.look.maps import Maps
from atarimae.look.nearest import Nearest
from atarimae.look.neighbours import Neighbours
from atarimae.look.people import People
from atarimae.look.searcher import Searcher
from atarimae.look.sheets import Sheets
from atarimae.look.shown import Shown
from atarimae.look.unseen import Unseen
from atarimae.workspace import Workspace

THREADS = 4  # that decode; more would only hold more pictures in memory


class Site:
    """One workspace's page."""

    def __init__(self, workspace: Workspace, people: People) -> None:
        self.workspace = workspace
        self.people = people
        self.catalogue = Catalogue(workspace)
        self.pages = frame.pages()
        self.search = Searcher(workspace)
        self.unseen = Unseen(workspace, self.catalogue.store)
        self.neighbours = Neighbours(workspace)
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="thumbnails")
        self.checking = Checking(workspace, self.catalogue)
        likenesses = Likenesses(workspace)
        self.nearest = Nearest(workspace, likenesses)
        self.shown = Shown(self.catalogue.store, self.unseen, self.nearest)
        self.maps = Maps(self.catalogue, likenesses)
        self.sets = self.catalogue.sets
        self.sheets = Sheets(workspace)

    @staticmethod
    def src(image: str) -> str:
        """Where a page finds the thumbnail of an image."""
        return f"/thumbnail/{image}.webp"

    @staticmethod
    def cut(found: Finding) -> str | None:
        """Where a page finds the boxes of a finding; None where it is of none."""
        cut = crops.Cut(found.own, found.box)
        return crops.linked(found.images[0], cut) if cut.points else None
