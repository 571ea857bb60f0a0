"""Progress bars on stderr, or in a notebook.

They are drawn when something is reported, by the thread that reports it: with a thread of their
own, work that forks would have to do without.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID

    from atarimae.types import Progress


EVERY = 0.1  # seconds between two drawings


@contextmanager
def bar(label: str) -> "Iterator[Progress]":
    """A bar that shows what is reported to it; plain and silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("[dim]{task.fields[note]}"),
    )
    console = Console(stderr=True)
    seen = console.is_terminal or console.is_jupyter
    with Bars(
        *columns, console=console, transient=True, auto_refresh=False, disable=not seen
    ) as bars:
        task: TaskID | None = None
        drawn = 0.0

        def show(done: int, total: int, note: str = "") -> None:
            nonlocal task, drawn
            if task is None or bars.tasks[-1].total != total:
                if task is not None:
                    bars.remove_task(task)
                task = bars.add_task(label, total=total, note=note)
            bars.update(task, completed=done, note=note)
            if done >= total or time.monotonic() - drawn > EVERY:
                drawn = time.monotonic()
                bars.refresh()

        yield show
