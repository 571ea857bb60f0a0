"""What a sweep's end says: which settings mattered, and what to try next."""

import math
from collections.abc import Mapping, Sequence

from atarimae.score.verdict import UNSEEN, verdict
from atarimae.sweep import sampler
from atarimae.sweep.ideas import Idea
from atarimae.sweep.space import Range
from atarimae.sweep.sweep import Sweep

ENOUGH = 10  # finished ideas, before we say which settings mattered
NEAR = 0.05  # of a range's width: so near to its end the best may lie beyond


def matters(found: Sweep) -> Mapping[str, float] | None:
    """Each setting's share of what told the best tenth from the others (PED-ANOVA), largest first.

    None with fewer than ten finished ideas, or one setting.
    """
    done = _done(found)
    if len(done) < ENOUGH or len(found.space.dimensions) < 2:
        return None
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    study = sampler.study(found.space, done, found.stages, 0)
    evaluator = PedAnovaImportanceEvaluator()
    shares = get_param_importances(study, evaluator=evaluator)
    return {name: share for name, share in shares.items() if math.isfinite(share)} or None


def next_steps(found: Sweep) -> list[str]:
    """Sentences, the most pressing first."""
    done = _done(found)
    if not done or done[0].judged is None:
        return ["No idea came through the last stage: give the sweep a larger budget."]
    best = done[0]
    if not best.number:
        return ["Nothing beat the recipe as it is: try other settings, or look at its worst cases."]
    steps = _at_an_end(found, best)
    like = [idea for idea in done[1:] if _alike(best, idea)]
    if like:
        steps.append(
            f"{len(like)} other ideas can't be told from the best one: take the cheapest or "
            "plainest of them."
        )
    run = best.judged
    assert run is not None, "it is done"
    steps.append(
        f"The best of {len(done)} owes some of its score to luck: fit {run.mark}'s recipe with "
        "another seed before you believe it."
    )
    return steps


def _done(found: Sweep) -> list[Idea]:
    return [idea for idea in found.ranked if idea.state(found.stages) == "done"]


def _at_an_end(found: Sweep, best: Idea) -> list[str]:
    steps = []
    for name, one in found.space.dimensions.items():
        value = best.settings[name]
        if not isinstance(one, Range) or not isinstance(value, int | float):
            continue
        end = _end(one, value)
        if end is not None:
            steps.append(f"{name} {value:g} is near the end of its range, {end:g}: widen it there.")
    return steps


def _end(one: Range, value: float) -> float | None:
    low, high, at = (math.log(x) if one.log else x for x in (one.low, one.high, value))
    if at - low <= NEAR * (high - low):
        return one.low
    return one.high if high - at <= NEAR * (high - low) else None


def _alike(best: Idea, other: Idea) -> bool:
    """Paired over the images, no difference is seen."""
    assert best.judged is not None
    assert other.judged is not None
    seen = verdict(other.judged, best.judged)
    return seen is not None and seen.verdict == UNSEEN


def as_dict(found: Sweep) -> dict[str, object]:
    """The shape of `sweep --json`."""
    return {
        "sweep": found.id,
        "because": found.space.because,
        "ended": found.ended,
        "seconds": round(found.seconds, 1),
        "ideas": [_row(found.stages, idea) for idea in found.ranked],
        "matters": matters(found),
        "next": next_steps(found),
    }


def _row(stages: Sequence[str], idea: Idea) -> dict[str, object]:
    run = idea.judged
    told = run.row() if run is not None else {}
    return {
        "number": idea.number,
        "settings": dict(idea.settings),
        "state": idea.state(stages),
        **{name: told.get(name) for name in ("stage", "metric", "value", "low", "high", "verdict")},
        "runs": {stage: one.id for stage, one in idea.runs.items()},
    }
