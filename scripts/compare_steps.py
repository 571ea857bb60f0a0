"""Each step of `rank` alone on runs of a workspace, against no chain: a Markdown table on stdout.

    python scripts/compare_steps.py WORKSPACE RUN [RUN …] [--steps NAME [NAME …]] [--split test]

On the queries that a run was judged by, or those of a split, from cached outputs, with each step as
it is by default and as the tuner tries it first. The interval is paired, by class. Nothing is
chosen here. A step that looks at what a run lacks (train in the cache, local features) has a dash.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from atarimae import bundle, runlog, task, workspace
from atarimae.ideas import rank as tuner
from atarimae.predict.run import outputs
from atarimae.runlog import Run
from atarimae.score.intervals import Difference, paired
from atarimae.score.verdict import word
from atarimae.store import Store
from atarimae.task import Ranker, Ranks
from atarimae.workspace import Workspace

Chain = tuple[str, ...]


def main() -> None:
    """A row a step, a column a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--steps", nargs="+", metavar="NAME", help="these alone")
    parser.add_argument("--split", help="in place of what each run was judged by")
    arguments = parser.parse_args()
    space = workspace.open_(arguments.workspace)
    runs = [runlog.find(space, name) for name in arguments.runs]
    rankers = [_ranker(space, run, arguments.split) for run in runs]
    print("\n".join(table(space, runs, rankers, arguments.steps)))


def table(
    space: Workspace, runs: Sequence[Run], rankers: Sequence[Ranker], names: Sequence[str] | None
) -> Iterator[str]:
    """The score of no chain, then what each step adds to it."""
    chosen = task.load(space.task)
    assert isinstance(chosen, Ranks)
    chains = chosen.chains((), transductive=True, learned=True)
    plain = [ranker.score(()) for ranker in rankers]
    yield f"| step | {' | '.join(run.id for run in runs)} |"
    yield "|---|" + "---|" * len(runs)
    yield f"| no chain | {' | '.join(f'{score.value:.3f}' for score in plain)} |"
    for chain in chains:
        if names is not None and chain[0].partition(":")[0] not in names:
            continue
        sys.stderr.write(f"{chain[0]}\n")
        seen = [
            _told(paired(before.parts, ranker.score(chain).parts, before.clusters))
            if ranker.can(chain)
            else "–"
            for before, ranker in zip(plain, rankers, strict=True)
        ]
        yield f"| `{chain[0]}` | {' | '.join(seen)} |"


def _ranker(space: Workspace, run: Run, split: str | None) -> Ranker:
    chosen = task.load(space.task)
    assert isinstance(chosen, Ranks)
    (part,) = tuner._parts(space, chosen, chosen.remembered, run, lambda *_: None)
    if split is None:
        return chosen.ranker(part.outputs, part.data, part.learned, part.constants)
    data = chosen.samples(Store(space).data(run.data.edit if run.data else None).split(split))
    predictor = chosen.predictor(bundle.read_model(run.model))
    found = outputs(predictor, data, cache=space.cache, max_pixels=space.max_pixels)
    return chosen.ranker(found, data, part.learned, part.constants)


def _told(seen: Difference) -> str:
    said = f"{seen.value:+.3f} [{seen.low:+.3f}, {seen.high:+.3f}]".replace("-", "−")
    return f"{said} {word(seen).replace('no difference seen', '')}".strip()


if __name__ == "__main__":
    main()
