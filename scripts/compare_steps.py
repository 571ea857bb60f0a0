"""Each step of `rank` alone on runs of a workspace, against no chain: a Markdown table on stdout.

    python scripts/compare_steps.py WORKSPACE RUN [RUN …]

On the queries that a run was judged by, from cached outputs, with each step as it is by default and
as the tuner tries it first. The interval is paired, by class. Nothing is chosen here.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from atarimae import runlog, task, workspace
from atarimae.ideas import rank as tuner
from atarimae.runlog import Run
from atarimae.score.intervals import Difference, paired
from atarimae.score.verdict import word
from atarimae.task import Ranker, Ranks
from atarimae.workspace import Workspace

Chain = tuple[str, ...]


def main() -> None:
    """A row a step, a column a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    arguments = parser.parse_args()
    space = workspace.open_(arguments.workspace)
    runs = [runlog.find(space, name) for name in arguments.runs]
    print("\n".join(table(space, runs)))


def table(space: Workspace, runs: Sequence[Run]) -> Iterator[str]:
    """The score of no chain, then what each step adds to it."""
    rankers = [_ranker(space, run) for run in runs]
    chosen = task.load(space.task)
    assert isinstance(chosen, Ranks)
    chains = chosen.chains((), transductive=True, learned=True)
    plain = [ranker.score(()) for ranker in rankers]
    yield f"| step | {' | '.join(run.id for run in runs)} |"
    yield "|---|" + "---|" * len(runs)
    yield f"| no chain | {' | '.join(f'{score.value:.3f}' for score in plain)} |"
    for chain in chains:
        sys.stderr.write(f"{chain[0]}\n")
        scores = [ranker.score(chain) for ranker in rankers]
        seen = [
            paired(before.parts, after.parts, before.clusters)
            for before, after in zip(plain, scores, strict=True)
        ]
        yield f"| `{chain[0]}` | {' | '.join(map(_told, seen))} |"


def _ranker(space: Workspace, run: Run) -> Ranker:
    chosen = task.load(space.task)
    assert isinstance(chosen, Ranks)
    (part,) = tuner._parts(space, chosen, chosen.remembered, run, lambda *_: None)
    if not len(part.learned):
        sys.exit(f"Train of run {run.id} is not embedded: fit a recipe that whitens first.")
    return chosen.ranker(part.outputs, part.data, part.learned)


def _told(seen: Difference) -> str:
    said = f"{seen.value:+.3f} [{seen.low:+.3f}, {seen.high:+.3f}]".replace("-", "−")
    return f"{said} {word(seen).replace('no difference seen', '')}".strip()


if __name__ == "__main__":
    main()
