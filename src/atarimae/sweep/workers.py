"""Who does the jobs of a sweep; here processes on this machine."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from atarimae.cluster import threads_of
from atarimae.errors import AtarimaeError
from atarimae.predict.graph import cores
from atarimae.sweep.work import Job

LOOK = 0.2  # seconds between two looks at whether a worker still lives
LAST_WORDS = 2000  # characters of what a dead worker wrote
FAREWELL = 10.0  # seconds for a worker to end by itself


@dataclass(frozen=True)
class Ended:
    """A job that no worker has any more."""

    job: Job
    error: AtarimaeError | None = None  # None where the run's folder says all
    died: bool = False  # the worker did, so that somebody must go on with the run


class Workers(Protocol):
    """Whoever does jobs."""

    def free(self) -> int:
        """How many more jobs could be worked on now."""

    def start(self, job: Job) -> None:
        """Let somebody who is free do it."""

    def wait(self) -> list[Ended]:
        """What has ended since; empty after a moment in which nothing did."""

    def close(self) -> None:
        """Stop what is still going on; it can be gone on with."""


class Processes:
    """Workers that are processes of their own, which share out the cores of this machine."""

    def __init__(self, number: int, folder: Path) -> None:
        threads = max(1, cores() // number)
        self._environment = os.environ | threads_of(threads)
        self._folder = folder
        self._all: list[_Process | None] = [None] * number

    def free(self) -> int:
        """Processes without a job; those that have not been started yet count."""
        return sum(one is None or one.job is None for one in self._all)

    def start(self, job: Job) -> None:
        """Hand it to the first that is free."""
        place = next(i for i, p in enumerate(self._all) if p is None or p.job is None)
        found = self._all[place]
        if found is not None and found.process.poll() is not None:  # it died with nothing to do
            found.end()
            found = None
        found = found or _Process(self._environment, self._folder / f"worker-{place}.txt")
        self._all[place] = found
        found.start(job)

    def wait(self) -> list[Ended]:
        """Wait a moment at most."""
        busy = [one for one in self._all if one is not None and one.job is not None]
        with selectors.DefaultSelector() as watched:
            for worker in busy:
                watched.register(worker.answers, selectors.EVENT_READ)
            watched.select(LOOK)
        ended = []
        for place, one in enumerate(self._all):
            found = one.answer() if one is not None and one.job is not None else None
            if one is None or found is None:
                continue
            ended.append(found)
            if found.died:
                one.end()
                self._all[place] = None
        return ended

    def close(self) -> None:
        """Each ends by itself when nobody speaks to it any more."""
        there = [one for one in self._all if one is not None]
        for one in there:
            with suppress(OSError):
                one.process.stdin.close()  # type: ignore[union-attr]
        for one in there:
            one.end()
        self._all = [None] * len(self._all)


class _Process:
    """One worker: a line of JSON in for a job, a line out when it has ended."""

    def __init__(self, environment: Mapping[str, str], words: Path) -> None:
        words.parent.mkdir(parents=True, exist_ok=True)
        self.words = words
        with words.open("w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "atarimae.sweep.worker"], env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.answers: IO[bytes] = self.process.stdout
        os.set_blocking(self.answers.fileno(), False)
        self._read = b""
        self.job: Job | None = None

    def start(self, job: Job) -> None:
        assert self.process.stdin is not None
        self.job = job
        with suppress(BrokenPipeError):  # it is dead, and will be found so
            self.process.stdin.write(json.dumps(job.as_dict()).encode() + b"\n")
            self.process.stdin.flush()

    def answer(self) -> Ended | None:
        """What came of the job, None while it goes on."""
        dead = self.process.poll() is not None  # before reading: its last words are then there
        self._read += self.answers.read() or b""
        line, ended, rest = self._read.partition(b"\n")
        assert self.job is not None
        if ended:
            job, self.job, self._read = self.job, None, rest
            return Ended(job, error_of(json.loads(line)))
        return Ended(self.job, self._death(), died=True) if dead else None

    def _death(self) -> AtarimaeError:
        said = self.words.read_text(encoding="utf-8", errors="replace").strip()
        return AtarimaeError(
            "A worker of the sweep died.",
            f"It ended with {self.process.returncode}. {said[-LAST_WORDS:]}".strip(),
            f"See {self.words}; memory may have run out.",
        )

    def end(self) -> None:
        """Wait for its end, and bring it about where it does not come."""
        try:
            self.process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.answers.close()
        with suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]


def error_of(reply: Mapping[str, object]) -> AtarimaeError | None:
    """The error that `work.do` told, if it told one."""
    told = reply.get("error")
    return AtarimaeError(**told) if isinstance(told, dict) else None


def pause() -> None:
    """For as long as `wait` takes where there is nothing to wait for."""
    time.sleep(LOOK)
