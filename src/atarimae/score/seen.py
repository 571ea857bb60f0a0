"""How much of what a run learned from a person has looked at."""

from dataclasses import dataclass

from atarimae.errors import AtarimaeError
from atarimae.runlog import Run, judged_paths
from atarimae.store import Store
from atarimae.types import Data


@dataclass(frozen=True, slots=True)
class Seen:
    """Images and classes, each counted once."""

    images: int
    of_images: int
    classes: int  # with an image that was seen
    of_classes: int

    def __str__(self) -> str:
        if not self.of_images:
            return ""
        share = _percent(self.images, self.of_images)
        told = f"You have seen {self.images:,} of {self.of_images:,} training images ({share})"
        if self.of_classes:
            told += f", of {self.classes:,} of {self.of_classes:,} classes"
        rest = "" if self.images == self.of_images else " The others: atarimae look --unseen"
        return f"{told}.{rest}"


def seen(store: Store, data: Data, by: str | None = None) -> Seen:
    """What somebody, the system's user unless named, has seen of the files of `data`."""
    known = store.seen(by)
    there = data.where(lambda file: file.image in known)
    return Seen(
        len({file.image for file in there.files}), len({file.image for file in data.files}),
        len(there.class_names), len(data.class_names),
    )  # fmt: skip


def told(store: Store, run: Run) -> str:
    """A line of what the run learned from; empty where that is not known.

    At stage folds every image is learned from and judged by, so all but test's count.
    """
    try:
        judged = judged_paths(run.folder)
    except (AtarimaeError, KeyError):
        return ""
    whole = store.data().where(lambda file: file.split != "test")
    train = whole.where(lambda file: file.split != "val" and file.path not in judged)
    return str(seen(store, train if len(train) else whole))


def _percent(part: int, whole: int) -> str:
    """Neither rounded down to nothing nor, before it is all, up to all."""
    percent = 100 * part / whole
    if percent < 10:
        return f"{percent:.2g} %"
    return f"{min(percent, 99.9) if part < whole else 100:.1f}".removesuffix(".0") + " %"
