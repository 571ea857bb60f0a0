"""The steps of a chain: a line each in `STEPS`, with what they can be told and what they cost.

A space changes all embeddings alike, a move mixes them before the search, a search makes lists of
its own, a reordering changes lists after it. A step of one's own is a function of one of these
shapes and a line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from atarimae.errors import UsageError
from atarimae.task import Forecast
from atarimae.tasks.retrieve.rank import cells, diffusion, reciprocal
from atarimae.tasks.retrieve.rank.expansion import Augmented, expand
from atarimae.tasks.retrieve.rank.learned import Learned, moved
from atarimae.tasks.retrieve.rank.penalty import crowding, rivals
from atarimae.tasks.retrieve.rank.propagation import Lists, vote
from atarimae.tasks.retrieve.rank.view import Asked, View, reach
from atarimae.tasks.retrieve.whitening import whitened
from atarimae.types import Ints

DEPTH = 50  # answers that are reordered; the best 20 of them are given

Kind = Literal["space", "move", "search", "reorder"]
Told = Mapping[str, float]  # a step's parameters; whole ones are whole floats


@dataclass(frozen=True)
class State:
    """Where a chain has got to."""

    view: View
    asked: Asked
    labels: Ints  # (m,) of the gallery as numbers, -1 for none
    lists: Lists | None = None  # of the search so far, None before it
    learned: Learned | None = None  # None where it is not at hand
    pairs: cells.Pairs | None = None  # None where the model has no local features


@dataclass(frozen=True)
class Size:
    """How much there is: queries, gallery rows, numbers in an embedding, training rows.

    And of local features: cells of a picture, and numbers of each.
    """

    queries: int
    gallery: int
    dimension: int
    learned: int = 0
    cells: int = 0
    numbers: int = 0


@dataclass(frozen=True)
class Cost:
    """What a step takes beside what was there before it."""

    bytes: float = 0.0
    products: float = 0.0  # multiplications of a matrix product
    touched: float = 0.0  # numbers that are fetched, compared or added one by one
    seconds: float = 0.0  # of what was timed as a whole

    def __add__(self, other: "Cost") -> "Cost":
        # Memory is that of the dearest step: what one leaves behind is small beside it.
        return Cost(
            max(self.bytes, other.bytes),
            self.products + other.products,
            self.touched + other.touched,
            self.seconds + other.seconds,
        )


@dataclass(frozen=True)
class Knob:
    """One parameter: its default, its range, and the values that the tuner tries, rising."""

    default: float
    low: float
    high: float
    tried: tuple[float, ...]
    whole: bool = False
    starts: tuple[float, ...] = ()  # where the tuner's search begins, beside the default


@dataclass(frozen=True)
class Step:
    """One line of the registry."""

    name: str
    kind: Kind
    knobs: Mapping[str, Knob]
    run: Callable[[State, Told], State]
    cost: Callable[[Size, Told], Cost]
    transductive: bool = False  # an answer depends on other queries: never shipped
    looks_back: Callable[[Told], bool] = lambda told: False  # at what the model was trained on
    local: bool = False  # looks at local features


# Of the queries, the gallery and k; then the step's parameters by name.
Searcher = Callable[..., Lists]


def searching(search: Searcher) -> Callable[[State, Told], State]:
    """A search as a step.

    It is called with the queries, the gallery and how many answers to give, and with the step's
    parameters by name. Where fewer are left it gives -1 and -inf.
    """

    def run(state: State, told: Told) -> State:
        found = search(state.asked, state.view.plain, DEPTH, **_numbers(told))
        return replace(state, lists=found)

    return run


class Prepared(Protocol):
    """A gallery that a re-ranker has made ready: each query is then ranked alone."""

    def rerank(self, asked: Asked, k: int) -> Lists:
        """As `View.search`."""


def prepared(name: str, make: Callable[..., Prepared]) -> Callable[[State, Told], State]:
    """A search in what is made of the gallery once, as a step.

    `make` is called with the gallery, and the step's parameters by name.
    """

    def run(state: State, told: Told) -> State:
        plain, asked = state.view.plain, state.asked
        known = plain.once(f"{name} {dict(told)}", lambda: make(plain, **_numbers(told)))
        return replace(state, lists=known.rerank(asked, DEPTH))

    return run


def _numbers(told: Told) -> dict[str, float]:
    """The parameters by name, whole ones as whole numbers."""
    return {
        name: int(value) if float(value).is_integer() else value for name, value in told.items()
    }


def _forecast(found: Forecast) -> Cost:
    return Cost(found.bytes, seconds=found.seconds)


def search_cost(size: Size) -> Cost:
    """Of the exact search."""
    n, m, d = size.queries, size.gallery, size.dimension
    return Cost(12.0 * n * DEPTH + 4 * min(4096, n) * d, float(n) * m * d)


def _learned(state: State, step: str) -> Learned:
    if state.learned is None:
        raise UsageError(
            f"{step} looks at what the model was trained on.",
            "That is not at hand: the model carries it only where its recipe asks for it.",
            f"Write {step} into the recipe's rank, and fit it again.",
        )
    return state.learned


def _whiten(state: State, told: Told) -> State:
    learned, by_class = _learned(state, "whiten"), bool(told["learned"])
    by = learned.whitening(int(told["dimension"]), told["shrink"], by_class=by_class)
    name, asked = f"whiten {dict(told)}", state.asked
    return replace(
        state,
        view=moved(state.view.plain, name, by),
        asked=replace(asked, rows=whitened(asked.rows, by)),
        learned=learned.moved(name, by),
    )


def _aqe(state: State, told: Told) -> State:
    k = int(told["k"])
    match, similarity = state.lists or state.view.search(state.asked, k)
    asked = expand(state.view, state.asked, match[:, :k], similarity[:, :k], alpha=told["alpha"])
    return replace(state, asked=asked)


def _dba(state: State, told: Told) -> State:
    plain = state.view.plain
    k, alpha = int(told["k"]), told["alpha"]
    view = plain.once(f"dba {k} {alpha}", lambda: Augmented(plain, k=k, alpha=alpha))
    return replace(state, view=view)


def _csls(state: State, told: Told) -> State:
    assert state.lists is not None, "the chain searches before it reorders"
    k, plain = int(told["k"]), state.view.plain
    lists = crowding(
        *state.lists, plain.nearest(reach(k)), plain.hidden(state.asked),
        k=k, weight=told["weight"],
    )  # fmt: skip
    return replace(state, lists=lists)


def _rivals(state: State, told: Told) -> State:
    assert state.lists is not None, "the chain searches before it reorders"
    lists = rivals(*state.lists, state.labels, k=int(told["k"]), weight=told["weight"])
    return replace(state, lists=lists)


def _vote(state: State, told: Told) -> State:
    assert state.lists is not None, "the chain searches before it reorders"
    k, train = int(told["k"]), told["train"]
    voters = _learned(state, "vote:train").votes(state.asked, k) if train else None
    lists = vote(
        *state.lists, state.labels, k=k, weight=told["weight"], power=told["power"],
        add=int(told["add"]), hidden=state.view.plain.hidden(state.asked), voters=voters,
        train=train,
    )  # fmt: skip
    return replace(state, lists=lists)


def _cells(state: State, told: Told) -> State:
    assert state.lists is not None, "the chain searches before it reorders"
    if state.pairs is None:
        raise UsageError(
            "cells compares local features.",
            "This model has none, or learned from too few pairs of images to tell by them.",
            "Set cells in the recipe (cells = 7, say), and fit it again.",
        )
    lists = cells.compared(*state.lists, state.pairs, k=int(told["k"]), weight=told["weight"])
    return replace(state, lists=lists)


def _nearest_cost(size: Size, k: float) -> Cost:
    """Of each gallery row's nearest others."""
    m = size.gallery
    return Cost(12.0 * m * reach(int(k)), float(m) * m * size.dimension)


