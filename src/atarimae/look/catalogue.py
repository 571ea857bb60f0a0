"""The newest data in memory, ready to be filtered; it follows the edits that are appended."""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import nlargest, nsmallest
from threading import Lock
from typing import TypeVar

from atarimae.look.checks.finding import by_image
from atarimae.look.parted import parted
from atarimae.look.sets import Sets
from atarimae.runlog.where import fold
from atarimae.store import Conflict, News, Store
from atarimae.store.conflicts import of_classes
from atarimae.store.covering import Round, left, round_at
from atarimae.store.following import by_image as at_once_by_image
from atarimae.types import CHECKED, FLAG, Data, File, Version
from atarimae.workspace import Workspace

T = TypeVar("T")

SECONDS = 1.0  # how long the data may be older than the store
REMEMBERED = 16  # filters whose files are kept
NONE = "-"  # in a filter: files that have no such thing
MARKS = {"flagged": "flagged", "confirmed": "confirmed", "conflict": "said differently at once"}
ROUND = "*"  # in a filter of coverage: all classes of the round


@dataclass(frozen=True, slots=True)
class Filter:
    """Which files to show; empty is all. `NONE` asks for those without label, split or source."""

    label: str = ""
    split: str = ""
    source: str = ""
    role: str = ""
    uncovered: str = ""  # a class that images are still to be looked through for, or `ROUND`
    text: str = ""  # words that path, labels or source hold, whatever their case and width
    set: str = ""  # name of a chosen set of images
    mark: str = ""  # one of MARKS


class Listing:
    """The data of one version, by image and by filter."""

    def __init__(
        self,
        data: Data,
        sets: Sets,
        round_: Round | None = None,
        conflicts: Mapping[str, Conflict] | None = None,
    ) -> None:
        """`conflicts` are those of a class that arose at once, by image."""
        self.data = data
        self.sets = sets
        self.round = round_
        self.conflicts = conflicts or {}
        self.files_by_image: Mapping[str, list[File]] = by_image(data.files)
        self._filtered: dict[Filter, tuple[int, ...]] = {}

    @cached_property
    def file_by_path(self) -> Mapping[str, File]:
        """Files by their path in the store."""
        return {file.path: file for file in self.data.files}

    def file(self, path: str) -> File | None:
        """The file at a path."""
        return next((self.data.files[number] for number in _place(self.data.files, path)), None)

    @cached_property
    def labels(self) -> Mapping[str, int]:
        """Files by label, in order of label; `NONE` counts those without."""
        return dict(sorted(self.sizes.items()))

    @cached_property
    def sizes(self) -> Counter[str]:
        """The same in no order, which is there sooner after an edit."""
        return Counter(name for found in self.classes for name in (found or (NONE,)))

    @cached_property
    def images_by_class(self) -> Mapping[str, list[str]]:
        """The images of each class, in order of path, each once; classes in order of name."""
        found: dict[str, dict[str, None]] = {name: {} for name in self.labels if name != NONE}
        for file, names in zip(self.data.files, self.classes, strict=True):
            for name in names:
                found[name][file.image] = None
        return {name: list(images) for name, images in found.items()}

    @cached_property
    def most_used(self) -> list[tuple[str, int]]:
        """The nine classes with most files, each with their number."""
        known = {name: count for name, count in self.sizes.items() if name != NONE}
        least = min(nlargest(9, known.values()), default=0)  # by number first: names take longer
        more = [(name, count) for name, count in known.items() if count > least]
        as_many = nsmallest(9 - len(more), (name for name in known if known[name] == least))
        return sorted(more, key=lambda one: (-one[1], one[0])) + [(name, least) for name in as_many]

    @cached_property
    def classes(self) -> list[tuple[str, ...]]:
        """The classes of each file, in the order of the files."""
        return [self.data.classes(file) for file in self.data.files]

    def counts(self, column: str) -> Mapping[str, int]:
        """Files by split, source or role, the most frequent first; `NONE` counts those without."""
        return dict(
            Counter(getattr(file, column) or NONE for file in self.data.files).most_common()
        )

    def is_marked(self, image: str, mark: str) -> bool:
        """Whether somebody flagged an image, confirmed a class that it has, or contradicted."""
        if mark == "conflict":
            return image in self.conflicts
        said = self.data.labels.get(image, ())
        if mark == "flagged":
            return any(label.kind == FLAG for label in said)
        names = {label.value for label in said if label.kind in ("class", "box")}
        return any(label.kind == CHECKED and label.value in names for label in said)

    def files(self, wanted: Filter) -> tuple[int, ...]:
        """Numbers of the files that the filter asks for, in order of path."""
        if wanted not in self._filtered:
            if len(self._filtered) >= REMEMBERED:
                self._filtered.clear()
            self._filtered[wanted] = self._find(wanted)
        return self._filtered[wanted]

    def touched(self, news: News) -> list[File]:
        """The files of what edits touched, each once, without those that are gone."""
        files = {file.path: file for file in news.files.values() if file}
        for image in news.labels:
            files |= {file.path: file for file in self.files_by_image.get(image, ())}
        return list(files.values())

    def followed(self, news: News) -> "Listing":
        """The listing after some edits, of which only what they touched is worked out anew."""
        files, labels = self.data.files, parted(self.data.labels).changed(news.labels)
        covered = parted(self.data.covered).changed(news.covered)
        made = Listing.__new__(Listing)
        made.sets, made.round, made._filtered = self.sets, self.round, {}
        made.files_by_image = self.files_by_image
        if news.files:
            changed = list(files)
            images = _replaced(changed, news.files)
            files, places = tuple(changed), {image: self._places(image, news) for image in images}
            made.files_by_image = parted(self.files_by_image).changed(places)
        made.conflicts = parted(self.conflicts).changed(news.conflicts)
        known = {**self.data.images, **news.images} if news.images else self.data.images
        made.data = replace(
            self.data, version=Version(news.edit, ""), files=files, labels=labels, images=known,
            covered=covered,
        )  # fmt: skip
        made._carry(self, news)
        return made

    def _places(self, image: str, news: News) -> list[File]:
        """The files of an image after some edits, in order of path."""
        there = {file.path: file for file in self.files_by_image.get(image, ())}
        there = {path: file for path, file in there.items() if path not in news.files}
        there |= {path: file for path, file in news.files.items() if file and file.image == image}
        return [there[path] for path in sorted(there)]

    def _carry(self, old: "Listing", news: News) -> None:
        """Take over the columns of the older listing, where it had worked them out."""
        places = {file.path for image in news.labels for file in self.files_by_image.get(image, ())}
        fresh = sorted({*places, *news.files})
        if "_texts" in old.__dict__:
            self.__dict__["_texts"] = texts = list(old._texts)
            _patch(texts, old.data.files, self.data.files, fresh, self._text)
        if "sizes" in old.__dict__:
            self.__dict__["classes"] = classes = list(old.classes)
            gone, come = _patch(classes, old.data.files, self.data.files, fresh, self.data.classes)
            self.__dict__["sizes"] = sizes = old.sizes.copy()
            sizes.update(name for found in come for name in (found or (NONE,)))
            for name in (name for found in gone for name in (found or (NONE,))):
                sizes[name] -= 1
                if not sizes[name]:
                    del sizes[name]

    def _find(self, wanted: Filter) -> tuple[int, ...]:
        files, found = self.data.files, list(range(len(self.data.files)))
        if wanted.label:
            classes, label = self.classes, wanted.label
            if label == NONE:
                found = [n for n in found if not classes[n] or NONE in classes[n]]
            else:
                found = [n for n in found if label in classes[n]]
        if wanted.split:
            found = [n for n in found if wanted.split == (files[n].split or NONE)]
        if wanted.source:
            found = [n for n in found if wanted.source == (files[n].source or NONE)]
        if wanted.role:
            found = [n for n in found if wanted.role == files[n].role]
        if wanted.set:
            chosen = self.sets.images(wanted.set)
            found = [n for n in found if files[n].image in chosen]
        if asked := self._asked(wanted.uncovered):
            found = [n for n in found if left(self.data.covered, files[n].image, asked)]
        if wanted.mark:
            found = [n for n in found if self.is_marked(files[n].image, wanted.mark)]
        for word in fold(wanted.text).split():
            texts = self._texts
            found = [n for n in found if word in texts[n]]
        return tuple(found)

    @cached_property
    def covered(self) -> tuple[str, ...]:
        """Classes of the round first, then those that any image is covered for."""
        there = set[str]().union(*self.data.covered.values())
        return tuple(dict.fromkeys((*(self.round.classes if self.round else ()), *sorted(there))))

    def _asked(self, uncovered: str) -> tuple[str, ...]:
        if uncovered != ROUND:
            return (uncovered,) if uncovered else ()
        return self.round.classes if self.round else ()

    @cached_property
    def _texts(self) -> list[str]:
        return [self._text(file) for file in self.data.files]

    def _text(self, file: File) -> str:
        return fold("\n".join((file.path, file.source or "", *self.data.classes(file))))


