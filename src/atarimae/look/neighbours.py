"""Which images lie nearest in the newest run's embeddings; read once, beside the pages."""

from dataclasses import dataclass
from threading import Lock, Thread

import numpy as np

from atarimae import task as tasks
from atarimae.errors import AtarimaeError
from atarimae.look.catalogue import Listing
from atarimae.look.checks.judged import newest
from atarimae.predict.unit import embeddings, unit
from atarimae.task import Embeds
from atarimae.types import Floats
from atarimae.workspace import Workspace

NEAR = 12  # neighbours that vote
BYTES = 1 << 30  # of rows in memory; of more nothing is said


@dataclass(frozen=True, eq=False)
class _Rows:
    images: tuple[str, ...]
    places: dict[str, int]
    rows: Floats  # at unit length


class Neighbours:
    """Nearest images by what is embedded already; nothing is embedded for it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._lock = Lock()
        self._thread: Thread | None = None
        self._rows: _Rows | None = None
        self._of: tuple[int, int] | None = None  # runs and files, of which it was read

    def of(self, listing: Listing, image: str) -> list[str]:
        """The images nearest to one, the nearest first; none until the embeddings are read."""
        self._begin(listing)
        known = self._rows
        if known is None or image not in known.places:
            return []
        cosines = known.rows @ known.rows[known.places[image]]
        count = min(NEAR + 1, len(cosines))
        best = np.argpartition(-cosines, count - 1)[:count]
        order = sorted(best.tolist(), key=lambda place: (-cosines[place], known.images[place]))
        return [known.images[place] for place in order if known.images[place] != image][:NEAR]

    def wait(self) -> None:
        """Until what is being read was read."""
        if self._thread:
            self._thread.join()

    def _begin(self, listing: Listing) -> None:
        """Read again where there are other files or runs, one thread at a time."""
        runs = self.workspace.runs
        of = (len(listing.data), runs.stat().st_mtime_ns if runs.is_dir() else 0)
        with self._lock:
            if of == self._of or (self._thread and self._thread.is_alive()):
                return
            self._of = of
            self._thread = Thread(target=self._read, args=(listing,), daemon=True)
            self._thread.start()

    def _read(self, listing: Listing) -> None:
        try:
            self._rows = _rows(self.workspace, listing)
        except (AtarimaeError, ImportError, AttributeError, OSError, ValueError):
            self._rows = None  # a run that can't be read has nothing to say


def _rows(workspace: Workspace, listing: Listing) -> _Rows | None:
    chosen = tasks.load(workspace.task)
    judged = newest(workspace, chosen)
    if judged is None or not isinstance(chosen, Embeds):
        return None
    known, outputs = judged.embedded(listing.data)
    rows = embeddings(outputs)
    if not len(rows) or len(rows) * int(np.shape(rows[0])[-1]) * 4 > BYTES:
        return None
    first = {file.image: number for number, file in reversed(list(enumerate(known.files)))}
    kept = unit([rows[number] for number in first.values()])
    images = tuple(first)
    return _Rows(images, {image: place for place, image in enumerate(images)}, kept)
