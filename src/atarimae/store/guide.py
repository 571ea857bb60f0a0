"""The annotation guide of a workspace: written, read, and its history. Each change is one edit."""

from collections.abc import Mapping
from typing import Unpack

from atarimae.errors import AtarimaeError
from atarimae.store import guiding
from atarimae.store.classes import Reason
from atarimae.store.facts import COUNTEREXAMPLE, EDGE, EXAMPLE, Fact
from atarimae.store.guiding import Entry, Step
from atarimae.store.history import Edit
from atarimae.store.renaming import Known
from atarimae.store.state import last_edit
from atarimae.store.store import Store
from atarimae.types import Box


class Guide:
    """What each class is. A class may be named by any name that it has.

    `new` writes of a class that has no label yet. An image is named by a path, or by its hash.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def entries(self, edit: int | None = None) -> Mapping[str, Entry]:
        """By class, in order of name: those that the guide says something of; at a version too."""
        return self.store.read(
            lambda now: guiding.guide_at(now, last_edit(now) if edit is None else edit)
        )

    def entry(self, name: str) -> Entry:
        """What is said of one class; it may be nothing yet."""
        named = self.store.read(Known).named(name)
        return self.entries().get(named, Entry(named))

    def define(
        self, name: str, text: str, *, new: bool = False, **reason: Unpack[Reason]
    ) -> Edit | None:
        """Write the definition of a class, plain text or simple Markdown; "" takes it away.

        What others have written since the version `origin.seen` stays beside it.
        """
        origin = reason.get("origin")
        seen = origin.seen if origin else None
        return self.store.tell(
            "guide",
            lambda now, by: guiding.defined(now, name, text, seen, by, new=new),
            **reason,
        )

    def exhibit(
        self,
        name: str,
        image: str,
        box: Box | None = None,
        *,
        against: bool = False,
        note: str = "",
        instead: int | None = None,
        new: bool = False,
        **reason: Unpack[Reason],
    ) -> Edit | None:
        """Show an image, or a box in it, as an example; `against`: of what the class is not.

        `instead` is the id of what it takes the place of.
        """
        kind = COUNTEREXAMPLE if against else EXAMPLE
        fact = Fact(kind, name, image=self._image(image), box=box, note=note)
        return self._put(fact, instead, new, reason)

    def decide(
        self,
        name: str,
        case: str,
        decision: str,
        *,
        image: str | None = None,
        box: Box | None = None,
        instead: int | None = None,
        new: bool = False,
        **reason: Unpack[Reason],
    ) -> Edit | None:
        """Write down an edge case, and what was decided."""
        shown = None if image is None else self._image(image)
        fact = Fact(EDGE, name, case, image=shown, box=box, note=decision)
        return self._put(fact, instead, new, reason)

    def take(self, name: str, id: int, **reason: Unpack[Reason]) -> Edit | None:
        """Take something out of a class's entry, by its id there."""
        return self.store.tell("guide", lambda now, _: guiding.taken(now, name, id), **reason)

    def history(self, name: str) -> list[Step]:
        """Every edit that changed the entry of a class, oldest first."""
        named = self.store.read(Known).named(name)
        return self.store.read(lambda now: guiding.history_of(now, named))

    def _put(self, fact: Fact, instead: int | None, new: bool, reason: Reason) -> Edit | None:
        return self.store.tell(
            "guide",
            lambda now, by: guiding.exhibited(now, fact, instead, by, new=new),
            **reason,
        )

    def _image(self, word: str) -> str:
        images = {file.image for file in self.store.named([word])}
        if len(images) > 1:
            raise AtarimaeError(
                f"'{word}' is {len(images):,} images.", "One is needed.", "Name a file or a hash."
            )
        return images.pop()
