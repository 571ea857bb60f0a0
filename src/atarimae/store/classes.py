"""The classes of a workspace: their other names, merges, splits, and for which images are covered.

Each change is one edit, and gives None where it is so already. A class may be named by any name
that it has or had.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from atarimae.store import covering, renaming, splitting
from atarimae.store.covering import Looked, Round
from atarimae.store.glyphs import MODERN
from atarimae.store.history import Edit, Origin
from atarimae.store.names import NO_CLASS
from atarimae.store.renaming import Known
from atarimae.store.store import Store
from atarimae.types import CHECKED, Data

Words = str | Path | Sequence[str | Path]


class Reason(TypedDict, total=False):
    """What every edit may say: why, who, and what it rests on."""

    why: str
    by: str | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Class:
    """A class, and how much of it there is."""

    name: str
    images: int  # that people say are of it or have it
    labels: int  # a person's: classes, boxes and other shapes
    covered: int  # images that were looked through for it
    aliases: tuple[str, ...]
    merged: tuple[str, ...]  # classes that went into it, and their other names

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a round is: images that are covered for all of its classes."""

    round: Round
    covered: int
    images: int

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self.round) | {"covered": self.covered, "images": self.images}


class Classes:
    """What is known of a store's classes, and what changes it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def all(self) -> list[Class]:
        """Every class by name, also those that no image has yet."""
        data, known = self.store.data(hashed=False), self.store.read(Known)
        images, labels = _counted(data)
        there = {file.image for file in data.files}
        looked = Counter(name for image in there for name in data.covered.get(image, ()))
        found = []
        for name in sorted(known.classes):
            others = known.names.other(name)
            aliases = tuple(one for one in others if known.names.thing(one) == name)
            merged = tuple(one for one in others if one not in aliases)
            found.append(Class(name, images[name], labels[name], looked[name], aliases, merged))
        return found

    def names(self) -> list[str]:
        """What the classes are called, in order."""
        return sorted(self.store.read(Known).classes)

    def alike(self) -> list[tuple[str, ...]]:
        """Classes whose names differ in width, case, spaces or old and new letters alone."""
        by_look: dict[str, list[str]] = defaultdict(list)
        for name in self.names():
            by_look[plain(name)].append(name)
        return [tuple(names) for names in by_look.values() if len(names) > 1]

    def alias(self, names: Words, of: str, **reason: Unpack[Reason]) -> Edit | None:
        """Let other names be read as a class: in the data, and in what is added from now on."""
        others = _several(names)
        return self.store.tell(
            "alias", lambda now, by: renaming.aliased(now, others, of, by), **reason
        )

    def rename(self, old: str, new: str, **reason: Unpack[Reason]) -> Edit | None:
        """Call a class by another name; the old one stays another name of it."""
        return self.store.tell(
            "rename", lambda now, by: renaming.renamed(now, old, new, by), **reason
        )

    def merge(self, classes: Words, into: str, **reason: Unpack[Reason]) -> Edit | None:
        """Make one class of several; `into` is one of them, another one, or a new name."""
        several = _several(classes)
        return self.store.tell(
            "merge", lambda now, by: renaming.merged(now, several, into, by), **reason
        )

    def separate(self, *names: str, **reason: Unpack[Reason]) -> Edit | None:
        """Let other names, or classes that were merged, be classes of their own again."""
        return self.store.tell("separate", lambda now, _: renaming.separated(now, names), **reason)

    def split(self, name: str, into: Mapping[str, Words], **reason: Unpack[Reason]) -> Edit | None:
        """Give images of a class new ones: by new class their paths, folders or hashes."""
        images = {new: self._images(files) for new, files in into.items()}
        return self.store.tell(
            splitting.SPLIT, lambda now, by: splitting.split(now, name, images, by), **reason
        )

    def cover(self, files: Words, *classes: str, **reason: Unpack[Reason]) -> Edit | None:
        """Say that images were looked through for classes to the end; for the round's if none."""
        images = self._images(files)
        return self.store.tell(
            "cover", lambda now, by: covering.covered(now, images, classes, by), **reason
        )

    def uncover(self, files: Words, *classes: str, **reason: Unpack[Reason]) -> Edit | None:
        """Take that back, whoever said it."""
        images = self._images(files)
        return self.store.tell(
            "uncover", lambda now, _: covering.uncovered(now, images, classes), **reason
        )

    def looked(self, image: str) -> list[Looked]:
        """Who looked through an image (by hash) for what, and when."""
        return self.store.read(lambda now: covering.looked(now, image))

    def begin_round(
        self, *classes: str, title: str = "", new: bool = False, **reason: Unpack[Reason]
    ) -> Edit | None:
        """Label for these classes from now on; with `new` also for such that nothing has yet."""
        return self.store.tell(
            "round", lambda now, by: covering.begun(now, classes, title, by, new=new), **reason
        )

    def end_round(self, **reason: Unpack[Reason]) -> Edit | None:
        """Label for no classes in particular."""
        return self.begin_round(**reason)

    def round(self) -> Progress | None:
        """The round that has begun, and how far it is."""
        now = self.store.read(covering.round_at)
        if now is None:
            return None
        data = self.store.data(hashed=False)
        images = {file.image for file in data.files}
        done = sum(not covering.left(data.covered, image, now.classes) for image in images)
        return Progress(now, done, len(images))

    def name(self, word: str) -> str:
        """The class that a name means; an error where there is none."""
        return self.store.read(Known).named(word)

    def _images(self, files: Words) -> list[str]:
        named = self.store.named(_several(files))
        return list(dict.fromkeys(file.image for file in named))


def plain(name: str) -> str:
    """What is left where width, case, spaces, hyphens and old forms of letters don't count."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(MODERN)
    return "".join(letter for letter in folded if letter not in " -_") or folded


def _counted(data: Data) -> tuple[Counter[str], Counter[str]]:
    """Images and labels by class, as people say."""
    images, labels = Counter[str](), Counter[str]()
    for image in {file.image for file in data.files}:
        said = [
            one.value
            for one in data.labels.get(image, ())
            if one.score is None and one.value and one.kind not in (*NO_CLASS, CHECKED)
        ]
        labels.update(said)
        images.update(set(said))
    return images, labels


def _several(words: Words) -> list[str]:
    return [str(words)] if isinstance(words, str | Path) else list(map(str, words))
