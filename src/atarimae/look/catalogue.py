"""The newest data in memory, ready to be filtered; read again when an edit was appended."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from atarimae.look.checks.finding import by_image
from atarimae.look.sets import Sets
from atarimae.runlog.where import fold
from atarimae.store import Store
from atarimae.store.covering import Round, left, round_at
from atarimae.types import Data, File
from atarimae.workspace import Workspace

SECONDS = 1.0  # how long the data may be older than the store
REMEMBERED = 16  # filters whose files are kept
NONE = "-"  # in a filter: files that have no such thing
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


class Listing:
    """The data of one version, by image and by filter."""

    def __init__(self, data: Data, sets: Sets, round_: Round | None = None) -> None:
        self.data = data
        self.sets = sets
        self.round = round_
        self.files_by_image: Mapping[str, list[File]] = by_image(data.files)
        self._filtered: dict[Filter, tuple[int, ...]] = {}

    @cached_property
    def file_by_path(self) -> Mapping[str, File]:
        """Files by their path in the store."""
        return {file.path: file for file in self.data.files}

    @cached_property
    def labels(self) -> Mapping[str, int]:
        """Files by label, in order of label; `NONE` counts those without."""
        names = (self.data.classes(file) or (NONE,) for file in self.data.files)
        return dict(sorted(Counter(name for found in names for name in found).items()))

    def counts(self, column: str) -> Mapping[str, int]:
        """Files by split, source or role, the most frequent first; `NONE` counts those without."""
        return dict(
            Counter(getattr(file, column) or NONE for file in self.data.files).most_common()
        )

    def files(self, wanted: Filter) -> tuple[int, ...]:
        """Numbers of the files that the filter asks for, in order of path."""
        if wanted not in self._filtered:
            if len(self._filtered) >= REMEMBERED:
                self._filtered.clear()
            self._filtered[wanted] = self._find(wanted)
        return self._filtered[wanted]

    def _find(self, wanted: Filter) -> tuple[int, ...]:
        words, asked = fold(wanted.text).split(), self._asked(wanted.uncovered)
        chosen = self.sets.images(wanted.set) if wanted.set else None
        return tuple(
            number
            for number, file in enumerate(self.data.files)
            if (not wanted.label or wanted.label in (self.data.classes(file) or (NONE,)))
            and (not wanted.split or wanted.split == (file.split or NONE))
            and (not wanted.source or wanted.source == (file.source or NONE))
            and (not wanted.role or wanted.role == file.role)
            and (not asked or left(self.data.covered, file.image, asked))
            and (chosen is None or file.image in chosen)
            and (not words or all(word in self._texts[number] for word in words))
        )

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
        return [
            fold("\n".join((file.path, file.source or "", *self.data.classes(file))))
            for file in self.data.files
        ]


class Catalogue:
    """The newest listing of a workspace; safe to use from several threads."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.store = Store(workspace)
        self.sets = Sets(workspace)
        self._lock = Lock()
        self._listing: Listing | None = None
        self._looked = 0.0

    def now(self) -> Listing:
        """The listing, at most `SECONDS` older than the store."""
        with self._lock:
            if self._listing is None or time.monotonic() - self._looked > SECONDS:
                if (
                    self._listing is None
                    or self._listing.data.version.edit != self.store.last_edit()
                ):
                    self._listing = Listing(self.store.data(), self.sets, self.store.read(round_at))
                self._looked = time.monotonic()
            return self._listing
