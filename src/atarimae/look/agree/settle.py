"""The right answer is chosen, and becomes a label: an edit that names the agreement."""

from collections.abc import Mapping, Sequence

from atarimae.errors import UsageError
from atarimae.look.agree.outcome import outcome
from atarimae.store import Agreement, Edit, Opinion, Origin, Said, Settled, Store
from atarimae.store.agreements import check
from atarimae.types import Data, Label
from atarimae.workspace import Workspace, person


def settle(
    workspace: Workspace, number: int, chosen: Mapping[str, Said], *, by: str | None = None
) -> Edit | None:
    """Label images as chosen, as one edit; None where they are labelled so already.

    Of the classes that were asked about only what is chosen stays of what people said; labels of
    other classes are not touched. Raises `UsageError` for an answer that can't be.
    """
    store, who = Store(workspace), by or person()
    asked = store.agreements.of(number)
    check(asked, [Opinion(image, who, said) for image, said in chosen.items()])
    data = store.data()
    old, new = list[Label](), list[Label]()
    for image, said in chosen.items():
        gone, come = _changes(data, asked, image, said, who)
        old += gone
        new += come
    named = f"agreement {number}"
    edit = store.relabel(old, new, why=named, by=who, origin=Origin(finding=named))
    rows = [Settled(one, said, who, edit.id if edit else None) for one, said in chosen.items()]
    store.agreements.settle(number, rows)
    return edit


def take_over(
    workspace: Workspace, number: int, *, by: str | None = None
) -> tuple[int, Edit | None]:
    """Label the images of which everybody said the same; how many, and the edit."""
    found = outcome(workspace, number)
    if not found.same:
        raise UsageError(
            "There is nothing to take over.",
            "No image is left of which two people say the same.",
            f"See 'atarimae agree show {number}'.",
        )
    first = {image: next(iter(found.answers[image].values())) for image in found.same}
    return len(first), settle(workspace, number, first, by=by)


def _changes(
    data: Data, asked: Agreement, image: str, said: Said, who: str
) -> tuple[list[Label], list[Label]]:
    """The labels of people that go, and those that come."""
    there = _there(data, asked, image)
    wanted = {(name, box): Label(image, name, asked.kind, box, who) for name, box in said}
    gone = [label for label in there if (label.value, label.box) not in wanted]
    known = {(label.value, label.box) for label in there}
    return gone, [label for key, label in wanted.items() if key not in known]


def _there(data: Data, asked: Agreement, image: str) -> Sequence[Label]:
    return [one for one in data.said(image, asked.kind) if one.value in asked.classes]
