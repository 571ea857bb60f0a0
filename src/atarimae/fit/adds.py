"""What each member adds to an ensemble: the whole beside it alone, and beside the others."""

import tempfile
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from atarimae import bundle, runlog
from atarimae.fit.assembly import Assembly
from atarimae.runlog import Run
from atarimae.runlog.ensemble import Beside, Ensemble, Member, Together
from atarimae.score.evaluate import evaluate
from atarimae.score.intervals import paired
from atarimae.score.verdict import word
from atarimae.types import Score

if TYPE_CHECKING:
    import pandas as pd


def report(work: Assembly, run: Run) -> Ensemble:
    """Every member alone and left out, paired with the whole over its queries.

    What joining fits (weights, PCA) is fitted anew for the others. A member alone is the run as it
    was recorded, with its own post-processing.
    """
    score = cast(Score, run.score)
    whole = _parts(run)
    alone = {member.id: _parts(member) for member in work.runs}
    weights = _weights(work)
    members = [
        Member(
            member.id,
            member.because,
            tuple(one[place] for one in weights if one),
            _beside(whole, alone[member.id]),
            _beside(whole, _without(work, member.id)),
        )
        for place, member in enumerate(work.runs)
    ]
    together = [
        _together(alone, first.id, second.id) for first, second in combinations(work.runs, 2)
    ]
    return Ensemble(score.metric, score.value, len(whole), tuple(members), tuple(together))


def _parts(run: Run) -> "pd.DataFrame":
    """`cluster` and `part` of the main metric by query."""
    found = runlog.parts(run).set_index("key")
    metric = cast(Score, run.score).metric
    return found[["cluster", metric]].rename(columns={metric: "part"}).dropna()


def _without(work: Assembly, left: str) -> "pd.DataFrame":
    """The others joined, judged by the same queries."""
    import pandas as pd

    names = [run.id for run in work.runs if run.id != left]
    tables = []
    for place in work.places():
        with tempfile.TemporaryDirectory() as folder:
            model = place.joined(names, Path(folder))
            found = evaluate(
                work.task, model, place.data.split("val"), cache=work.workspace.cache,
                max_pixels=work.workspace.max_pixels, progress=place.progress,
            )  # fmt: skip
        main = next(one for one in found.scores if one.metric == work.task.metric)
        tables.append(
            pd.DataFrame({"cluster": main.clusters, "part": main.parts}, index=list(main.keys))
        )
    return pd.concat(tables)


def _beside(whole: "pd.DataFrame", other: "pd.DataFrame") -> Beside:
    both = whole.join(other["part"].rename("other"), how="inner").sort_index()
    first, second = (both[name].to_numpy(np.float64) for name in ("other", "part"))
    seen = paired(first, second, both["cluster"].tolist())
    low, high = (None if bound != bound else bound for bound in (seen.low, seen.high))
    return Beside(float(first.mean()), seen.value, low, high, word(seen))


def _weights(work: Assembly) -> list[Sequence[float]]:
    """What each member counts, of the whole or of each fold; empty where a task has no such."""
    settings = [bundle.read_model(place.folder / "model").settings for place in work.places()]
    return [cast(Sequence[float], one.get("weights", ())) for one in settings]


def _together(alone: Mapping[str, "pd.DataFrame"], first: str, second: str) -> Together:
    both = alone[first].join(alone[second]["part"].rename("second"), how="inner")
    wrong = both["part"] < 1, both["second"] < 1
    return Together(
        first, second, int((wrong[0] | wrong[1]).sum()), int((wrong[0] & wrong[1]).sum())
    )
