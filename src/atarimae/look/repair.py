"""The split without copies on both sides, as one edit."""

from atarimae.look.checks import across, beside
from atarimae.look.checks.crossing import crossing, repaired, sides
from atarimae.store import Edit, Origin, Store
from atarimae.types import File, Progress, silent
from atarimae.workspace import Workspace


def repair(
    workspace: Workspace, progress: Progress = silent
) -> tuple[Edit | None, tuple[File, ...]]:
    """Keep copies together: the edit, None where nothing had to change; and the files it changed.

    Copies on two sides of a split or in two folds get one group, and where they have splits the
    later of these. Copies whose labels differ are left as they are.
    """
    store = Store(workspace)
    data, known = store.data(), beside(workspace, store, progress)
    apart = sides(data, known)
    files = repaired(data, crossing(data, known, apart), apart)
    if not files:
        return None, ()
    why = f"copies on one side of the split: {len(files):,} files"
    return store.change(files, why=why, origin=Origin(finding=across.check.name)), tuple(files)
