"""A chain of steps, as a recipe writes it: `rank = ["dba:k=3,alpha=2", "vote:k=5"]`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from atarimae.errors import UsageError, unknown_name
from atarimae.predict.unit import unit
from atarimae.tasks.retrieve.logistic import is_fitted
from atarimae.tasks.retrieve.rank.cells import PREFIX, Pairs
from atarimae.tasks.retrieve.rank.learned import Learned
from atarimae.tasks.retrieve.rank.propagation import Lists, numbered
from atarimae.tasks.retrieve.rank.steps import DEPTH, STEPS, Cost, Size, State, Step, search_cost
from atarimae.tasks.retrieve.rank.view import Asked, Plain
from atarimae.types import Floats, Index

ORDER = {"space": 0, "move": 1, "search": 2, "reorder": 3}


@dataclass(frozen=True)
class Link:
    """A step with its parameters."""

    step: Step
    told: Mapping[str, float]  # all of them, in the order of the step's knobs

    def __str__(self) -> str:
        said = ",".join(f"{name}={value:g}" for name, value in self.told.items())
        return f"{self.step.name}:{said}" if said else self.step.name


def parse(entries: Sequence[str]) -> tuple[Link, ...]:
    """The chain of a recipe's entries; what is not said is the step's default.

    Raises `UsageError` for unknown names, values out of range, a step that stands twice and moves
    that come after the search.
    """
    links = tuple(map(_link, entries))
    names = [link.step.name for link in links]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(
            f"{twice} stands twice in the chain.", f"It is {_told(links)}.", "Write it once."
        )
    for before, after in pairwise(links):
        if ORDER[before.step.kind] > ORDER[after.step.kind]:
            raise UsageError(
                f"{after.step.name} can't come after {before.step.name}.",
                _why(before.step, after.step),
                f"Write {after.step.name} before {before.step.name}.",
            )
    _check_searches(links)
    return links


def _why(before: Step, after: Step) -> str:
    if after.kind == "search":
        return f"{after.name} makes lists, {before.name} reorders them."
    changed = "embeddings" if before.kind == "move" else "their lists"
    return f"{after.name} changes embeddings, {before.name} {changed}."


def _check_searches(links: Sequence[Link]) -> None:
    searches = [link.step.name for link in links if link.step.kind == "search"]
    if len(searches) > 1:
        raise UsageError(
            "A chain has one search.", f"Found {' and '.join(searches)}.", "Write one of them."
        )
    if searches and any(link.step.name == "dba" for link in links):
        raise UsageError(
            f"dba can't come before {searches[0]}.",
            f"{searches[0]} looks at all rows alike, and would see a query's own image in those "
            "that were mixed with it.",
            "Leave one of them out.",
        )


def _link(entry: str) -> Link:
    name, _, rest = entry.partition(":")
    name = name.strip()
    if name not in STEPS:
        raise unknown_name("step", name, STEPS, " of rank")
    step = STEPS[name]
    said = {}
    for part in filter(str.strip, rest.split(",")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key not in step.knobs:
            raise unknown_name("parameter", key, step.knobs, f" of {name}")
        said[key] = _value(step, key, value if equals else "")
    told = {key: said.get(key, knob.default) for key, knob in step.knobs.items()}
    return Link(step, told)


def _value(step: Step, key: str, written: str) -> float:
    knob = step.knobs[key]
    try:
        value = float(written)
    except ValueError:
        value = float("nan")
    if not knob.low <= value <= knob.high or (knob.whole and not value.is_integer()):
        kind = "a whole number" if knob.whole else "a number"
        raise UsageError(
            f"{key} of {step.name} is {kind} from {knob.low:g} to {knob.high:g}.",
            f"Found '{written}'.",
            f"Write {step.name}:{key}={knob.default:g}, say.",
        )
    return value


def _told(links: Sequence[Link]) -> str:
    return ", ".join(map(str, links))


def transductive(links: Sequence[Link]) -> tuple[str, ...]:
    """The steps by which an answer depends on other queries."""
    return tuple(link.step.name for link in links if link.step.transductive)


def looks_back(links: Sequence[Link]) -> bool:
    """Whether the chain looks at what the model was trained on."""
    return any(link.step.looks_back(link.told) for link in links)


def is_local(links: Sequence[Link]) -> bool:
    """Whether the chain looks at local features."""
    return any(link.step.local for link in links)


def cost(links: Sequence[Link], size: Size) -> Cost:
    """What a chain takes, with the search in it."""
    own = Cost() if any(link.step.kind == "search" for link in links) else search_cost(size)
    return sum((link.step.cost(size, link.told) for link in links), own)


class Finder:
    """A gallery that is searched through chains; what belongs to the gallery is made once."""

    def __init__(self, rows: Floats, index: Index, learned: Index | None = None) -> None:
        self.plain = _plain(rows, index)
        self.cells = index.arrays.get("cells")
        back = learned or Index()
        numbers = numbered([*index.labels, *back.labels])
        self.labels = numbers[: len(index)]
        self.learned: Learned | None = None
        if len(back):
            known = {file.image for file in index.files}
            fresh = [row for row, file in enumerate(back.files) if file.image not in known]
            self.learned = Learned(
                _plain(np.asarray(back.arrays["embedding"], np.float32), back),
                numbers[len(index) :],
                np.array(fresh, np.int64),
            )

    def __call__(
        self,
        links: Sequence[Link],
        asked: Asked,
        k: int,
        constants: Mapping[str, float] | None = None,
    ) -> Lists:
        """Gallery positions (n, k) and similarities, best first; -1 and -inf where fewer.

        `constants` are the model's.
        """
        state = self.begin(asked, constants or {})
        for link in links:
            state = advance(state, link)
        return ended(state, k)

    def begin(self, asked: Asked, constants: Mapping[str, float]) -> State:
        """Before the first step."""
        asked = replace(asked, rows=unit(asked.rows))
        pairs = None
        if self.cells is not None and asked.cells is not None and is_fitted(constants, PREFIX):
            pairs = Pairs(asked.cells, self.cells, constants)
        return State(self.plain, asked, self.labels, learned=self.learned, pairs=pairs)


def _plain(rows: Floats, index: Index) -> Plain:
    files = index.files
    return Plain(rows, [file.image for file in files], [file.source for file in files])


def advance(state: State, link: Link) -> State:
    """One step further; the search comes before the first reordering."""
    if link.step.kind == "reorder":
        return link.step.run(searched(state), link.told)
    moved = link.step.run(state, link.told)
    return replace(moved, lists=None) if link.step.kind in ("space", "move") else moved


def searched(state: State) -> State:
    """With lists as deep as reorderings look."""
    if state.lists is not None:
        return state
    return replace(state, lists=state.view.search(state.asked, DEPTH))


def ended(state: State, k: int) -> Lists:
    """The first k of what was found."""
    match, similarity = state.lists or state.view.search(state.asked, k)
    return match[:, :k], similarity[:, :k]
