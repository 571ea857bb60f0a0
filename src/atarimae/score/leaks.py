"""Leaks: what makes a score say more of a model than it can, or less.

Classes, labels and what can be reached are told from the data alone. Near-duplicates and images
that fill many answers are told from a run's own embeddings and answers: nothing is embedded here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from atarimae.predict.search import Gallery
from atarimae.predict.unit import embeddings, unit
from atarimae.task import Embeds, Task
from atarimae.types import Array, Data, File, Predictions

CLASSES, IMAGES = "classes also in train", "images also in train"  # in a score's convention
OFTEN = 5  # times as often wrong as the gallery's mean image
FEWEST = 10  # lists, below which nobody is called a hub


@dataclass(frozen=True, slots=True)
class Near:
    """A file, and the nearest one on the other side."""

    file: File
    other: File
    cosine: float


@dataclass(frozen=True, slots=True)
class Hub:
    """A gallery image that stands in many lists of answers where it is wrong."""

    file: File
    wrong: int  # lists
    of: int  # lists in all
    usual: float  # in how many the gallery's mean image is wrong


def shared_classes(first: Data, second: Data) -> list[str]:
    """Classes that both have, sorted."""
    return sorted({*first.class_names} & {*second.class_names})


def shared_images(first: Data, second: Data) -> list[str]:
    """Images that both have, by hash, sorted."""
    return sorted({file.image for file in first.files} & {file.image for file in second.files})


def overlap(task: Task, train: Data, val: Data) -> dict[str, int]:
    """What of val is in train too, as a score's convention says it; only a given split has any."""
    shared = {
        CLASSES: len(shared_classes(train, val)) if task.unseen_classes else 0,
        IMAGES: len(shared_images(train, val)),
    }
    return {name: number for name, number in shared.items() if number}


def several_labels(data: Data) -> dict[str, tuple[str, ...]]:
    """By image, its classes where it has more than one."""
    found = {file.image: data.classes(file) for file in data.files}
    return {image: classes for image, classes in found.items() if len(classes) > 1}


def unreachable(data: Data) -> list[File]:
    """Gallery files whose class is asked about, by queries none of which may find them.

    A query never finds its own image, nor one of its own source. A class that nobody asks about
    only makes the search harder, which is no mistake.
    """
    said = {file.path: data.label(file) for file in data.files}
    asked = [file for file in data.files if file.role != "gallery" and said[file.path]]
    of_class = Counter(said[file.path] for file in asked)
    of_image = Counter((said[file.path], file.image) for file in asked)
    of_source = Counter((said[file.path], file.source or "") for file in asked)
    own = Counter((said[file.path], file.source or "", file.image) for file in asked)

    def hidden(file: File) -> bool:
        label = said[file.path]
        others = of_class[label] - of_image[label, file.image]
        theirs = of_source[label, file.source or ""] - own[label, file.source or "", file.image]
        return others > 0 and others == theirs

    known = [file for file in data.files if file.role != "query" and file.source]
    return [file for file in known if said[file.path] and hidden(file)]


def near_duplicates(
    known: Data, known_rows: Sequence[Array], asked: Data, asked_rows: Sequence[Array], at: float
) -> list[Near]:
    """Files of `asked` whose nearest other image of `known` is at a cosine of `at` or more.

    The surest first; each image counts once. One and the same image is no near-duplicate.
    """
    if not len(known) or not len(asked):
        return []
    first = {file.image: row for row, file in reversed(list(enumerate(asked.files)))}
    files = [asked.files[row] for row in first.values()]
    queries = unit(embeddings([asked_rows[row] for row in first.values()]))
    gallery = Gallery(unit(embeddings(known_rows)), [file.image for file in known.files])
    match, cosine = gallery.search(queries, 1, ids=[file.image for file in files])
    found = [
        Near(file, known.files[position], float(near))
        for file, position, near in zip(files, match[:, 0], cosine[:, 0], strict=True)
        if near >= at
    ]
    return sorted(found, key=lambda one: (-one.cosine, one.file.path))


