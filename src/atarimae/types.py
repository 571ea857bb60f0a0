"""Frozen records that cross borders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol, overload

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]  # (height, width, 3), RGB
Array = npt.NDArray[np.generic]

SPLITS = ("train", "val", "test")
ROLES = ("both", "query", "gallery")
CHECKED = "checked"  # kind of a label: a person looked, and the image is of that class
FLAG = "flag"  # kind of a label: somebody wants this image to be looked at again
REMARKS = (CHECKED, FLAG)  # kinds that say nothing of what the image shows
BOX, POLYGON, TEXT, PAIR = "box", "polygon", "text", "pair"  # kinds beside "class"
SAME, DIFFERENT = "same", "different"  # values of pairs


@dataclass(frozen=True, slots=True)
class Image:
    """One picture's content. Width and height are in pixels, after EXIF rotation."""

    hash: str  # SHA-256 of the file's bytes, hexadecimal
    width: int
    height: int
    format: str  # Pillow's name: JPEG, PNG, WEBP, BMP, TIFF, GIF
    bytes: int
    parent: str | None = None  # hash of the image that this one is a crop of


@dataclass(frozen=True, slots=True)
class Box:
    """Corners in pixels of the image after EXIF rotation, x to the right, y down.

    A turned box has the corners that it had before it was turned about its centre: `shapes`.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    angle: float = 0.0  # degrees, clockwise; 0 ≤ angle < 360 in the store


@dataclass(frozen=True, slots=True)
class Label:
    """What a person or a run says of an image: a label of one kind.

    | kind | value | box | beside |
    |---|---|---|---|
    | class | a class | | |
    | box | a class, "" for none | where, may be turned | |
    | polygon | a class, "" for none | the bounds of `points` | `points`: three or more |
    | text | what is written, "" until it is | where; its angle is the reading angle | |
    | pair | "same" or "different" | | `other`: the other image |
    | checked | the class that somebody confirmed | | |
    """

    image: str
    value: str
    kind: str = "class"
    box: Box | None = None
    by: str = ""
    score: float | None = None  # a model's, on the scale of its answers; None: a person's word
    points: tuple[tuple[float, float], ...] = ()  # an outline's corners, in the box's pixels
    other: str | None = None  # hash; in the store a pair is a label of the image that sorts first


@dataclass(frozen=True, slots=True)
class File:
    """One place where an image lies. `path` is relative to the workspace, with forward slashes."""

    path: str
    image: str
    split: str | None = None
    role: str = "both"
    group: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """The state of the data after edit `edit`; `hash` is of its content, paths left out.

    The hash is "" where it was not worked out.
    """

    edit: int
    hash: str


@dataclass(frozen=True)
class Data:
    """Files and what is said of their images, at one version."""

    root: Path
    version: Version
    files: tuple[File, ...]
    images: Mapping[str, Image]
    labels: Mapping[str, tuple[Label, ...]]  # by image hash, oldest first
    moved: Mapping[str, str] = field(default_factory=dict)  # where files of an older version lie
    trusted: frozenset[str] = frozenset()  # images whose class a model may say, where nobody did
    weights: Mapping[str, float] = field(default_factory=dict)  # of those: how sure their class is
    # By image, the classes that it was looked through for to the end: others may be there unsaid.
    covered: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def split(self, name: str) -> "Data":
        """The files of one split."""
        return self.where(lambda file: file.split == name)

    def where(self, keep: Callable[[File], bool]) -> "Data":
        """The files that `keep` says yes to; images and labels stay shared."""
        return replace(self, files=tuple(file for file in self.files if keep(file)))

    def path(self, file: File) -> Path:
        """Where the file lies on this machine."""
        return self.root / self.moved.get(file.path, file.path)

    def classes(self, file: File) -> tuple[str, ...]:
        """The classes that people gave the file's image, oldest first, each once.

        What models say doesn't count, but for images that are trusted: there it is the newest.
        """
        labels = self.labels.get(file.image, ())
        people = [one.value for one in labels if one.kind == "class" and one.score is None]
        if len(people) > 1:
            return tuple(dict.fromkeys(people))
        if people or file.image not in self.trusted:
            return tuple(people)
        return tuple(one.value for one in labels if one.kind == "class")[-1:]

    def label(self, file: File) -> str | None:
        """The class for tasks that want one: the first that was said, None where none was."""
        return next(iter(self.classes(file)), None)

    def said(self, image: str, *kinds: str) -> tuple[Label, ...]:
        """What people say of an image (by hash) in labels of these kinds, oldest first."""
        labels = self.labels.get(image, ())
        return tuple(one for one in labels if one.kind in kinds and one.score is None)

    @cached_property
    def pairs(self) -> Mapping[str, tuple[Label, ...]]:
        """The pairs of each image, by its hash: people's, with this image first in each."""
        found: dict[str, list[Label]] = {}
        for image in self.labels:
            for pair in self.said(image, PAIR):
                if pair.other is not None:
                    found.setdefault(image, []).append(pair)
                    turned = replace(pair, image=pair.other, other=image)
                    found.setdefault(pair.other, []).append(turned)
        return {image: tuple(pairs) for image, pairs in found.items()}

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Every class of these files, sorted."""
        return tuple(sorted({name for file in self.files for name in self.classes(file)}))

    def __len__(self) -> int:
        return len(self.files)


@dataclass(frozen=True)
class Predictions:
    """What a predictor and `Task.finish` say of n files, column by column (Parquet's shape)."""

    keys: tuple[str, ...]  # n paths of the files asked about
    columns: Mapping[str, Array]  # each with n rows

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class Index:
    """The m known images that answers are looked up in; m is 0 for tasks that need none.

    Two are equal only if they are one object, so that what is prepared from one can be kept.
    """

    files: tuple[File, ...] = ()
    labels: tuple[str, ...] = ()  # empty string where a file has none
    arrays: Mapping[str, Array] = field(default_factory=dict)  # each with m rows
    # Where it isn't searched exactly: `kind`, the backend's settings, the recall that was measured.
    finder: Mapping[str, object] = field(default_factory=dict)
    folder: Path | None = None  # where the backend's own file lies

    def __len__(self) -> int:
        return len(self.files)


@dataclass(frozen=True)
class Only:
    """A filter: only known images with one of the labels, from one of the sources, and so on.

    Nothing named is no restriction.
    """

    labels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()


ALL = Only()


@dataclass(frozen=True)
class Score:
    """A metric's value with its convention, and its parts where it has them.

    `value` is the mean of `parts`. `clusters` names what is resampled together (a class or a
    group): parts of one cluster are not independent. `low` and `high` bound the 95 % interval,
    and are NaN until `score.intervals` has resampled; they lie within `within`, which only parts
    that leave a metric's own range need to say.
    """

    metric: str
    value: float
    convention: Mapping[str, str | int | float | bool]
    keys: tuple[str, ...] = ()
    parts: Floats = field(default_factory=lambda: np.zeros(0, np.float32), compare=False)
    clusters: tuple[str, ...] = ()
    low: float = float("nan")
    high: float = float("nan")
    within: tuple[float, float] = field(default=(float("-inf"), float("inf")), compare=False)

    def as_dict(self) -> dict[str, object]:
        """JSON values, without the parts; a bound that can't be told is null."""
        low, high = (None if bound != bound else bound for bound in (self.low, self.high))
        convention = dict(self.convention)
        return {
            "metric": self.metric, "value": self.value, "low": low, "high": high,
            "convention": convention,
        }  # fmt: skip


class Source(Protocol):
    """A picture to be read: in memory, or a huge one of which only parts are decoded."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, after EXIF rotation."""

    def pixels(self, at_least: int | None = None) -> Pixels:
        """The whole picture; where it is much larger, a reduction with sides ≥ `at_least` px."""

    def region(self, box: Box) -> Pixels:
        """The pixels inside the box."""


class Progress(Protocol):
    """What long work tells as it goes: a bar in a terminal, nothing in a library call."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """`done` of `total` units; `note` is a short remark beside the bar."""


def silent(done: int, total: int, note: str = "") -> None:
    """A progress that says nothing."""


def named(progress: Progress, name: str) -> Progress:
    """The same progress, with a name before each remark."""
    return lambda done, total, note="": progress(done, total, f"{name}: {note}")


class Rows(Sequence[Array]):
    """n outputs of one shape in one array (n, …), which may be memory-mapped."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> Array: ...

    @overload
    def __getitem__(self, place: slice) -> "Rows": ...

    def __getitem__(self, place: int | slice) -> "Array | Rows":
        found: Array = self.array[place]
        return Rows(found) if isinstance(place, slice) else found


Batch = Sequence[Array]
