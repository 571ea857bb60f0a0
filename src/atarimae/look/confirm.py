"""A person looked at images, and their labels are right: no check doubts them any more."""

from collections.abc import Sequence

from atarimae.errors import UsageError
from atarimae.store import Edit, Store
from atarimae.types import BOX, CHECKED, PAIR, POLYGON, Data, Label
from atarimae.workspace import Workspace, person

NAMED = 5  # of what can't be confirmed
_NAMED = ("class", BOX, POLYGON)  # kinds whose value is a class


def confirm(workspace: Workspace, names: Sequence[str], *, by: str | None = None) -> Edit | None:
    """Say that the classes of some files, named by path or image hash, are right, as one edit.

    So are the pairs that are said of two of them.
    None where all of it was said before by the same person.
    """
    store, who = Store(workspace), by or person()
    data = store.data()
    images = _images(data, names)
    labels = [
        Label(image, value, CHECKED, by=who)
        for image in images
        for value in classes_of(data, image)
    ]
    pairs = {pair for image in images for pair in data.said(image, PAIR) if pair.other in images}
    labels += [Label(one.image, one.value, CHECKED, by=who, other=one.other) for one in pairs]
    return store.say(labels, action="confirm", why="looked at, and right", by=who)


def _images(data: Data, names: Sequence[str]) -> list[str]:
    known = {file.path: file.image for file in data.files}
    known |= {file.image: file.image for file in data.files}
    wrong = [
        name
        for name in names
        if name not in known or not (classes_of(data, known[name]) or data.pairs.get(known[name]))
    ]
    if wrong:
        more = f" and {len(wrong) - NAMED:,} more" if len(wrong) > NAMED else ""
        raise UsageError(
            f"{', '.join(wrong[:NAMED])}{more} can't be confirmed.",
            "No such file with a label is in the data. Nothing was recorded.",
            "Name files as the findings do, by path or hash.",
        )
    return [known[name] for name in names]


def classes_of(data: Data, image: str) -> list[str]:
    """What people said that it shows, in whole or in a box."""
    return list(dict.fromkeys(one.value for one in data.said(image, *_NAMED) if one.value))
