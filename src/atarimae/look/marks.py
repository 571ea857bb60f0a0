"""Boxes, outlines and texts of one image, as the page of annotation has them and changes them."""

from collections import Counter
from dataclasses import replace
from threading import Lock
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from atarimae.errors import UsageError
from atarimae.look.catalogue import Catalogue, Listing
from atarimae.store import Origin
from atarimae.store.conflicts import of_places
from atarimae.store.soundness import kept
from atarimae.types import BOX, POLYGON, TEXT, Box, Image, Label

KINDS = (BOX, POLYGON, TEXT)
MOST = 10_000  # marks in one change, and points of an outline
LONGEST = 10_000  # letters

Number = Annotated[float, Field(allow_inf_nan=False)]


class Mark(BaseModel):
    """A label that lies somewhere in the image. Pixels after EXIF rotation, degrees clockwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(pattern=f"^({'|'.join(KINDS)})$")
    value: str = Field("", max_length=LONGEST)
    box: tuple[Number, Number, Number, Number] | None = None
    angle: Number = 0.0
    points: tuple[tuple[Number, Number], ...] = Field((), max_length=MOST)
    by: str = ""
    score: Number | None = None

    @classmethod
    def of(cls, label: Label) -> "Mark":
        """The mark that a label is."""
        box = label.box
        corners = None if box is None else (box.x0, box.y0, box.x1, box.y1)
        return cls(
            kind=label.kind, value=label.value, box=corners, angle=box.angle if box else 0.0,
            points=label.points, by=label.by, score=label.score,
        )  # fmt: skip

    def label(self, image: str) -> Label:
        """The label that it is, of an image."""
        box = None if self.box is None else Box(*self.box, self.angle)
        return Label(image, self.value, self.kind, box, self.by, self.score, self.points)


class Change(BaseModel):
    """Marks that go, as they were read, and those that come in their place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    old: list[Mark] = Field([], max_length=MOST)
    new: list[Mark] = Field([], max_length=MOST)
    seen: int = Field(ge=0)  # the version that was looked at


class Marks:
    """The marks of a workspace's images; each change is one edit."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.store = catalogue.store
        self._lock = Lock()
        self._classes: tuple[Listing, list[tuple[str, int]]] | None = None
        self._made: dict[int, tuple[str, str]] = {}  # by edit: the image, and who made it here

    def of(self, image: str) -> dict[str, object]:
        """The marks at the newest version; and which of them were changed by two people at once."""
        version, labels = self.store.said(image)
        marks = [Mark.of(one) for one in labels if one.kind in KINDS and one.box]
        return {
            "version": version,
            "marks": [mark.model_dump() for mark in marks],
            "at_once": self._at_once(image),
        }

    def change(self, image: Image, change: Change, author: str) -> dict[str, object]:
        """Make the change; says which edit it was, and the new marks as they are kept.

        `gone` is whether an old one had been changed by somebody else meanwhile: both are kept.
        """
        size = {image.hash: (image.width, image.height)}
        old = [mark.label(image.hash) for mark in change.old]
        new = [replace(mark.label(image.hash), by=author, score=None) for mark in change.new]
        edit = self.store.relabel(
            old, new, action="annotate", by=author, origin=Origin(seen=change.seen)
        )
        if edit is not None:
            self._made[edit.id] = (image.hash, author)
        return {
            "edit": None if edit is None else edit.id,
            "version": self.store.last_edit() if edit is None else edit.id,
            "gone": edit is not None and edit.labels_removed < len(old),
            "marks": [Mark.of(kept(label, size)).model_dump() for label in new],
        }

    def undo(self, image: str, edit: int, author: str) -> dict[str, object]:
        """Undo an edit that was made here by the same person; or redo what such an undo took."""
        if self._made.get(edit) != (image, author):
            raise UsageError(
                f"Edit {edit} can't be undone on this page.",
                "It was made elsewhere, by somebody else, or before the page was started.",
                f"See 'atarimae edits', and use 'atarimae undo {edit}'.",
            )
        made = self.store.undo(edit, by=author)
        self._made[made.id] = (image, author)
        return {"edit": made.id, "version": made.id}

    def classes(self) -> list[tuple[str, int]]:
        """The classes of boxes, outlines and images, with how many labels say them; most first."""
        listing = self.catalogue.now(at_once=True)  # a page asks once, when it opens
        with self._lock:
            if self._classes is None or self._classes[0] is not listing:
                counted = Counter(
                    label.value
                    for labels in listing.data.labels.values()
                    for label in labels
                    if label.value and label.kind in (BOX, POLYGON, "class")
                )
                self._classes = listing, sorted(counted.items(), key=lambda one: (-one[1], one[0]))
            return self._classes[1]

    def _at_once(self, image: str) -> list[dict[str, object]]:
        found = self.store.read(lambda connection: of_places(connection, [image]))
        return [one.as_dict() for one in found if one.kind in KINDS]