def _whiten_cost(size: Size, told: Told) -> Cost:
    m, d, t = size.gallery, size.dimension, size.learned
    rows, kept = size.queries + m + t, min(told["dimension"], d)
    fitting = (1 + told["learned"]) * (float(t) * d * d + 6.0 * d**3)  # covariance, eigenvectors
    return Cost(8.0 * rows * kept + 16.0 * t * d, fitting + float(rows) * d * kept)


def _vote_cost(size: Size, told: Told) -> Cost:
    n, k = size.queries, told["k"]
    voters = size.learned if told["train"] else 0
    touched = 4.0 * n * DEPTH * (k * (2 if voters else 1) + told["add"] + 1)
    return Cost(
        12.0 * n * k + 8.0 * voters * size.dimension, float(n) * voters * size.dimension, touched
    )


def _aqe_cost(size: Size, told: Told) -> Cost:
    n, d = size.queries, size.dimension
    return search_cost(size) + Cost(8.0 * n * d, 0, n * told["k"] * d)


def _dba_cost(size: Size, told: Told) -> Cost:
    n, m, d, k = size.queries, size.gallery, size.dimension, told["k"]
    mixing = Cost(4.0 * m * d * 2 + 12 * m * reach(int(k)), 0, (m + n * k) * k * d + n * m)
    return _nearest_cost(size, k) + mixing


def _reciprocal_cost(size: Size, told: Told) -> Cost:
    k1, k2 = int(told["k1"]), int(told["k2"])
    n, m, d = size.queries, size.gallery, size.dimension
    return _forecast(reciprocal.forecast(n, m, d, DEPTH, k1=k1, k2=k2))


