"""The one thread that holds the model: the event loop stays free to answer everything else."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO

from PIL import Image

from atarimae.bundle import Bundle
from atarimae.errors import AtarimaeError, UsageError
from atarimae.predict import golden
from atarimae.predict.ask import Answer, Asker
from atarimae.predict.boxes import read_box
from atarimae.serve.limits import Limits
from atarimae.task import Task
from atarimae.types import Box, Only
from atarimae.web.frame import WebError

BOX = "box"  # the field of a form
NONE: Mapping[str, Sequence[str]] = {}


class Worker:
    """Loads a bundle in its own thread, and answers questions there one after the other.

    ONNX Runtime takes every core for one question, so a second thread would only wait for them.
    """

    def __init__(self, bundle: Bundle, task: Task, limits: Limits) -> None:
        self._limits = limits
        self._waiting = 0
        self._swapped: Asker | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="model")
        self.loading: Future[Asker] = self._pool.submit(load, bundle, task)

    @property
    def ready(self) -> bool:
        """The bundle is loaded and has answered a first question."""
        return self.loading.done() and self.loading.exception() is None

    def swap(self, asker: Asker) -> None:
        """Let the questions that begin from now on have another asker, ready for them."""
        self._swapped = asker

    @contextmanager
    def place(self) -> Iterator[None]:
        """A request's place, to be taken before its upload is read: each may fill its memory."""
        if not self.ready:
            raise self.not_ready()
        if self._waiting >= self._limits.waiting:
            raise WebError(
                503,
                "busy",
                "The server is busy.",
                f"{self._waiting} requests are under way.",
                "Ask again in a moment, or start a replica.",
            )
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def ask(self, picture: bytes, words: Mapping[str, Sequence[str]] = NONE) -> Answer:
        """The answer, with the milliseconds it waited for the thread as function `wait`.

        `words` are filters, fields and the values that known images may have there; and `box`,
        as x0,y0,x1,y1.
        """
        question = self._pool.submit(self._answer, picture, words, time.perf_counter())
        return await asyncio.wrap_future(question)

    def not_ready(self) -> WebError:
        """Why there is no answer yet."""
        failure = self.loading.exception() if self.loading.done() else None
        found = f"{failure}" if failure else "The bundle is being loaded."
        return WebError(503, "not_ready", "The server is not ready.", found, "Ask again soon.")

    def close(self) -> None:
        """Let the question under way end, and drop those that wait."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _answer(self, picture: bytes, words: Mapping[str, Sequence[str]], asked: float) -> Answer:
        waited = (time.perf_counter() - asked) * 1000
        try:
            asker = self._swapped or self.loading.result()  # one for the whole answer
            only = _filter(asker, {name: said for name, said in words.items() if name != BOX})
            answer = asker(picture, self._limits.pixels, only, _box(words.get(BOX, ())))
        except WebError:
            raise
        except UsageError as error:
            raise WebError(422, "no_box", error.what, error.found, error.fix) from None
        except AtarimaeError as error:
            raise _refusal(error, self._limits.pixels) from None
        return replace(answer, milliseconds={"wait": waited, **answer.milliseconds})


def load(bundle: Bundle, task: Task) -> Asker:
    """An asker that has answered a first question."""
    asker = Asker(bundle, task)
    shipped = golden.pictures(bundle.folder / "golden")
    asker(shipped[0] if shipped else _blank())
    return asker


def _filter(asker: Asker, words: Mapping[str, Sequence[str]]) -> Only:
    try:
        return asker.only(words)
    except UsageError as error:
        raise WebError(422, "no_filter", error.what, error.found, error.fix) from None


def _box(said: Sequence[str]) -> Box | None:
    if len(said) > 1:
        raise UsageError("One box a request.", f"'{BOX}' came {len(said)} times.", "Ask again.")
    return read_box(said[0]) if said else None


def _blank() -> bytes:
    stream = BytesIO()
    Image.new("RGB", (640, 480), "white").save(stream, "JPEG")
    return stream.getvalue()


def _refusal(error: AtarimaeError, max_pixels: int) -> WebError:
    if error.found.startswith("It declares"):  # the reader's words for too many pixels
        return WebError(
            413,
            "too_many_pixels",
            "The picture is too large.",
            error.found,
            f"Send at most {max_pixels:,} pixels.",
        )
    return WebError(400, "no_image", error.what, error.found, error.fix)
