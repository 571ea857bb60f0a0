"""Is the gate right on the demo's data? Takes two dozen recipes through every stage in full.

    python scripts/audit_gate.py WORKSPACE --out docs/gate.md

Every recipe that a stage rejects goes on anyway, so that what the gate decided can be held against
what folds say. Runs that are there already count: stopped, it goes on where it was. WORKSPACE is
made if it is not there.
"""

import argparse
import os
import sys
import zipfile
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from atarimae import api, runlog, workspace
from atarimae.compare.table import score_text
from atarimae.demo.ideas import PROJECTED
from atarimae.runlog import Run
from atarimae.score.gate import ACCEPTED, ANYWAY, STAGES, Audit, Idea, audit, audit_lines

FOLDS = 3
BASELINE = "the baseline"
# The whole network, at a size and for a time that two cores manage.
WHOLE: dict[str, object] = {
    "freeze": "none", "image_size": 64, "epochs": 1, "pooling": ("last:gem",), "power": 1.0,
    "lr": 3e-4, "classes_per_batch": 24,
}  # fmt: skip
THIRD, FOURTH, FIFTH = (f"blocks.{name}.bn1" for name in ("3.0", "4.1", "5.0"))
IDEAS: tuple[tuple[str, dict[str, object]], ...] = (
    ("a margin of the cosine is as good as one of the angle", {"loss": "cosface"}),
    ("pairs instead of class centres", {"loss": "multisimilarity"}),
    ("four drawings a class bear no large margin", {"margin": 0.1}),
    ("a larger margin for classes that are never seen", {"margin": 0.5}),
    ("softer: half the scale", {"scale": 12.0}),
    ("harder: twice the scale", {"scale": 48.0}),
    ("the last layer alone is enough", {"pooling": ("last:gem",)}),
    ("the last layer, averaged", {"pooling": ("last:mean",)}),
    ("the last layer beside the middle ones",
     {"pooling": (f"{THIRD}:mean", f"{FOURTH}:mean", f"{FIFTH}:mean", "last:gem")}),
    ("two middle layers are enough", {"pooling": (f"{FOURTH}:mean", f"{FIFTH}:mean")}),
    ("the strongest answer instead of the mean",
     {"pooling": (f"{THIRD}:max", f"{FOURTH}:max", f"{FIFTH}:max")}),
    ("pooled numbers as they are", {"power": 1.0}),
    ("a trained layer needs no whitening", {"whiten": "none"}),
    ("plain PCA-whitening", {"whiten": "pca"}),
    ("whitening alone: nothing to train", {"projection": 0}),
    ("a quarter of the numbers", {"projection": 128}),
    ("twice the numbers", {"projection": 1024}),
    ("no dropout", {"dropout": 0.0}),
    ("half the dropout", {"dropout": 0.25}),
    ("three times the learning rate", {"lr": 3e-3}),
    ("a third of the learning rate", {"lr": 3e-4}),
    ("weight decay", {"weight_decay": 0.05}),
    ("smaller pictures are cheaper", {"image_size": 96}),
    ("larger pictures show finer strokes", {"image_size": 160}),
    ("train the whole network", WHOLE),
    ("the whole network, hardly augmented",
     WHOLE | {"crop": 1.0, "rotate": 0.0, "perspective": 0.0, "colour": 0.0,
              "blur": 0.0}),
    ("the whole network, heavily augmented",
     WHOLE | {"crop": 0.4, "rotate": 30.0, "colour": 0.6, "blur": 0.5}),
)  # fmt: skip


def main() -> None:
    """Climb with every idea, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", type=int, default=len(IDEAS), help="the first so many ideas")
    arguments = parser.parse_args()
    space = opened(arguments.workspace)
    base = baseline(space)
    for because, changes in IDEAS[: arguments.only]:
        sys.stderr.write(f"{because}\n")
        settings = dict[str, Any](PROJECTED | changes)
        space.climb(because=because, parent=base, folds=FOLDS, audit=1.0, **settings)
    page = "\n".join(lines(runlog.runs(space.folder), base)) + "\n"
    arguments.out.write_text(page, encoding="utf-8")


def baseline(space: api.Workspace) -> Run:
    """The baseline's holdout run."""
    known = [run for run in runlog.runs(space.folder) if run.because == BASELINE]
    if not any(run.stage == STAGES[-1] and run.status == "done" for run in known):
        space.climb(because=BASELINE, folds=FOLDS, **dict[str, Any](PROJECTED))
    return next(run for run in runlog.runs(space.folder) if run.because == BASELINE)


