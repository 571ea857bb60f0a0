"""What several checks ask for, worked out once."""

from collections.abc import Callable
from typing import TypeVar, cast

from atarimae.types import Data

T = TypeVar("T")


class Answers:
    """By name, what was last worked out, and of which data."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Data, object]] = {}

    def once(self, name: str, data: Data, made: Callable[[], T]) -> T:
        """What was made under that name for this very data; made now where it was not."""
        if name not in self._kept or self._kept[name][0] is not data:
            self._kept[name] = data, made()
        return cast(T, self._kept[name][1])
