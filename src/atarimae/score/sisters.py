"""Runs of one recipe on one data version at one stage, that differ by their seed alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from atarimae import files, runlog
from atarimae.runlog import Run, parts
from atarimae.score import noise
from atarimae.score.intervals import Numbers, Spread
from atarimae.score.noise import FEWEST, Noise, estimate, pooled

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a run and its sisters on the same queries."""

    run: Run
    parts: Numbers  # (runs, queries); the run itself comes first
    noises: tuple[Noise, ...] = ()  # its recipe's, or its nearest relatives'; () if unknown
    own: bool = False  # whether the noise is this very recipe's

    @property
    def seeds(self) -> int:
        """How many runs the side is the mean of."""
        return len(self.parts)

    @property
    def spread(self) -> Spread:
        """The seed noise of one run of this side."""
        return pooled([known.spread for known in self.noises])


def sisters(run: Run) -> list[Run]:
    """The run, then finished runs that differ by their seed alone, one a seed, oldest first."""
    found = {run.seed: run}
    if run.recipe:
        recipe = (run.folder / "recipe.toml").read_bytes()
        for folder in sorted(run.folder.parent.glob("*/")):
            same = folder / "recipe.toml"
            if folder != run.folder and same.is_file() and same.read_bytes() == recipe:
                other = _read(folder)
                if other and other.seed not in found and _alike(run, other):
                    found[other.seed] = other
    return list(found.values())


def sides(first: Run, second: Run, both: "pd.DataFrame") -> tuple[Side, Side]:
    """Both sides over the queries in `both`; two sisters stand alone, each a run."""
    families = sisters(first), sisters(second)
    related = second.id in {run.id for run in families[0]}
    made = []
    for run, family, column in zip((first, second), families, ("first", "second"), strict=True):
        known = _own(run, family)
        rows = [both[column].to_numpy(np.float64)]
        if not related and "rescored" not in both.attrs:
            rows += [found for other in family[1:] if (found := _parts(other, both)) is not None]
        made.append(Side(run, np.stack(rows), (known,) if known else (), known is not None))
    return _informed(made[0], made[1]), _informed(made[1], made[0])


def measured(family: Sequence[Run], *, deterministic: bool = False) -> Noise:
    """The noise of runs that are sisters, over the queries that all of them were judged by."""
    import pandas as pd

    score = family[0].score
    assert score is not None, "sisters have scores"
    tables = [parts(run).set_index("key") for run in family]
    whole = pd.concat([table[score.metric] for table in tables], axis=1, join="inner").dropna()
    clusters = tables[0]["cluster"].reindex(whole.index).tolist()
    matrix = whole.to_numpy(np.float64).T
    return estimate(
        score.metric, family[0].stage, family, matrix, clusters, deterministic=deterministic
    )


def stored(runs: Path) -> Iterator[tuple[Run, Noise]]:
    """Every noise that was measured, with the run that it was measured of."""
    for path in sorted(runs.glob(f"*/{noise.FILE}")):
        run = _read(path.parent)
        known = noise.read(run) if run else None
        if run and known:
            yield run, known


def _own(run: Run, family: Sequence[Run]) -> Noise | None:
    """What is known of this recipe: what was stored, or all of its seeds where those are more."""
    kept = [known for known in map(noise.read, family) if known]
    best = max(kept, key=lambda known: (known.deterministic, len(known.values)), default=None)
    if best and (best.deterministic or len(best.values) >= len(family)):
        return best
    return measured(family) if len(family) >= FEWEST else best


def _informed(side: Side, other: Side) -> Side:
    """A side without noise of its own takes its nearest relatives', or else the other side's."""
    if side.noises:
        return side
    found = _nearest(side.run) or [known for known in other.noises if not known.deterministic]
    return replace(side, noises=tuple(found))


def _nearest(run: Run) -> list[Noise]:
    """Of the measured relatives at the least distance in the family tree, at the same stage."""
    assert run.score is not None
    ways = _ancestors(run)
    far: dict[int, list[Noise]] = {}
    for relative, known in stored(run.folder.parent):
        like = (known.stage, known.metric) == (run.stage, run.score.metric)
        distance = _distance(ways, _ancestors(relative))
        if like and not known.deterministic and distance is not None:
            far.setdefault(distance, []).append(known)
    return far[min(far)] if far else []


def _distance(ours: dict[str, int], theirs: dict[str, int]) -> int | None:
    """Steps over the nearest common ancestor, None where there is none."""
    return min((ours[name] + theirs[name] for name in ours.keys() & theirs.keys()), default=None)


def _ancestors(run: Run) -> dict[str, int]:
    """The run and those it descends from, with the steps to each."""
    steps = {run.id: 0}
    parent = run.parent
    while parent and parent not in steps:
        steps[parent] = len(steps)
        start = run.folder.parent / parent / "run.json"
        parent = str(files.read_json(start).get("parent") or "") if start.is_file() else ""
    return steps


def _alike(run: Run, other: Run) -> bool:
    data = [one.data.hash if one.data else None for one in (run, other)]
    if not (run.score and other.score and other.status == "done") or data[0] != data[1]:
        return False
    same = (run.task, run.stage, run.score.metric, dict(run.score.convention))
    there = (other.folder / "parts.parquet").is_file()
    return there and same == (
        other.task,
        other.stage,
        other.score.metric,
        dict(other.score.convention),
    )


def _read(folder: Path) -> Run | None:
    return runlog.read(folder) if (folder / "run.json").is_file() else None


def _parts(run: Run, both: "pd.DataFrame") -> Numbers | None:
    """The run's parts of these queries, None where it lacks one."""
    assert run.score is not None, "sisters have scores"
    found = parts(run).set_index("key")[run.score.metric].reindex(both["key"])
    return None if found.isna().any() else found.to_numpy(np.float64)
