"""Work beside the pages: a thread that is waited for as long as a page has patience."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeVar, cast

Made = TypeVar("Made")


class Work(Generic[Made]):
    """Something in the making, in a thread that ends with the process."""

    def __init__(self, name: str, make: Callable[[], Made]) -> None:
        self.over = Event()
        self.failed: BaseException | None = None
        self._make = make
        self._made: Made | None = None
        Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            self._made = self._make()
        except BaseException as error:  # whatever it is, whoever asks is to hear of it
            self.failed = error
        finally:
            self.over.set()

    def result(self) -> Made:
        """What was made, once it is over. Raises what its making raised."""
        assert self.over.is_set(), "it is over"
        if self.failed is not None:
            raise self.failed
        return cast(Made, self._made)
