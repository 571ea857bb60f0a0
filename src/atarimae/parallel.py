"""One function over many chunks on every core, results in order."""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar, cast

from threadpoolctl import threadpool_limits

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
    number = cores()
    alone = threading.active_count() == 1 and "pyvips" not in sys.modules
    if len(chunks) > _FEW and number > 1 and sys.platform == "linux" and alone:
        return _processes(work, chunks, number)
    return _threads(work, chunks, number)


def _processes(
    work: Callable[[Chunk], Result], chunks: Sequence[Chunk], cores: int
) -> Iterator[Result]:
    """Each process takes the next chunk that nobody has, and ends when there is none.

    The chunks' numbers lie in a file in memory; processes that were forked share its position.
    """
    context = multiprocessing.get_context("fork")
    numbers = os.memfd_create("chunks")
    os.write(numbers, array("I", range(len(chunks))).tobytes())
    os.lseek(numbers, 0, os.SEEK_SET)
    workers: dict[Connection[Any, Any], BaseProcess] = {}
    try:
        for _ in range(cores):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=_worker, args=(work, chunks, numbers, theirs), daemon=True
            )
            process.start()
            theirs.close()
            workers[ours] = process
        yield from _in_order(len(chunks), dict(workers))
    finally:
        os.close(numbers)
        for pipe, reader in workers.items():
            pipe.close()
            reader.terminate()
            reader.join()


def _in_order(total: int, workers: "dict[Connection[Any, Any], BaseProcess]") -> Iterator[Any]:
    """The results of all chunks as they come through the pipes, put in order."""
    waiting: dict[int, object] = {}
    following = 0
    while following < total:
        for pipe in cast("list[Connection[Any, Any]]", wait(list(workers))):
            try:
                number, result = pipe.recv()
                waiting[number] = result
            except EOFError:
                process = workers.pop(pipe)
                process.join()
                if process.exitcode or not workers:
                    raise AtarimaeError(
                        "A process that reads files has died.",
                        f"Its exit code is {process.exitcode}.",
                        "If it is -9, memory ran out: close other programs, and start again.",
                    ) from None
        while following in waiting:
            yield waiting.pop(following)
            following += 1


def _worker(
    work: Callable[[Chunk], Result],
    chunks: Sequence[Chunk],
    numbers: int,
    pipe: "Connection[Any, Any]",
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threadpool_limits(1)  # a thread a core: more would wait for each other
    gc.freeze()  # what the parent has is not gone through, nor copied for that
    try:
        while number := os.read(numbers, 4):
            taken = int.from_bytes(number, sys.byteorder)
            pipe.send((taken, work(chunks[taken])))
    except BrokenPipeError:  # the parent is gone
        pass


def _threads(
    work: Callable[[Chunk], Result], chunks: Sequence[Chunk], cores: int
) -> Iterator[Result]:
    pool = ThreadPoolExecutor(cores, thread_name_prefix="atarimae-read")
    waiting: deque[Future[Result]] = deque()
    try:
        for chunk in chunks:
            waiting.append(pool.submit(work, chunk))
            if len(waiting) > 2 * cores:  # few, so that results don't heap up and Ctrl-C is quick
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
