"""What images are compared by: what a run embedded, or without one the survey's small previews.

Nothing is embedded or decoded for it: what the cache lacks is left out.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from atarimae import runlog, task
from atarimae.errors import AtarimaeError
from atarimae.look.checks.judged import Judged, newest
from atarimae.predict.unit import embeddings, unit
from atarimae.runlog import Run
from atarimae.survey.hashes import PREVIEW, SIDE
from atarimae.survey.kept import Kept
from atarimae.types import Array, Data, Floats
from atarimae.workspace import Workspace

GREY, COLOUR = 16, 8  # px a side that previews are compared in
BLOCK = 1024  # previews that are unpacked at once
PIXELS = "brightness and colour of small previews"


@dataclass(frozen=True, eq=False)
class Likeness:
    """n images, each once, with rows of unit length whose inner products say how alike they are."""

    images: tuple[str, ...]
    rows: Floats  # (n, d)
    told: str  # what the rows are, as the end of "by …"
    run: Run | None = None  # the one that embedded them; None for pixels

    @property
    def digest(self) -> str:
        """Of the images and their rows, 32 hexadecimal digits."""
        made = hashlib.blake2b("\n".join(self.images).encode(), digest_size=16)
        made.update(np.ascontiguousarray(self.rows).view(np.uint8).data)
        return made.hexdigest()


class Likenesses:
    """The likeness of a workspace's images by a run; the last one that was asked for is held."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._lock = Lock()
        self._last: tuple[Data, str, int, Likeness | None] | None = None

    def by(self, data: Data, run: Judged | None) -> Likeness | None:
        """By that run where it embedded two images or more, else by pixels; None without those."""
        with self._lock:
            name, mark, last = run.run.id if run else "", self.mark(), self._last
            if last is None or last[0] is not data or last[1:3] != (name, mark):
                found = by_run(data, run) if run else None
                last = self._last = (data, name, mark, found or by_pixels(data, self.workspace))
            return last[3]

    def mark(self) -> int:
        """Another number once more was embedded or looked at."""
        kept = self.workspace.cache
        folders = ((kept / "outputs", "*/*.txt"), (kept / "survey" / PREVIEW.key, "*.npy"))
        return sum(1 for folder, blocks in folders for _ in folder.glob(blocks))


def chosen(workspace: Workspace, run: str = "") -> Judged | None:
    """The run of that id, the newest with a model where none is named; None where there is none."""
    try:
        loaded = task.load(workspace.task)
    except (AtarimaeError, ImportError, AttributeError):
        return None
    if not run:
        return newest(workspace, loaded)
    named = next((one for one in with_models(workspace) if one.id == run), None)
    return Judged(workspace, loaded, named) if named else None


def with_models(workspace: Workspace) -> list[Run]:
    """The runs that are done and left a model, newest first."""
    try:
        known = runlog.runs(workspace)
    except AtarimaeError:
        return []
    return [run for run in reversed(known) if run.is_done and (run.model / "model.json").is_file()]


def by_run(data: Data, judged: Judged) -> Likeness | None:
    """What the run embedded already; None where that is less than two images, or no vectors."""
    kept, outputs = judged.embedded(data)
    rows = embeddings(outputs)
    places = {file.image: place for place, file in reversed([*enumerate(kept.files)])}
    some = [rows[place] for place in places.values()]
    if len(some) < 2 or len({np.shape(row) for row in some}) > 1 or np.ndim(some[0]) != 1:
        return None
    told = f"the embeddings of run {judged.run.mark}"
    return Likeness(tuple(places), unit(some), told, judged.run)


def by_pixels(data: Data, workspace: Workspace) -> Likeness | None:
    """What the survey has looked at by now; None where that is less than two images."""
    kept = Kept(workspace.cache, PREVIEW)
    images = [image for image in dict.fromkeys(file.image for file in data.files) if image in kept]
    if len(images) < 2:
        return None
    blocks = [_small(kept, images[at : at + BLOCK]) for at in range(0, len(images), BLOCK)]
    rows = np.concatenate(blocks)
    rows -= rows.mean(0)  # what all pictures share, such as white paper, tells nothing
    return Likeness(tuple(images), unit(rows), PIXELS)


def _small(kept: Kept, images: Sequence[str]) -> Floats:
    """(n, 384): 16 × 16 px of brightness, 8 × 8 px of Cb and of Cr."""
    found = kept.rows(images)
    bands = (_pooled(found["grey"][:, None], GREY), _pooled(found["colour"], COLOUR))
    return np.concatenate([band.reshape(len(images), -1) for band in bands], axis=1)


def _pooled(bands: Array, side: int) -> Floats:
    """Means over squares: (n, bands, s, s) to (n, bands, side, side)."""
    n, many, high, _ = bands.shape
    part = high // side
    squares = bands.astype(np.float32).reshape(n, many, side, part, side, part)
    return np.asarray(squares.mean((3, 5)), np.float32)


assert SIDE % GREY == 0, "squares of whole pixels"
