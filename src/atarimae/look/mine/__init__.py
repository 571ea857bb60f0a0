"""Mining a pool: which of many unlabelled images are worth labelling, by what they show."""

from atarimae.look.mine.asking import Asked, asked, found
from atarimae.look.mine.examples import Example
from atarimae.look.mine.mine import Mined, Wish, mine
from atarimae.look.mine.pool import of_files, unlabelled
from atarimae.look.mine.queue import queue_found
from atarimae.look.mine.search import Result

__all__ = [
    "Asked",
    "Example",
    "Mined",
    "Result",
    "Wish",
    "asked",
    "found",
    "mine",
    "of_files",
    "queue_found",
    "unlabelled",
]
