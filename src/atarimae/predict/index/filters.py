"""What known images can be filtered by, and the words that ask for it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from operator import attrgetter

import numpy as np

from atarimae.errors import UsageError, unknown_name
from atarimae.types import Bools, Index, Only

# What one image has, and the field of `Only` that names several of them.
FIELDS = {"label": "labels", "source": "sources", "group": "groups", "split": "splits"}
MANY = 5_000  # values among which the nearest one is looked for


class Words:
    """The filters that an index knows, by the names that answers and tables use."""

    def __init__(self, index: Index, fields: Sequence[str]) -> None:
        self._index = index
        self._fields = fields

    def only(self, asked: Mapping[str, Sequence[str]]) -> Only:
        """The filter; raises `UsageError` for a field or value that is not there."""
        for field, values in asked.items():
            if field not in self._fields:
                raise unknown_name("filter", field, self._fields)
            for value in values:
                if value not in self._known[field]:
                    raise self._unknown(field, value)
        return Only(**{FIELDS[field]: tuple(values) for field, values in asked.items()})

    @cached_property
    def _known(self) -> Mapping[str, frozenset[str]]:
        return {
            field: frozenset(filter(None, of_images(self._index, field))) for field in self._fields
        }

    def _unknown(self, field: str, value: str) -> UsageError:
        known = self._known[field]
        if len(known) <= MANY:
            return unknown_name(field, value, known, " in the index")
        return UsageError(
            f"No {field} '{value}' in the index.",
            f"There are {len(known):,} others.",
            f"Write the {field} as the images' table did.",
        )


def of_images(index: Index, field: str) -> Sequence[str | None]:
    """What each image has there; None or "" for nothing."""
    if field == "label":
        return index.labels
    return list(map(attrgetter(field), index.files))


def restricted(only: Only) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The fields that a filter names, with the values that it lets through."""
    for field, several in FIELDS.items():
        if values := getattr(only, several):
            yield field, values


def mask(index: Index, only: Only) -> Bools:
    """Which images a filter lets through."""
    through = np.ones(len(index), bool)
    for field, values in restricted(only):
        named = frozenset(values)
        each = (value in named for value in of_images(index, field))
        through &= np.fromiter(each, bool, len(index))
    return through
