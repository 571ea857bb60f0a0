"""Which images lie nearest in the newest run's embeddings; read once, beside the pages."""

from threading import Lock, Thread

import numpy as np

from atarimae.errors import AtarimaeError
from atarimae.look.catalogue import Listing
from atarimae.look.likeness import Likeness, by_run, chosen
from atarimae.task import Embeds
from atarimae.workspace import Workspace

NEAR = 12  # neighbours that vote


class Neighbours:
    """Nearest images by what is embedded already; nothing is embedded for it.

    They outlive edits of labels: only other files or runs are read anew.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._lock = Lock()
        self._thread: Thread | None = None
        self._known: tuple[Likeness, dict[str, int]] | None = None  # and the place of each image
        self._of: tuple[int, int] | None = None  # files and runs, of which it was read

    def of(self, listing: Listing, image: str) -> list[str]:
        """The images nearest to one, the nearest first; none until the embeddings are read."""
        self._begin(listing)
        likeness, places = self._known or (None, {})
        if likeness is None or image not in places:
            return []
        cosines, names = likeness.rows @ likeness.rows[places[image]], likeness.images
        count = min(NEAR + 1, len(cosines))
        best = np.argpartition(-cosines, count - 1)[:count].tolist()
        order = sorted(best, key=lambda place: (-cosines[place], names[place]))
        near = [names[place] for place in order if names[place] != image]
        return [one for one in near if one in listing.files_by_image][:NEAR]

    def wait(self) -> None:
        """Until what is being read was read."""
        if self._thread:
            self._thread.join()

    def _begin(self, listing: Listing) -> None:
        """One thread at a time."""
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
            judged = chosen(self.workspace)
            embeds = judged is not None and isinstance(judged.task, Embeds)
            found = by_run(listing.data, judged) if judged and embeds else None
        except (AtarimaeError, OSError, ValueError):
            found = None  # a run that can't be read has nothing to say
        places = {image: place for place, image in enumerate(found.images)} if found else {}
        self._known = (found, places) if found else None
