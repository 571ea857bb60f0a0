"""Progress bars on stderr, or in a notebook."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID

    from atarimae.types import Progress


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
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task: TaskID | None = None

        def show(done: int, total: int, note: str = "") -> None:
            nonlocal task
            if task is None or bars.tasks[-1].total != total:
                if task is not None:
                    bars.remove_task(task)
                task = bars.add_task(label, total=total, note=note)
            bars.update(task, completed=done, note=note)

        yield show
