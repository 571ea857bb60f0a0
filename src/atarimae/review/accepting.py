"""Accept what is left of a class without a look at each, where its control slice says so."""

from dataclasses import dataclass

from atarimae.errors import AtarimaeError, unknown_name
from atarimae.review.control import BULK, Precision, Slice, precisions
from atarimae.store import Edit, Origin, Proposal, Store


@dataclass(frozen=True)
class Accepted:
    """One edit for all of a class."""

    edit: Edit
    classes: tuple[Precision, ...]  # of each model that said it, as measured before

    def as_dict(self, bar: float) -> dict[str, object]:
        """The shape of `accept --json`."""
        measured = [one.as_dict(bar) for one in self.classes]
        return {"edit": self.edit.as_dict(), "bar": bar, "measured": measured}


def accept(
    store: Store,
    label: str,
    *,
    model: str | None = None,
    kind: str | None = None,
    which: Slice | None = None,
    by: str | None = None,
) -> Accepted:
    """Accept every untouched proposal of a class as one edit.

    Of one model and one kind of label (class, box), or of all. Raises `AtarimaeError` where one of
    them is not proven to be right as often as the bar.
    """
    which = which or Slice()
    known = store.proposals()
    meant = [
        one
        for one in known
        if one.label.value == label
        and model in (None, one.label.by)
        and kind in (None, one.label.kind)
    ]
    left = [one for one in meant if one.fate == "untouched"]
    if not left:
        raise _nothing(known, meant, label, model)
    groups = {(one.label.by, one.label.kind) for one in left}
    measured = [
        one
        for one in precisions(known, which)
        if one.label == label and (one.model, one.kind) in groups
    ]
    for one in measured:
        if not one.passes(which.bar):
            raise _refused(one, which)
    told = "; ".join(f"{_counted(one)}, by {one.model}" for one in measured)
    edit = store.decide(
        [one.id for one in left], "accept", why=f"all of '{label}'", by=by,
        origin=Origin(finding=f"{BULK}: {told}", run=model),
    )  # fmt: skip
    assert edit is not None
    return Accepted(edit, tuple(measured))


def _counted(one: Precision) -> str:
    return f"{one.right:,} of {one.reviewed:,} right, 95 % interval {one.low:.3f} – {one.high:.3f}"


def _refused(one: Precision, which: Slice) -> AtarimaeError:
    what = f"'{one.label}' can't be accepted in bulk."
    if one.proposals <= which.wanted:
        return AtarimaeError(
            what,
            f"{one.model} proposes it {one.proposals:,} times, and {which.wanted:,} have to be "
            f"looked at to be sure of {which.bar:g}.",
            "Review them one by one on the page of 'atarimae look', or lower --bar.",
        )
    if not one.is_done:
        return AtarimaeError(
            what,
            f"Of its control slice {one.reviewed:,} of {one.size:,} are reviewed"
            + (f", {one.right:,} of them right." if one.reviewed else "."),
            "Review the rest under /review/control on the page of 'atarimae look'.",
        )
    return AtarimaeError(
        what,
        f"Of its control slice {_counted(one)}: the bar is {which.bar:g}.",
        "Review them one by one, lower --bar, or let the model propose only what it is surer of.",
    )


def _nothing(
    known: list[Proposal], meant: list[Proposal], label: str, model: str | None
) -> AtarimaeError:
    if meant:
        return AtarimaeError(
            f"Nothing of '{label}' is left to accept.",
            f"All of its {len(meant):,} proposals are decided.",
            "See 'atarimae proposals'.",
        )
    models = {one.label.by for one in known}
    if model is not None and model not in models:
        return unknown_name("model with proposals", model, models)
    return unknown_name("proposed class", label, {one.label.value for one in known})
