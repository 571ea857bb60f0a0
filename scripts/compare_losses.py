"""Each loss on the demo's frozen features, beside ArcFace: a Markdown table on stdout.

    python scripts/compare_losses.py WORKSPACE

The demo's recipe with a trained projection, with each loss at its defaults and at a few settings
that its paper names. Runs that are there already count: stopped, it goes on where it was. WORKSPACE
is made if it is not there.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from audit_gate import opened

from atarimae import api, runlog
from atarimae.compare.table import score_text
from atarimae.demo.ideas import LEARNED, PROJECTED
from atarimae.runlog import Run
from atarimae.tasks.retrieve.recipe import Loss

WITHOUT = "nothing trained"
FIRST = "arcface"
NOTED: tuple[dict[str, object], ...] = (
    {"loss": "arcface", "subcentres": 2},
    {"loss": "arcface", "margin_rare": 0.2},
    {"loss": "elasticarcplus", "margin_noise": 0.0175},
    {"loss": "elasticcosplus", "margin_noise": 0.025},
    {"loss": "contrastive", "margin": 0.5},
    {"loss": "contrastive", "margin": 0.5, "memory": 1024},
    {"loss": "triplet", "margin": 0.1},
    {"loss": "supcon", "temperature": 0.05},
    {"loss": "ntxent", "temperature": 0.05},
)


def main() -> None:
    """Fit what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    space = opened(arguments.workspace)
    ideas: dict[str, dict[str, object]] = {name: {"loss": name} for name in get_args(Loss)}
    ideas |= {_named(changes): changes for changes in NOTED}
    runs = {WITHOUT: _run(space, WITHOUT, LEARNED, arguments.seed)}
    for name, changes in ideas.items():
        sys.stderr.write(f"{name}\n")
        runs[name] = _run(space, name, PROJECTED | changes, arguments.seed)
    print("\n".join(table(space, runs)))


def table(space: api.Workspace, runs: dict[str, Run]) -> Iterator[str]:
    """Best first, with the difference to ArcFace and its interval."""
    yield f"| loss | mrr@20 | against {FIRST} | |"
    yield "|---|---|---|---|"
    for name in sorted(runs, key=lambda name: -_score(runs[name])):
        cells = "| |"
        if name != FIRST:
            seen = space.compare(runs[FIRST], runs[name])
            cells = f"{seen.difference:+.3f} [{seen.low:+.3f}, {seen.high:+.3f}] | {seen.verdict} |"
        yield f"| {name} | {score_text(runs[name].score)} | {cells}"


def _run(space: api.Workspace, name: str, settings: dict[str, object], seed: int) -> Run:
    for run in runlog.runs(space.folder):
        if (run.because, run.seed, run.status) == (name, seed, "done"):
            return run
    return space.fit(because=name, seed=seed, **dict[str, Any](settings))


def _named(changes: dict[str, object]) -> str:
    rest = [f"{key} = {value}" for key, value in changes.items() if key != "loss"]
    return f"{changes['loss']}, {', '.join(rest)}"


def _score(run: Run) -> float:
    return run.score.value if run.score else 0.0


if __name__ == "__main__":
    main()
