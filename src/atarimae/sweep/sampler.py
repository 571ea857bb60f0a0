"""What to try next, as Optuna's TPE proposes it from the ideas that there are.

The study is built anew for each proposal, from the runs alone. So a sweep that was killed goes on
as if it had not been, and a proposal depends on seed and ideas only.

Scores of two stages are never ranked against each other. An idea that came through the last stage
is told with its score there. One that was rejected is told as pruned, with the score of the stage
that rejected it: TPE ranks those below every finished one, and among themselves by that score. One
that failed is told as pruned without a score, and comes last. What is still under way is told as
running, which keeps the sampler from proposing its neighbours.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from math import isfinite
from types import ModuleType
from typing import TYPE_CHECKING, cast

from atarimae.errors import AtarimaeError, UsageError
from atarimae.sweep.ideas import Idea, key
from atarimae.sweep.space import Choices, Dimension, Range, Settings, Space, changed

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution, CategoricalChoiceType
    from optuna.study import Study
    from optuna.trial import FrozenTrial

TRIES = 100  # proposals that were made before, or that no recipe allows, until we look ourselves
LARGEST_GRID = 10_000  # values that are all counted up
DIGITS = 3  # of a proposed number: 0.00314 can be read, typed and tried again


def propose(
    space: Space, ideas: Sequence[Idea], stages: Sequence[str], seed: int
) -> Settings | None:
    """Settings that no idea has, None where none are left."""
    known = {idea.key for idea in ideas}
    asked = study(space, ideas, stages, seed)
    distributions = {name: _distribution(one) for name, one in space.dimensions.items()}
    for _ in range(TRIES):
        params = asked.ask(distributions).params
        tried = {name: _value(one, params[name]) for name, one in space.dimensions.items()}
        if key(tried) not in known and _valid(space, tried):
            return space.settings(changed(space.recipe, tried).model_dump(mode="json"))
    left = [tried for tried in _grid(space) if key(tried) not in known and _valid(space, tried)]
    return random.Random(seed + len(ideas)).choice(left) if left else None


def study(space: Space, ideas: Sequence[Idea], stages: Sequence[str], seed: int) -> "Study":
    """An Optuna study in memory that has been told of every idea."""
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(
        seed=(seed + len(ideas)) % 2**32, multivariate=True, constant_liar=True
    )
    made: Study = optuna.create_study(direction="maximize", sampler=sampler)
    for idea in ideas:
        if all(one.holds(idea.settings[name]) for name, one in space.dimensions.items()):
            made.add_trial(_trial(space, idea, stages))
    return made


def _optuna() -> ModuleType:
    try:
        import optuna
    except ModuleNotFoundError:
        raise AtarimaeError(
            "A sweep needs more than the base install.",
            "There is no optuna here.",
            "Install it with: pip install 'atarimae[fit]'",
        ) from None
    return optuna


def _trial(space: Space, idea: Idea, stages: Sequence[str]) -> "FrozenTrial":
    from optuna.trial import TrialState, create_trial

    params = {n: _param(one, idea.settings[n]) for n, one in space.dimensions.items()}
    distributions = {n: _distribution(one) for n, one in space.dimensions.items()}
    state, run = idea.state(stages), idea.judged
    value = run.score.value if run is not None and run.score is not None else float("nan")
    if state == "open":
        return create_trial(state=TrialState.RUNNING, params=params, distributions=distributions)
    if state == "done" and isfinite(value):
        return create_trial(value=value, params=params, distributions=distributions)
    seen = {0: value} if state == "rejected" and isfinite(value) else {}
    return create_trial(
        state=TrialState.PRUNED, intermediate_values=seen, params=params,
        distributions=distributions,
    )  # fmt: skip


def _distribution(one: Dimension) -> "BaseDistribution":
    from optuna import distributions

    if isinstance(one, Choices):
        return distributions.CategoricalDistribution(tuple(range(len(one.values))))
    if one.whole:
        low, high, step = int(one.low), int(one.high), int(one.step or 1)
        return distributions.IntDistribution(low, high, one.log, step)
    return distributions.FloatDistribution(one.low, one.high, one.log, one.step)


def _param(one: Dimension, value: object) -> "CategoricalChoiceType":
    """The value as Optuna has it: of a choice its number, since it may be a list."""
    if isinstance(one, Choices):
        return one.values.index(value)
    return cast(float, value)


def _value(one: Dimension, param: object) -> object:
    if isinstance(one, Choices):
        return one.values[cast(int, param)]
    if one.whole:
        return param
    value = cast(float, param)
    rounded = round(value, 12) if one.step else float(f"{value:.{DIGITS}g}")
    return min(max(rounded, one.low), one.high)


def _valid(space: Space, settings: Settings) -> bool:
    """Whether the values go together: each is valid by itself."""
    try:
        changed(space.recipe, settings)
    except UsageError:
        return False
    return True


def _grid(space: Space) -> Iterator[Settings]:
    """Every point of a small space; nothing of one that can't be counted up."""
    columns = [_values(one) for one in space.dimensions.values()]
    number = 1
    for column in columns:
        number *= len(column)
    if 0 < number <= LARGEST_GRID:
        for row in itertools.product(*columns):
            yield dict(zip(space.dimensions, row, strict=True))


def _values(one: Dimension) -> Sequence[object]:
    if isinstance(one, Choices):
        return one.values
    step = one.step or (1 if one.whole else 0)
    number = round((one.high - one.low) / step) + 1 if step else 0
    if number > LARGEST_GRID:
        return ()
    return [_at(one, i * step) for i in range(number)]


def _at(one: Range, above: float) -> object:
    return int(one.low + above) if one.whole else _value(one, one.low + above)
