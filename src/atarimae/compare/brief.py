"""A run in at most 3,000 characters of Markdown, to paste to a colleague or a chat assistant."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np

from atarimae import runlog
from atarimae.compare.comparison import Change, recipe_changes
from atarimae.compare.table import number, score_text
from atarimae.runlog import Run
from atarimae.runlog.costs import by_cost, cost_name
from atarimae.score.leaks import told
from atarimae.workspace import Workspace

LONGEST = 3000  # characters
LINE, RULES = 180, 400  # characters of one line, and of a score's convention
WORST, SAMPLES, SETTINGS, NOTES = 8, 9, 16, 4  # how many of each are told
FALLING = 0.05  # share of a curve's whole way that it went in its last fifth, to be called moving


def brief(workspace: Workspace, run: Run) -> str:
    """What was tried and why, what came of it, how it went, where it fails, and what to ask next.

    Where it would be too long, the last lines of the longest part are left out first.
    """
    parent = runlog.get(workspace, run.parent) if run.parent else None
    changed = recipe_changes(parent.recipe, run.recipe) if parent else ()
    curves = runlog.curves(workspace, [run])[run.id]
    cases = _cases(run)
    parts = {
        f"# Run {run.mark}: {_cut(run.because)}": list(_head(run, parent)),
        "## Scores": list(_scores(run)),
        f"## Changed against {parent.mark if parent else ''}": [_change(one) for one in changed],
        "## Other settings": list(_rest(run, changed)),
        "## Curves": [_curve(name, points) for name, points in curves.items()],
        "## Worst cases": [case.line for case in cases],
        "## Costs": list(_costs(run, parent)),
        "## Notes": [f"- {note.kind}: {_cut(note.text)}" for note in run.notes][-NOTES:],
        "## Questions": [f"- {q}" for q in questions(run, parent, changed, curves, cases)],
    }
    return _fitted({head: lines for head, lines in parts.items() if lines})


@dataclass(frozen=True, slots=True)
class Case:
    """A query that went badly."""

    cluster: str
    line: str


def questions(
    run: Run,
    parent: Run | None,
    changed: tuple[Change, ...],
    curves: Mapping[str, runlog.Points],
    cases: list[Case],
) -> Iterator[str]:
    """What the numbers of the run themselves ask for; each names the number that it rests on."""
    verdict = run.verdict or {}
    difference = cast(float | None, verdict.get("difference"))
    if run.status != "done":
        yield f"It is {run.status}: what happened?"
    if parent is None and run.score:
        yield "It was compared with nothing: what is the baseline?"
    if verdict.get("verdict") == "no difference seen" and difference is not None:
        yield f"{difference:+.4f} is within the noise: would more seeds or more queries tell?"
    if len(changed) > 1:
        names = ", ".join(change.key for change in changed[:4])
        yield f"{len(changed)} settings changed at once ({names}{', …' if len(changed) > 4 else ''}): which of them did it?"  # noqa: E501
    if run.score and run.stage in ("smoke", "holdout"):
        yield f"It was judged at stage {run.stage}: does it hold at a dearer one?"
    if run.score and not (run.folder / "noise.json").is_file():
        yield f"It is one fit, with seed {run.seed}: how far do other seeds lie apart?"
    for name in curves:
        if "loss" in name.lower() and _still_falls(curves[name]):
            yield f"{name} was still falling at the end: would it gain from more epochs?"
    yield from _common(cases)
    yield from _dearer(run, parent, difference)


def _common(cases: list[Case]) -> Iterator[str]:
    """A class or group that several of the worst cases share."""
    for cluster, count in Counter(case.cluster for case in cases).most_common(1):
        if count > 1 and count > len(cases) / 4:
            yield f"{count} of the {len(cases)} worst are of '{cluster}': are its labels right?"


def _dearer(run: Run, parent: Run | None, difference: float | None) -> Iterator[str]:
    ours, theirs = (one.costs.get("ms_per_image") if one else None for one in (run, parent))
    if ours and theirs and ours > 1.2 * theirs and difference is not None:
        times = f"{ours / theirs:.1f} times as long per image"
        yield f"It takes {times}: is {difference:+.4f} worth that?"


def _head(run: Run, parent: Run | None) -> Iterator[str]:
    seed = "" if run.seed is None else f", seed {run.seed}"
    data = "" if run.data is None else f", data at edit {run.data.edit}"
    took = "" if run.seconds is None else f" in {run.seconds:,.1f} s"
    where = f" on {run.device}" if run.device else ""
    when = run.created[:16].replace("T", " ")
    yield f"{run.task}, {run.stage}{seed}{data}; {when} UTC; {run.status}{took}{where}."
    if run.parent:
        why = f" ({_cut(parent.because)})" if parent else " (gone)"
        yield f"Parent: {run.parent.rpartition('-')[2]}{why}."
    if run.expect is not None:
        yield f"Expected beforehand: {run.expect:+.4f}."
    yield f"**Verdict: {_verdict(run)}**"
    if run.conclusion:
        yield f"Conclusion: {_cut(run.conclusion)}"
    if run.tags:
        yield f"Tags: {', '.join(run.tags)}"
    if run.error:
        yield f"Error: {_cut(run.error.strip().splitlines()[-1])}"


def _verdict(run: Run) -> str:
    told = run.verdict or {}
    if not isinstance(told.get("difference"), int | float):
        return str(told.get("verdict") or "none; it was not compared with its parent")
    bounds = [told.get(name) for name in ("low", "high")]
    sure = (
        f", 95 % [{bounds[0]:+.4f}, {bounds[1]:+.4f}]"
        if all(isinstance(bound, int | float) for bound in bounds)
        else ""
    )
    return f"{told['verdict']}, {told.get('metric')} {told['difference']:+.4f}{sure}"


def _scores(run: Run) -> Iterator[str]:
    """The main score with its convention, then the others."""
    for score in run.scores[:1]:
        rules = "; ".join(f"{key}: {value}" for key, value in score.convention.items())
        yield f"- {score.metric} {score_text(score)}" + (
            f" ({_cut(rules, RULES)})" if rules else ""
        )
    if run.leaks is not None:
        yield f"- {told(run.leaks)}"
    if rest := run.scores[1:]:
        yield _cut("- " + ", ".join(f"{score.metric} {score.value:.3f}" for score in rest))


def _change(change: Change) -> str:
    first, second = (
        "not set" if value is None else number(value) for value in (change.first, change.second)
    )
    return _cut(f"- {change.key}: {first} → {second}")


def _rest(run: Run, changed: tuple[Change, ...]) -> Iterator[str]:
    known = {change.key for change in changed}
    same = [c for c in recipe_changes({}, run.recipe) if c.key not in known]
    for start in range(0, len(same), SETTINGS):
        yield ", ".join(_cut(f"{c.key} = {c.second}") for c in same[start : start + SETTINGS])


def _curve(name: str, points: runlog.Points) -> str:
    """A few values from the first to the last, and the lowest and highest of all."""
    places = np.unique(
        np.linspace(0, len(points) - 1, min(SAMPLES, len(points))).round().astype(int)
    )
    told = ", ".join(f"{points[i, 0]:.0f}: {points[i, 1]:.4g}" for i in places)
    finite = points[np.isfinite(points[:, 1]), 1]
    ends = f"; lowest {finite.min():.4g}, highest {finite.max():.4g}" if len(finite) else ""
    return _cut(f"- {name} by step: {told}{ends}")


def _still_falls(points: runlog.Points) -> bool:
    """Whether the means of the last two fifths still go down, beside the whole way it came."""
    values = points[np.isfinite(points[:, 1]), 1]
    if len(values) < 10:
        return False
    fifths = [float(part.mean()) for part in np.array_split(values, 5)]
    way = max(fifths) - min(fifths)
    return (
        way > 0
        and all(a > b for a, b in pairwise(fifths[-3:]))
        and (fifths[-2] - fifths[-1]) > FALLING * way
    )


def _cases(run: Run) -> list[Case]:
    """The queries with the lowest parts of the main metric, with what was answered."""
    if run.score is None or not (run.folder / "parts.parquet").is_file():
        return []
    table = runlog.parts(run)
    metric = run.score.metric
    if metric not in table:
        return []
    answers = _answers(run)
    lowest = table.dropna(subset=[metric]).sort_values([metric, "key"]).head(WORST)
    rows = zip(lowest["key"], lowest["cluster"], lowest[metric], strict=True)
    return [
        Case(str(cluster), _cut(f"- {key} ({cluster}): {part:.3f}{answers.get(str(key), '')}"))
        for key, cluster, part in rows
    ]


def _answers(run: Run) -> dict[str, str]:
    """What was said of each query, in as far as predictions.parquet has words for it."""
    path = run.folder / "predictions.parquet"
    if not path.is_file():
        return {}
    import pandas as pd

    table = pd.read_parquet(path)
    said = next((name for name in ("match_files", "said", "label") if name in table), None)
    if said is None:
        return {}
    firsts = [one if isinstance(one, str) else next(iter(one), "") for one in table[said]]
    return {
        str(key): f", first answer {first}" if first else ", no answer"
        for key, first in zip(table["key"], firsts, strict=True)
    }


def _costs(run: Run, parent: Run | None) -> Iterator[str]:
    """One line, each with the parent's in brackets."""
    theirs: Mapping[str, float] = parent.costs if parent else {}
    told = [
        f"{cost_name(key).removeprefix('- ')} {number(cost)}"
        + (f" ({number(theirs[key])})" if key in theirs else "")
        for key, (cost,) in by_cost([run.costs]).items()
    ]
    if told:
        yield "; ".join(told) + (" (the parent's in brackets)" if theirs else "")


def _fitted(parts: dict[str, list[str]]) -> str:
    """The parts as one text; as long as it is too long, the longest part loses its last line."""
    while len(text := _joined(parts)) > LONGEST:
        longest = max(parts, key=lambda head: (len(parts[head]) > 1, len("\n".join(parts[head]))))
        parts[longest] = [*parts[longest][:-2], "…"] if len(parts[longest]) > 1 else ["…"]
    return text


def _joined(parts: Mapping[str, list[str]]) -> str:
    return "\n\n".join("\n".join([head, *lines]) for head, lines in parts.items()) + "\n"


def _cut(text: str, most: int = LINE) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
