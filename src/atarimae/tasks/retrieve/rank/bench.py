"""Many chains on one set of embeddings: what they share is computed once."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from atarimae.task import Forecast
from atarimae.tasks.retrieve.rank.chain import (
    ORDER,
    Finder,
    Link,
    advance,
    cost,
    ended,
    is_local,
    looks_back,
    parse,
    searched,
)
from atarimae.tasks.retrieve.rank.steps import DEPTH, STEPS, Size, State, Step
from atarimae.tasks.retrieve.rank.view import Asked, Plain
from atarimae.types import Floats, Ints, Score

KEPT = 24  # states that are kept


class Bench:
    """A gallery and queries, through one chain after the other."""

    def __init__(
        self,
        finder: Finder,
        asked: Asked,
        judge: Callable[[Ints, Floats], Score],
        k: int,
        constants: Mapping[str, float],
    ) -> None:
        self.finder = finder
        self._first = finder.begin(asked, constants)
        self._judge = judge
        self._k = k
        self._states: dict[tuple[str, ...], State] = {}
        self._speed: tuple[float, float] | None = None

    def score(self, chain: Sequence[str]) -> Score:
        """The main metric of what the chain finds."""
        return self._judge(*ended(self._state(parse(chain)), self._k))

    def forecast(self, chain: Sequence[str]) -> Forecast:
        """What the chain takes if it shares nothing with those before it."""
        plain, back, pairs = self.finder.plain, self.finder.learned, self._first.pairs
        learned = len(back.plain) if back else 0
        cells = pairs.theirs.shape[1:] if pairs else ()
        size = Size(len(self._first.asked), len(plain), plain.rows.shape[1], learned, *cells)
        told = cost(parse(chain), size)
        if self._speed is None:
            self._speed = _speed(plain)
        seconds = told.products / self._speed[0] + told.touched / self._speed[1]
        return Forecast(int(told.bytes), seconds + told.seconds)

    def can(self, chain: Sequence[str]) -> bool:
        """Whether train and local features are there, if the chain looks at them."""
        links, first = parse(chain), self._first
        return (first.pairs is not None or not is_local(links)) and (
            first.learned is not None or not looks_back(links)
        )

    def _state(self, links: Sequence[Link]) -> State:
        """After these steps, searched: the next step finds the lists there."""
        name = tuple(map(str, links))
        state = self._states.pop(name, None)
        if state is None:
            before = advance(self._state(links[:-1]), links[-1]) if links else self._first
            state = searched(before)
        while len(self._states) >= KEPT:
            del self._states[next(iter(self._states))]
        self._states[name] = state
        return state


def near(
    chain: Sequence[str], *, transductive: bool, learned: bool = False
) -> list[tuple[str, ...]]:
    """The chains that are one change away, those with fewer steps first.

    A step less; one knob one value up or down; two steps of a kind in the other order; a step more,
    as it is by default or with one knob otherwise. Steps by which an answer depends on other
    queries only with `transductive`, what looks at the training images only with `learned`.
    """
    links = parse(chain)
    steps = [step for step in STEPS.values() if transductive or not step.transductive]
    found = [*_without(links), *_turned(links), *_swapped(links), *_with(links, steps)]
    known = [one for one in found if learned or not looks_back(one)]
    return list(dict.fromkeys(tuple(map(str, one)) for one in known))


def _without(links: Sequence[Link]) -> Iterator[list[Link]]:
    for place in range(len(links)):
        yield [*links[:place], *links[place + 1 :]]


def _turned(links: Sequence[Link]) -> Iterator[list[Link]]:
    for place, link in enumerate(links):
        for name, knob in link.step.knobs.items():
            below = [value for value in knob.tried if value < link.told[name]][-1:]
            above = [value for value in knob.tried if value > link.told[name]][:1]
            for value in (*below, *above):
                turned = Link(link.step, {**link.told, name: value})
                yield [*links[:place], turned, *links[place + 1 :]]


def _swapped(links: Sequence[Link]) -> Iterator[list[Link]]:
    for place in range(len(links) - 1):
        first, second = links[place : place + 2]
        if first.step.kind == second.step.kind:
            yield [*links[:place], second, first, *links[place + 2 :]]


def _with(links: Sequence[Link], steps: Sequence[Step]) -> Iterator[list[Link]]:
    used = {link.step.name for link in links}
    searches = any(link.step.kind == "search" for link in links)
    for step in steps:
        if step.name in used or (step.kind == "search" and (searches or "dba" in used)):
            continue
        if step.name == "dba" and searches:
            continue
        place = sum(ORDER[link.step.kind] <= ORDER[step.kind] for link in links)
        for told in _starts(step):
            yield [*links[:place], Link(step, told), *links[place:]]


def _starts(step: Step) -> Iterator[dict[str, float]]:
    """Where the search in a step's parameters begins: its defaults, and one of them otherwise."""
    plain = {name: knob.default for name, knob in step.knobs.items()}
    yield plain
    for name, knob in step.knobs.items():
        for value in knob.starts:
            yield {**plain, name: value}


def _speed(plain: Plain) -> tuple[float, float]:
    """Multiplications of a search, and numbers touched one by one, in a second here and now."""
    some = plain.rows[:256]
    few = np.arange(len(some)) % 7
    products = _seconds(lambda: plain.gallery.search(some, DEPTH))
    touched = _seconds(lambda: some[few] * 0.5 + some)
    return max(1, some.size * len(plain)) / products, max(1.0, 2.0 * some.size) / touched


def _seconds(work: Callable[[], object]) -> float:
    """The fastest of three times."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return max(min(times), 1e-7)
