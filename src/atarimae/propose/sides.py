"""Who is asked and who answers: nothing that a score is judged by gets a model's label."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from atarimae.types import Data, File


@dataclass(frozen=True)
class Sides:
    """The files of a data version, by what they are for here."""

    known: Data  # labelled by people, free to be learned from: what answers
    pool: Data  # labelled by no person: what is asked about, one file an image
    val: Data  # what the run was judged by: what the estimate is made on
    held: frozenset[str] = frozenset()  # images of val and test, given or drawn


def sides(data: Data, judged: Collection[str]) -> Sides:
    """`judged` are the images of the run's val.

    Val and test, whether given or drawn, and whatever shares an image or a group with them, are
    neither known nor in the pool. Nor are queries: one without a label asks for what is not there.
    """
    held = [f for f in data.files if f.image in judged or f.split in ("val", "test")]
    images = {file.image for file in held}
    groups = {file.group for file in held if file.group}

    def is_free(file: File) -> bool:
        return (
            file.role != "query" and file.image not in images and (file.group or "") not in groups
        )

    free = data.where(is_free)
    pool = {file.image: file for file in reversed(free.files) if data.label(file) is None}
    return Sides(
        free.where(lambda file: data.label(file) is not None),
        replace(free, files=tuple(sorted(pool.values(), key=lambda file: file.path))),
        data.where(lambda file: file.image in judged),
        frozenset(images),
    )


def as_queries(data: Data) -> Data:
    """The same files, to be asked about."""
    return replace(data, files=tuple(replace(file, role="query") for file in data.files))


def both(first: Data, second: Data) -> Data:
    """The files of two parts of one data version, in order of path."""
    files = sorted({*first.files, *second.files}, key=lambda file: file.path)
    return replace(first, files=tuple(files))