class Catalogue:
    """The newest listing of a workspace; safe to use from several threads."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.store = Store(workspace)
        self.sets = Sets(workspace)
        self._lock = Lock()
        self._listing: Listing | None = None
        self._looked = 0.0

    def now(self, *, at_once: bool = False) -> Listing:
        """The listing, at most `SECONDS` older than the store; with `at_once` not at all."""
        with self._lock:
            if self._listing is None:
                self._listing = self._read()
            elif at_once or time.monotonic() - self._looked > SECONDS:
                self._listing = self._followed(self._listing)
            else:
                return self._listing
            self._looked = time.monotonic()
            return self._listing

    def _read(self) -> Listing:
        data = self.store.data(hashed=False)
        said = at_once_by_image(self.store.read(of_classes))
        made = Listing(data, self.sets, self.store.read(round_at), said)
        made.sizes, made._texts  # noqa: B018 - worked out before anybody waits for them
        return made

    def _followed(self, listing: Listing) -> Listing:
        edit = listing.data.version.edit
        if edit == self.store.last_edit():
            return listing
        news = self.store.news(edit)
        return self._read() if news is None else listing.followed(news)


def _replaced(files: list[File], news: Mapping[str, File | None]) -> set[str]:
    """Put the files that came and changed in their place; the images that lost or got a file."""
    images = set[str]()
    for path, file in news.items():
        place = _place(files, path)
        images |= {files[number].image for number in place}
        files[place.start : place.stop] = [file] if file else []
        images |= {file.image} if file else set()
    return images


def _patch(
    column: list[T],
    old: Sequence[File],
    new: Sequence[File],
    paths: Sequence[str],
    value: Callable[[File], T],
) -> tuple[list[T], list[T]]:
    """Work out the values of some paths anew, in a column that lies beside `old`, then `new`.

    Gives the values that went and those that came.
    """
    gone, come = list[T](), list[T]()
    for path in sorted(paths, reverse=True):  # from the end, so that the places before it hold
        before, after = _place(old, path), _place(new, path)
        fresh = [value(new[number]) for number in after]
        gone += column[before.start : before.stop]
        come += fresh
        column[before.start : before.stop] = fresh
    return gone, come


def _place(files: Sequence[File], path: str) -> range:
    """Where a path lies among files in order of path: one number, or none where it would lie."""
    start = bisect_left(files, path, key=lambda one: one.path)
    return range(start, start + (start < len(files) and files[start].path == path))