def opened(folder: Path) -> api.Workspace:
    """A workspace with the demo's drawings, and nothing tried yet."""
    if (folder / workspace.SETTINGS).is_file():
        return api.open(folder)
    space = api.init(folder)
    with as_file(files("atarimae.demo") / "emoji.zip") as packed, zipfile.ZipFile(packed) as emoji:
        emoji.extractall(folder / "emoji")
    space.add(folder / "emoji" / "labels.csv")
    return space


def lines(runs: list[Run], base: Run) -> Iterator[str]:
    """The page."""
    found = audit(runs)
    yield "# The gate on the demo's data"
    yield ""
    yield (
        f"{len(found.ideas)} ideas, each against one baseline (the demo's best recipe), on the "
        f"drawings of train and val. Every stage was run in full for each of them, so that what "
        f"the gate of `fit --stage auto` decided can be held against {FOLDS} folds. Seed "
        f"{base.seed}, data {base.data.hash[:12] if base.data else ''}. "
        "Written by"
    )
    yield ""
    yield "    python scripts/audit_gate.py WORKSPACE --out docs/gate.md"
    yield ""
    yield (
        "A cell is the score (MRR@20) with what the stage decided: `rejected` where the chance of "
        "being better than the baseline at that stage is below 0.1, else `passed`; folds say "
        "`accepted` or not. A rejected idea would have ended there; here it went on."
    )
    yield ""
    yield from table(found, runs)
    yield ""
    yield from (f"- {line}" for line in audit_lines(found))
    yield from (f"- {line}" for line in survived(found))
    yield ""
    yield (
        f"Machine: {os.cpu_count()} cores. Others used it at the same time, so seconds are rough; "
        "threads are in each run's run.json."
    )


def table(found: Audit, runs: list[Run]) -> Iterator[str]:
    """The baseline and the ideas, best folds first."""
    yield f"| idea | {' | '.join(STAGES)} | s |"
    yield "|---|---|---|---|---:|"
    baseline = {run.stage: run for run in runs if run.because == BASELINE}
    cells = " | ".join(score_text(baseline[stage].score) for stage in STAGES)
    seconds = sum(run.seconds or 0.0 for run in baseline.values())
    yield f"| **the baseline** | {cells} | {seconds:.0f} |"
    for idea in sorted(found.ideas, key=full_score, reverse=True):
        cells = " | ".join(cell(idea, stage) for stage in STAGES)
        yield f"| {idea.because} | {cells} | {idea.seconds:.0f} |"


def cell(idea: Idea, stage: str) -> str:
    """A stage's score and decision; a rejection as such, although the idea went on."""
    run = idea.runs.get(stage)
    if run is None or run.score is None:
        return "not judged here"
    loud = {ANYWAY: "**rejected**", ACCEPTED: "**accepted**"}
    said = idea.decisions[stage]
    return f"{run.score.value:.3f} {loud.get(said, said)}"


def full_score(idea: Idea) -> float:
    """By folds."""
    run = idea.runs.get(STAGES[-1])
    return run.score.value if run and run.score else 0.0


def survived(found: Audit) -> Iterator[str]:
    """Whether the best idea by folds came through the gate, and what it would have saved."""
    best = max(found.ideas, key=full_score)
    came = (
        "came through the gate" if not best.rejected_at else f"was rejected at {best.rejected_at}"
    )
    yield f"The best idea by folds, “{best.because}” ({full_score(best):.3f}), {came}."
    kept = sum(
        run.seconds or 0.0
        for idea in found.ideas
        for stage, run in idea.runs.items()
        if idea.rejected_at is None or STAGES.index(stage) <= STAGES.index(idea.rejected_at)
    )
    yield (
        f"With the gate in force the same ideas would have cost {kept / 3600:.2f} h instead of "
        f"{found.full / 3600:.2f} h for folds of each."
    )


if __name__ == "__main__":
    main()
