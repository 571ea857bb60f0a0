"""Take up a bundle whose index was changed, while questions go on."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

from atarimae import bundle as bundles
from atarimae.bundle import Bundle
from atarimae.errors import AtarimaeError
from atarimae.predict.ask import Asker
from atarimae.serve.worker import Worker, load
from atarimae.task import Task

EVERY = 1.0  # seconds between looks at bundle.json
AFTER_FAILURE = 10.0  # it may be half copied


def watcher(
    bundle: Bundle, task: Task, worker: Worker, taken: Callable[[Bundle], None]
) -> Callable[[], Coroutine[None, None, None]]:
    """A coroutine that looks at the bundle for ever, and hands what is new to the worker.

    The new one is read, checked and asked a first question in a thread of its own; `taken` is
    told of it when it answers. One that can't be taken up, whatever the reason, is said once; the
    old one goes on, and it is tried again.
    """

    async def watch() -> None:
        mark, said = _mark(bundle.folder), None
        while True:
            await asyncio.sleep(AFTER_FAILURE if said else EVERY)
            if (now := _mark(bundle.folder)) == mark or not worker.ready:
                continue
            try:
                found, asker = await asyncio.to_thread(_loaded, bundle, task)
                worker.swap(asker)
                taken(found)
            except Exception as error:  # also one of our own making: nobody else looks after it
                if said != repr(error):
                    _say(bundle.folder, error)
                said = repr(error)
                continue
            mark, said = now, None

    return watch


def _say(folder: Path, error: Exception) -> None:
    """A refusal in a line; what nobody foresaw with its traceback."""
    if isinstance(error, AtarimaeError):
        print(f"{folder} is not taken up: {error}", file=sys.stderr, flush=True)  # noqa: T201
    else:
        logging.getLogger(__name__).error("%s is not taken up.", folder, exc_info=error)


def _mark(folder: Path) -> tuple[int, int]:
    """Changes with every swap."""
    try:
        status = (folder / "bundle.json").stat()
    except OSError:
        return (0, 0)
    return status.st_ino, status.st_mtime_ns


def _loaded(before: Bundle, task: Task) -> tuple[Bundle, Asker]:
    found = bundles.read(before.folder)
    if (found.task, found.run) != (before.task, before.run):
        raise AtarimaeError(
            "It is of another run.", f"{found.run} is there.", "Start the server anew for it."
        )
    return found, load(found, task)