def hubs(predictions: Predictions, data: Data) -> list[Hub] | None:
    """Gallery files that are wrong in far more lists than others, the worst first.

    None where the task's predictions have no lists (`match_files`). A list is as long as the run
    kept it; a query without a class has only wrong answers.
    """
    lists = predictions.columns.get("match_files")
    if lists is None:
        return None
    files = {file.path: file for file in data.files}
    names = {path: frozenset(data.classes(file)) for path, file in files.items()}
    wrong = Counter(
        str(path)
        for key, row in zip(predictions.keys, lists, strict=True)
        if key in files
        for path in row
        if path in files and names[key].isdisjoint(names[str(path)])
    )
    gallery = sum(file.role != "query" for file in data.files)
    usual = wrong.total() / max(gallery, 1)
    return [
        Hub(files[path], number, len(predictions), usual)
        for path, number in sorted(wrong.items(), key=lambda one: (-one[1], one[0]))
        if number >= max(OFTEN * usual, FEWEST)
    ]


@dataclass(frozen=True, slots=True)
class Leaks:
    """What a run says of its data: numbers of what was found; None where it can't be told.

    "in train" counts what of val is there too.
    """

    classes: int = 0  # also in train, where the task asks about unseen ones
    images: int = 0  # also in train
    near: int | None = None  # images with a near-duplicate in train
    several: int = 0  # images with several classes, where the task wants one
    unreachable: int = 0  # gallery images that no query of their class may find
    hubs: int | None = None  # gallery images that fill many answers
    hub: str = ""  # the worst of them
    wrong: int = 0  # the lists that it is wrong in
    lists: int = 0
    embeds: bool = False  # whether near-duplicates could be looked for at all

    def as_dict(self) -> dict[str, object]:
        """JSON values, as result.json has them."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        """One line."""
        found = ", ".join(self._found()) or "none found"
        unlooked = self.embeds and self.near is None
        return f"Leaks: {found}{'; near-duplicates unknown, train is not embedded' * unlooked}."

    def _found(self) -> Iterable[str]:
        if self.classes:
            yield f"{_many(self.classes, 'class', 'classes')} of val also in train"
        if self.images:
            yield f"{_many(self.images, 'image')} of val also in train"
        if self.near:
            yield f"{_many(self.near, 'image')} of val with a near-duplicate in train"
        if self.several:
            yield f"{_many(self.several, 'image')} with several labels"
        if self.unreachable:
            yield f"{_many(self.unreachable, 'gallery image')} out of reach of every query"
        if self.hubs:
            worst = f"{self.hub} wrong in {self.wrong:,} of {self.lists:,} lists"
            yield f"{_many(self.hubs, 'gallery image')} in many wrong answers ({worst})"


def leaks(
    task: Task,
    train: Data,
    val: Data,
    predictions: Predictions,
    rows: Sequence[Array],
    learned: tuple[Data, Sequence[Array]] | None,
) -> Leaks:
    """What a run finds: `rows` are the outputs for the files of `val`.

    `learned` is train with its outputs, None where they can't be had without embedding it.
    """
    embeds = isinstance(task, Embeds)
    shared = overlap(task, train, val)
    near = None
    if isinstance(task, Embeds) and learned is not None:
        near = len(near_duplicates(*learned, val, rows, task.near_duplicate))
    found = hubs(predictions, val)
    worst = found[0] if found else None
    return Leaks(
        shared.get(CLASSES, 0),
        shared.get(IMAGES, 0),
        near,
        len({**several_labels(train), **several_labels(val)}) if task.one_label else 0,
        len(unreachable(val)) if embeds else 0,
        None if found is None else len(found),
        worst.file.path if worst else "",
        worst.wrong if worst else 0,
        worst.of if worst else 0,
        embeds,
    )


def joined(each: Sequence[Leaks]) -> Leaks:
    """Those of folds together: no image is val in two of them, and train is always looked at."""
    worst = max(each, key=lambda one: one.wrong)
    near = [one.near for one in each]
    often = [one.hubs for one in each]
    return Leaks(
        sum(one.classes for one in each),
        sum(one.images for one in each),
        None if None in near else sum(one or 0 for one in near),
        max(one.several for one in each),
        sum(one.unreachable for one in each),
        None if None in often else sum(one or 0 for one in often),
        worst.hub,
        worst.wrong,
        worst.lists,
        worst.embeds,
    )


def told(found: Mapping[str, object] | None) -> str:
    """The line of a run's record, empty where it has none."""
    return "" if found is None else str(of_record(found))


def of_record(found: Mapping[str, object]) -> Leaks:
    """What `as_dict` wrote; what a later version may have added is passed over."""
    known = {name: value for name, value in found.items() if name in Leaks.__slots__}
    return Leaks(**known)  # type: ignore[arg-type]


def _many(number: int, one: str, more: str = "") -> str:
    return f"{number:,} {one if number == 1 else more or one + 's'}"
