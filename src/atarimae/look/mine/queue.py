"""Results become a queue: those that are not in the workspace yet are added to it first."""

from collections.abc import Sequence

from atarimae.look.mine.search import Result
from atarimae.predict.source import examine
from atarimae.store import Queued, Row, Store
from atarimae.types import Data, File
from atarimae.workspace import Workspace


def queue_found(
    workspace: Workspace,
    name: str,
    found: Sequence[Result],
    why: str,
    *,
    pool: Data | None = None,
    by: str | None = None,
) -> int:
    """Put results at the end of a queue; how many are new to it.

    `pool` is where they lie, where that is not the workspace: their files are recorded without a
    label, as one edit.
    """
    store = Store(workspace)
    if pool is not None:
        rows = [_row(pool, one, workspace.max_pixels) for one in found]
        store.record(rows, why=f"mined: {why}", by=by)
    return store.queues.put(name, [Queued(one.image, one.box, why) for one in found], by=by)


def _row(pool: Data, one: Result, max_pixels: int) -> Row:
    """Read to its last pixel, as everything that is added."""
    image = examine(pool.root / one.file, max_pixels)
    return Row(File(one.file, image.hash), image)
