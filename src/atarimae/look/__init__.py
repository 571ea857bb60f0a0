"""Look at the data: a page in the browser, a report in one file, and checks."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae.look.checks import Finding, beside, findings
from atarimae.look.queue import Queue
from atarimae.look.queue import queue as _queue
from atarimae.look.repair import repair
from atarimae.store import Store
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace

if TYPE_CHECKING:
    from fastapi import FastAPI

    from atarimae.look.document import Report, Table
    from atarimae.look.pages.ledger import Told
    from atarimae.runlog import Run

__all__ = [
    "Finding",
    "Queue",
    "create_app",
    "findings",
    "queue",
    "repair",
    "report",
    "run",
    "run_report",
]


def queue(workspace: Workspace, progress: Progress = silent) -> Queue:
    """Every finding by what a fix is worth, and how many wrong labels are left."""
    store = Store(workspace)
    return _queue(store.data(), beside(workspace, store, progress))


def create_app(
    workspace: Workspace,
    host: str = "127.0.0.1",
    token: str | None = None,
    told: "Told | None" = None,
    *,
    edit: bool = False,
) -> "FastAPI":
    """The page of one workspace, to be bound to `host`; with a token for those who bring it.

    With a token it is for reading, unless it may `edit`. `told` gives the ledger, which is another
    step's; without it there is no such page.
    """
    from atarimae.look import app  # FastAPI takes 0.3 s to import

    return app.create_app(workspace, host, token, told, edit=edit)


def run(
    workspace: Workspace,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = True,
    opened: Callable[[str], None] | None = None,
    *,
    share: bool = False,
    edit: bool = False,
    unseen: bool = False,
    told: "Told | None" = None,
) -> None:
    """Serve the page until Ctrl-C; `opened` is told its address. Port None: the first free one.

    With `share` it is bound to every address of this machine, for whoever brings its token, who
    may change the data only with `edit`. With `unseen` it begins at the images that nobody here
    has looked at yet.
    """
    from atarimae.look import app

    app.run(
        workspace, host, port, open_browser, opened, share=share, edit=edit, unseen=unseen,
        told=told,
    )  # fmt: skip


def report(
    workspace: Workspace,
    path: Path,
    *,
    title: str | None = None,
    extra_runs_table: "Table | None" = None,
    progress: Progress = silent,
) -> "Report":
    """Write one HTML file that needs nothing else: counts, findings, runs, and pictures."""
    from atarimae.look import document

    return document.report(
        workspace, path, title=title, extra_runs_table=extra_runs_table, progress=progress
    )


def run_report(workspace: Workspace, run: "Run", path: Path) -> Path:
    """Write one run as one HTML file that needs nothing else."""
    from atarimae.look import run_document

    return run_document.run_report(workspace, run, path)