def _diffusion_cost(size: Size, told: Told) -> Cost:
    n, m, d = size.queries, size.gallery, size.dimension
    return _forecast(diffusion.forecast(n, m, d, DEPTH, neighbours=int(told["neighbours"])))


def _csls_cost(size: Size, told: Told) -> Cost:
    depth = reach(int(told["k"]))
    return _nearest_cost(size, told["k"]) + Cost(0, 0, 6.0 * size.queries * DEPTH * depth)


def _cells_cost(size: Size, told: Told) -> Cost:
    some = size.cells or 1, size.numbers or 1
    return _forecast(cells.forecast(size.queries, int(told["k"]), *some))


WEIGHTS = (0.1, 0.25, 0.5, 0.75, 1.0)
RECIPROCAL = {
    "k1": Knob(20, 2, 200, (5, 10, 20, 30), whole=True),
    "k2": Knob(6, 1, 50, (1, 3, 6), whole=True),
    "blend": Knob(0.3, 0, 1, (0.1, 0.3, 0.5, 0.7)),
}
STEPS: Mapping[str, Step] = {
    step.name: step
    for step in (
        Step(
            "whiten", "space",
            {
                "dimension": Knob(512, 2, 8192, (64, 128, 256, 512), whole=True),
                "shrink": Knob(0.1, 0.01, 0.99, (0.03, 0.1, 0.3, 0.6)),
                "learned": Knob(0, 0, 1, (0, 1), whole=True, starts=(1,)),
            },
            _whiten, _whiten_cost, looks_back=lambda told: True,
        ),
        Step(
            "dba", "move",
            {
                "k": Knob(3, 1, 100, (1, 2, 3, 5, 10), whole=True, starts=(1,)),
                "alpha": Knob(3, 0, 20, (0, 1, 3, 6)),
            },
            _dba, _dba_cost,
        ),
        Step(
            "aqe", "move",
            {
                "k": Knob(3, 1, DEPTH, (1, 2, 3, 5, 10), whole=True, starts=(1,)),
                "alpha": Knob(3, 0, 20, (0, 1, 3, 6)),
            },
            _aqe, _aqe_cost,
        ),
        Step(
            "kreciprocal", "search", RECIPROCAL,
            searching(reciprocal.rerank), _reciprocal_cost, transductive=True,
        ),
        Step(
            "kreciprocal_alone", "search", RECIPROCAL,
            prepared("kreciprocal_alone", reciprocal.Known), _reciprocal_cost,
        ),
        Step(
            "diffusion", "search",
            {
                "neighbours": Knob(50, 1, 200, (5, 10, 20, 50), whole=True),
                "seeds": Knob(10, 1, DEPTH, (3, 5, 10), whole=True),
                "gamma": Knob(3, 0, 20, (1, 3, 6)),
                "alpha": Knob(0.99, 0, 0.999, (0.5, 0.8, 0.9, 0.99)),
            },
            prepared("diffusion", diffusion.Known), _diffusion_cost,
        ),
        Step(
            "csls", "reorder",
            {
                "k": Knob(10, 1, 100, (3, 5, 10, 20), whole=True, starts=(3,)),
                "weight": Knob(0.5, 0, 2, WEIGHTS, starts=WEIGHTS[:1]),
            },
            _csls, _csls_cost,
        ),
        Step(
            "rivals", "reorder",
            {
                "k": Knob(3, 1, DEPTH, (1, 3, 5, 10), whole=True, starts=(1,)),
                "weight": Knob(0.5, 0, 2, WEIGHTS, starts=WEIGHTS[:1]),
            },
            _rivals, lambda size, told: Cost(0, 0, 8.0 * size.queries * DEPTH**2),
        ),
        Step(
            "vote", "reorder",
            {
                "k": Knob(10, 1, DEPTH, (3, 5, 10, 20), whole=True, starts=(3,)),
                "weight": Knob(0.5, 0, 1, WEIGHTS, starts=WEIGHTS[:1]),
                "power": Knob(3, 0, 20, (1, 3, 6)),
                "add": Knob(0, 0, 20, (0, 10), whole=True),
                "train": Knob(0, 0, 10, (0, 0.5, 1), starts=(1,)),
            },
            _vote, _vote_cost, looks_back=lambda told: told["train"] > 0,
        ),
        Step(
            "cells", "reorder",
            {
                "k": Knob(50, 2, DEPTH, (10, 20, 50), whole=True),
                "weight": Knob(0.02, 0, 1, (0.005, 0.01, 0.02, 0.05), starts=(0.005,)),
            },
            _cells, _cells_cost, local=True,
        ),
    )
}  # fmt: skip
