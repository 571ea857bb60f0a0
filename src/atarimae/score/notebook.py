"""A notebook's cell that fails or is stopped must not leave the run open that it logs to."""

import sys
from pathlib import Path
from typing import Protocol


class Watched(Protocol):
    """What is watched: an open run."""

    folder: Path

    @property
    def finished(self) -> bool:
        """Whether it needs no watching any more."""

    def close(self, error: BaseException | None = None) -> None:
        """Finish it, by the error that ended the cell."""


class Ran(Protocol):
    """What IPython tells of a cell."""

    error_in_exec: BaseException | None


def watch(run: Watched) -> None:
    """Look at each cell that ends, this one first; outside a notebook nothing is done.

    A cell that fails without having logged to the run, a mistyped name say, leaves it open.
    """
    ipython = sys.modules.get("IPython")  # loaded already where there is a notebook
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        return
    seen = -1  # so that the cell that opened the run counts as one that logs

    def after(result: Ran) -> None:
        nonlocal seen
        size = _size(run)
        if not run.finished and result.error_in_exec is not None and size != seen:
            run.close(result.error_in_exec)
        seen = size
        if run.finished:
            shell.events.unregister("post_run_cell", after)

    shell.events.register("post_run_cell", after)


def _size(run: Watched) -> int:
    return (run.folder / "metrics.jsonl").stat().st_size
