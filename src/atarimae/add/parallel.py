"""One function over many chunks on every core, results in order."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TypeVar

from atarimae.errors import AtarimaeError

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")

_FEW = 64  # chunks that are not worth a process


def in_parallel(work: Callable[[Chunk], Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
    """`work` of each chunk, in order.

    Small pictures spend as much time in the interpreter as in the decoder, and threads take
    turns there: over 5,000 of 128 px two threads were no faster than one. Hence processes. They
    are forked, which starts at once and asks nothing of the user's script (no `__main__` guard),
    but is safe only while no other Python thread may hold a lock, and not on macOS. Threads
    otherwise.
    """
    cores = _cores()
    alone = threading.active_count() == 1 and "pyvips" not in sys.modules
    if len(chunks) > _FEW and cores > 1 and sys.platform == "linux" and alone:
        return _processes(work, chunks, cores)
    return _threads(work, chunks, cores)


def _processes(
    work: Callable[[Chunk], Result], chunks: Sequence[Chunk], cores: int
) -> Iterator[Result]:
    """Each process takes every n-th chunk, and ends by itself when nobody reads its pipe."""
    context = multiprocessing.get_context("fork")
    workers = []
    try:
        for core in range(cores):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=_worker, args=(work, chunks[core::cores], theirs), daemon=True
            )
            process.start()
            theirs.close()
            workers.append((process, ours))
        for number in range(len(chunks)):
            process, ours = workers[number % cores]
            try:
                yield ours.recv()
            except EOFError:
                process.join()
                raise AtarimaeError(
                    "A process that reads files has died; nothing was recorded.",
                    f"Its exit code is {process.exitcode}.",
                    "If it is -9, memory ran out: close other programs, and add again.",
                ) from None
    finally:
        for process, ours in workers:
            ours.close()
            process.terminate()
            process.join()


def _worker(
    work: Callable[[Chunk], Result], chunks: Sequence[Chunk], pipe: "Connection[Result, Result]"
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    try:
        for chunk in chunks:
            pipe.send(work(chunk))
    except BrokenPipeError:  # the parent is gone
        pass


def _threads(
    work: Callable[[Chunk], Result], chunks: Sequence[Chunk], cores: int
) -> Iterator[Result]:
    pool = ThreadPoolExecutor(cores, thread_name_prefix="atarimae-add")
    try:
        yield from pool.map(work, chunks)
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
