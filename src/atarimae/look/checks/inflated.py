"""A run whose score rests on images that it has copies of among what it learned from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from atarimae import runlog
from atarimae.errors import AtarimaeError
from atarimae.look.checks.crossing import Sides, crossing, sides
from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.runlog import Run
from atarimae.score.intervals import interval
from atarimae.survey.pairs import Pair
from atarimae.types import Data, File, Score


@dataclass(frozen=True)
class Without:
    """The main metric of a run with all its queries, without the leaked ones, and on those."""

    run: Run
    whole: Score
    clean: Score  # with its interval
    leaked: Score


def _find(data: Data, beside: Beside) -> list[Finding]:
    known = sides(data, beside)
    if known.run is None:
        return []
    paths = leaked(beside.places(data), crossing(data, beside, known), known)
    found = without(known.run, paths)
    return [_finding(data, found, paths)] if found else []


def _finding(data: Data, found: Without, paths: frozenset[str]) -> Finding:
    files = [file for file in data.files if file.path in paths.intersection(found.leaked.keys)]
    clean, whole = found.clean, found.whole
    number = f"{len(files):,} image{'s' * (len(files) > 1)}"
    return Finding(
        check.name,
        f"Run {found.run.mark} was judged by {number} of which it had learned a copy.",
        tuple(dict.fromkeys(file.image for file in files)),
        tuple(file.path for file in files),
        f"{whole.metric} {whole.value:.3f} of {len(whole.keys):,} queries; without them "
        f"{clean.value:.3f} ({clean.low:.3f} to {clean.high:.3f}) of {len(clean.keys):,}, on them "
        f"alone {found.leaked.value:.3f}.",
        "Keep copies on one side: 'atarimae look --repair' does it, as one edit that can be "
        "undone. Then fit again.",
    )


def leaked(places: Mapping[str, list[File]], found: Iterable[Pair], known: Sides) -> frozenset[str]:
    """The paths of val, or of a fold, that have themselves or a copy where the run learned."""
    ties = [(places[pair.outer], places[pair.inner]) for pair in found]
    ties += [(files, files) for files in places.values() if len(files) > 1]
    return frozenset(
        mine.path
        for one, other in ties
        for ours, theirs in ((one, other), (other, one))
        for mine in ours
        if any(known.learned(mine, file) for file in theirs)
    )


def without(run: Run, paths: frozenset[str]) -> Without | None:
    """The run's score again from its parts; None where it has none, or none would be left."""
    if run.score is None:
        return None
    try:
        table = runlog.parts(run)
    except AtarimaeError:
        return None
    if run.score.metric not in table:
        return None
    table = table[table[run.score.metric].notna()]
    hit = table["key"].isin(paths).to_numpy()
    if not hit.any() or hit.all():
        return None
    values = table[run.score.metric].to_numpy("float32")
    made = [
        replace(
            run.score, value=float(values[rows].mean()), parts=values[rows],
            keys=tuple(table["key"][rows]), clusters=tuple(table["cluster"][rows]),
        )
        for rows in (np.ones(len(hit), bool), ~hit, hit)
    ]  # fmt: skip
    return Without(run, made[0], interval(made[1]), made[2])


check = Check(
    "scores that copies raise",
    "What a model has learned by heart says nothing of how good it is.",
    _find,
)
