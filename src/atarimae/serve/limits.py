"""What a server takes on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond these an upload is refused."""

    bytes: int = 20_000_000
    pixels: int = 100_000_000  # as the picture's header declares them
    waiting: int = 64  # requests under way; each holds its picture in memory
