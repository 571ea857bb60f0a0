"""All of it: what was saved, how long a label takes, what more would bring."""

from collections.abc import Iterator
from dataclasses import dataclass

from atarimae import task
from atarimae.look.checks.finding import Beside
from atarimae.look.checks.unseen import sections, witnesses
from atarimae.look.economics.more import MORE, More, more_labels
from atarimae.look.economics.saved import Pace, Saved, as_dict, paces, saved, seconds_saved
from atarimae.score.learning import Curve
from atarimae.store import Store
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Economics:
    """What labelling costs and brings."""

    saved: Saved
    paces: tuple[Pace, ...]
    more: More | None  # None where nobody asked

    @property
    def seconds_saved(self) -> float | None:
        """By proposals; None where it can't be told."""
        return seconds_saved(self.saved, self.paces)

    def as_dict(self) -> dict[str, object]:
        """The shape of `look --economics --json`."""
        told = as_dict(self.saved, self.paces)
        more = {} if self.more is None else self.more.as_dict()
        return {**told, "seconds_saved": self.seconds_saved, **more}

    def lines(self) -> Iterator[str]:
        """As people read it."""
        yield from _saved(self.saved, self.seconds_saved)
        for one in self.paces:
            yield _pace(one)
        yield from () if self.more is None else _more(self.more)


def economics(workspace: Workspace, *, more: bool = True) -> Economics:
    """Of the newest data. What `more` labels would bring takes a while: 25 fits of a head."""
    store = Store(workspace)
    edits = store.edits()
    told = _told(workspace, store) if more else None
    return Economics(saved(store.proposals(), edits), tuple(paces(edits)), told)


def _told(workspace: Workspace, store: Store) -> More:
    known = Beside(witnesses=witnesses(workspace, task.load(workspace.task)))
    found = sections(store.data(), known)
    return more_labels([one for one in found if len(one.labels)])


def _saved(one: Saved, seconds: float | None) -> Iterator[str]:
    if not one.proposals:
        yield "No model has proposed a label yet: atarimae propose best"
        return
    yield (
        f"Of {one.proposals:,} proposals {one.accepted:,} were accepted as they are "
        f"({one.unseen:,} of them in bulk), {one.edited:,} with a change, {one.rejected:,} "
        f"rejected; {one.untouched:,} are untouched, of {one.by_hand:,} the image was labelled by "
        "hand."
    )
    if seconds is not None:
        yield (
            f"That spared about {seconds / 60:,.0f} minutes."
            if seconds >= 0
            else f"That cost about {-seconds / 60:,.0f} minutes more than labelling by hand."
        )


def _pace(one: Pace) -> str:
    told = (
        f"{one.seconds:.1f} s a label [{one.low:.1f}, {one.high:.1f}]"
        if one.seconds is not None
        else "too few to tell seconds a label"
    )
    pauses = f", {one.pauses:,} pauses left out" if one.pauses else ""
    return f"{one.person}, {one.what}: {told} ({one.labels:,} labels{pauses})."


def _more(one: More) -> Iterator[str]:
    if one.gain is None:
        yield f"What {MORE} more labels would bring can't be told. {one.why}"
    else:
        assert one.curve is not None
        now, gain = one.curve.now, one.gain
        yield (
            f"{MORE} more labels would likely bring the share of images that a cheap head tells "
            f"wrongly from {now.value:.3f} down by {gain.value:.3f} [{gain.low:.3f}, "
            f"{gain.high:.3f}]."
        )
    if one.curve is not None:
        yield from _measured(one, one.curve)


def _measured(one: More, curve: Curve) -> Iterator[str]:
    yield (
        f"Measured with {', '.join(f'{size:,}' for size in curve.sizes)} of {one.labelled:,} "
        f"labels, on embeddings of {one.run}: told wrongly are "
        f"{', '.join(f'{error.value:.3f}' for error in curve.errors)}."
    )
    step = curve.sizes[-1] - curve.sizes[-2]
    fall, each = curve.fall, MORE / step
    yield (
        f"From {curve.sizes[-2]:,} to {curve.sizes[-1]:,} labels it fell by {fall.value:.3f} "
        f"[{fall.low:.3f}, {fall.high:.3f}]: that was {fall.value * each:.3f} for {MORE} labels."
    )
