"""A class is split: named images of it get new classes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import schema
from atarimae.store.facts import Change
from atarimae.store.names import NO_CLASS, Names
from atarimae.store.renaming import Known
from atarimae.store.rows import rows_where
from atarimae.store.state import label_of
from atarimae.types import CHECKED, Label

SPLIT = "split"  # the edit's word
NAMED = 3  # images that an error names; it counts the rest


def split(connection: Connection, name: str, into: Mapping[str, Sequence[str]], by: str) -> Change:
    """Say of images (by hash) that they are of new classes, where people say they are of this one.

    What models say stays. Classes and boxes keep their order: where a task wants one, the first
    counts.
    """
    known = Known(connection)
    old, wanted = known.named(name), _wanted(known, into)
    of_image = defaultdict(list)
    for row in rows_where(connection, schema.labels, "image", wanted):
        of_image[row.image].append(row)
    gone, come = list[int](), list[Label]()
    strangers = []
    for image, new in wanted.items():
        ended, said = _anew(of_image[image], old, new, known.names, by)
        gone += ended
        come += said
        strangers += [image] * (not ended)
    if strangers:
        more = f" and {len(strangers) - NAMED:,} more" if len(strangers) > NAMED else ""
        listed = ", ".join(image[:12] for image in strangers[:NAMED])
        raise UsageError(
            f"Not all of these images are of '{old}'.",
            f"People don't say so of {listed}{more}.",
            "Name images of that class alone; nothing was changed.",
        )
    return Change(labels_gone=gone, labels_come=come)


def split_since(connection: Connection, edit: int) -> frozenset[str]:
    """The images whose classes come from a split after the edit."""
    label, made = schema.labels.c, schema.edits.c
    images = (
        select(label.image)
        .join(schema.edits, made.id == label.added)
        .where(made.id > edit, made.action == SPLIT, label.removed.is_(None))
    )
    return frozenset(connection.scalars(images))


def _wanted(known: Known, into: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """By image its new class; an error where a class is there already, or an image gets two."""
    found: dict[str, str] = {}
    for name, images in into.items():
        new = known.spelled(name)
        if new in known:
            raise AtarimaeError(
                f"There is a class '{known.names.of(new)}' already.",
                "" if known.names.of(new) == new else f"'{new}' is read as it.",
                "Name a new one, or move images there with 'atarimae label'.",
            )
        for image in images:
            if found.setdefault(image, new) != new:
                raise UsageError(
                    f"One image can't go to both '{found[image]}' and '{new}'.",
                    f"It is {image[:12]}…, and may lie in several files.", "Name it once.",
                )  # fmt: skip
    if not found:
        raise UsageError("No image is named.", "", "Name those of the new class.")
    return found


def _anew(
    rows: Sequence[Any], old: str, new: str, names: Names, by: str
) -> tuple[list[int], list[Label]]:
    """One image's rows that end, and what is said in their place.

    Classes from the first that changes on are said again, so that their order stays.
    """
    gone, come = list[int](), dict[Label, None]()
    is_changed = False
    for row in rows:
        if row.score is not None or row.kind in (*NO_CLASS, CHECKED):
            continue
        label, is_old = label_of(row), names.of(row.value) == old
        is_changed |= is_old and row.kind == "class"
        if is_old or (is_changed and row.kind == "class"):
            gone.append(row.id)
            come[replace(label, value=new, by=by) if is_old else label] = None
    return gone, list(come)
