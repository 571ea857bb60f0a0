"""A part of an index, and two of them as one."""

from collections import Counter
from dataclasses import replace

import numpy as np

from atarimae.errors import AtarimaeError
from atarimae.types import Array, Index, Ints

ROWS = "embedding"  # the array that is searched
NUMBERS = "number"  # the array that names rows to a backend


def picked(index: Index, positions: Ints) -> Index:
    """The images at some positions, in that order."""
    arrays: dict[str, Array] = {name: rows[positions] for name, rows in index.arrays.items()}
    files = tuple(index.files[position] for position in positions)
    labels = tuple(index.labels[position] for position in positions)
    return replace(index, files=files, labels=labels, arrays=arrays)


def without_rows(index: Index) -> Index:
    """What stays here where a server has the rows."""
    return replace(index, arrays={name: a for name, a in index.arrays.items() if name != ROWS})


def check_new(index: Index, more: Index) -> None:
    """Raises `AtarimaeError` for images that can't be added to an index."""
    paths = [file.path for file in more.files]
    there = {file.path for file in index.files}
    twice = [path for path, count in Counter(paths).items() if count > 1 or path in there]
    if twice:
        raise AtarimaeError(
            f"{len(twice)} of the images can't be added.",
            f"There is {', '.join(twice[:5])} already, or twice among them.",
            "Remove them first, and name each once.",
        )
    for name, rows in index.arrays.items():
        if name != NUMBERS and more.arrays[name].shape[1:] != rows.shape[1:]:
            raise AtarimaeError(
                "These images can't be added.",
                f"Their rows '{name}' have the shape {more.arrays[name].shape[1:]}, those "
                f"that are there {rows.shape[1:]}.",
                "Embed them with the model that the index was made with.",
            )


def joined(index: Index, more: Index) -> Index:
    """Both, in the order of their paths; each array is copied once."""
    if not len(index):
        return more
    files, labels = index.files + more.files, index.labels + more.labels
    order = sorted(range(len(files)), key=lambda place: files[place].path)
    place = np.argsort(np.array(order, np.int64))
    arrays = {}
    for name, rows in index.arrays.items():
        arrays[name] = np.empty((len(files), *rows.shape[1:]), rows.dtype)
        arrays[name][place[: len(index)]] = rows
        arrays[name][place[len(index) :]] = more.arrays[name]
    return Index(tuple(files[n] for n in order), tuple(labels[n] for n in order), arrays)
