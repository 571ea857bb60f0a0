"""What pseudo-labels are worth on the demo's data, where most labels of train are hidden.

    python scripts/compare_pseudo_labels.py WORKSPACE

Of each class of train two images keep their label, and a fifth of the classes lose all: an
unlabelled image may be of no class that is known. A run proposes labels; runs with and without
them are compared over three seeds, and the proposals are held against the truth. Then the control
slice is reviewed as somebody who knows the truth would do it, and runs with and without weights
are compared. WORKSPACE is made if it is not there; runs that are there already count.
"""

import argparse
import csv
import zipfile
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from atarimae import api, runlog, workspace
from atarimae.compare.table import score_text
from atarimae.demo.ideas import PROJECTED
from atarimae.fit.split import chance
from atarimae.propose import Proposed
from atarimae.review import Slice, precisions
from atarimae.runlog import Run
from atarimae.store import Store
from atarimae.types import Label

KEPT = 2  # labelled images of a class
LOST = 0.2  # share of the classes without any
SEEDS = (0, 1, 2)


def main() -> None:
    """Fit, propose, fit again, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--at", type=float, default=0.4, help="the lowest score of a proposal")
    arguments = parser.parse_args()
    folder: Path = arguments.workspace
    new = not (folder / workspace.SETTINGS).is_file()
    space = api.init(folder) if new else api.open(folder)
    truth = hidden(space.folder.root)
    space.add(space.folder.root / "emoji" / "few.csv")
    first = _run(space, "few labels", 0)
    found = space.propose(first, at=arguments.at)
    assert isinstance(found, Proposed)  # a run's, and no file's
    print("\n".join(told(found, truth)))
    runs = {
        name: [_run(space, name, seed, pseudo_labels=wanted) for seed in SEEDS]
        for name, wanted in (("without proposals", False), ("with proposals", True))
    }
    print("\n".join(table(space, runs)))
    reviewed(space, truth)
    weighed = {
        name: [_run(space, name, seed, pseudo_labels=True, pseudo_weights=w) for seed in SEEDS]
        for name, w in (("slice reviewed", False), ("slice reviewed, weights", True))
    }
    print("\n".join(table(space, weighed)))


def reviewed(space: api.Workspace, truth: dict[str, str]) -> None:
    """Accept what is right in the control slice, and edit what is wrong into what it is."""
    store = Store(space.folder)
    paths = {file.image: file.path.removeprefix("emoji/") for file in store.data().files}
    known = store.proposals()
    drawn = Slice().of(known)
    right: list[int] = []
    for one in known:
        if one.id in drawn and one.fate == "untouched":
            name = truth[paths[one.label.image]]
            if name == one.label.value:
                right.append(one.id)
            else:
                store.decide([one.id], "edit", Label("", name))
    if right:
        store.decide(right, "accept")
    measured = precisions(store.proposals(), Slice())
    seen, hits = sum(one.reviewed for one in measured), sum(one.right for one in measured)
    print(f"Control slice: {hits} right of {seen}, in {len(measured)} classes.")


def hidden(root: Path) -> dict[str, str]:
    """Write few.csv beside the demo's pictures; gives the hidden classes by file."""
    target = root / "emoji"
    if not (target / "labels.csv").is_file():
        with as_file(files("atarimae.demo") / "emoji.zip") as packed, zipfile.ZipFile(packed) as z:
            z.extractall(target)
    rows = list(csv.DictReader((target / "labels.csv").open(encoding="utf-8")))
    kept: dict[str, int] = {}
    truth: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: chance(row["file"])):
        name = row["label"]
        if row["split"] != "train" or not name:
            continue
        kept[name] = kept.get(name, 0) + 1
        if kept[name] > KEPT or chance(f"lost {name}") < LOST:
            truth[row["file"]], row["label"] = name, ""
    with (target / "few.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return truth


def told(found: Proposed, truth: dict[str, str]) -> Iterator[str]:
    """The estimate beside the truth."""
    said = found.estimate
    right = sum(truth[one.file.removeprefix("emoji/")] == one.label for one in found.found)
    yield f"{len(found.found)} of {found.unlabelled} unlabelled images at {said.at:.3f} or more."
    yield f"Estimated precision {said.precision:.3f} [{said.low:.3f}, {said.high:.3f}];"
    yield f"{said.strangers_accepted} of {said.strangers} strangers of val are matched:"
    lost = sum(1 for name in truth.values() if chance(f"lost {name}") < LOST) / len(truth)
    yield f"with {lost:.3f} of the hidden strangers, {said.with_strangers(lost):.3f} is expected."
    yield f"By the truth {right} are right: {right / max(1, len(found.found)):.3f}."


def table(space: api.Workspace, runs: dict[str, list[Run]]) -> Iterator[str]:
    """MRR@20 by seed, and the difference with its interval."""
    yield "| | " + " | ".join(f"seed {seed}" for seed in SEEDS) + " |"
    yield "|---|" + "---|" * len(SEEDS)
    for name, found in runs.items():
        yield (
            f"| {name} | " + " | ".join(score_text(run.score) for run in found if run.score) + " |"
        )
    cells = []
    for pair in zip(*runs.values(), strict=True):
        seen = space.compare(*pair)
        cells.append(f"{seen.difference:+.3f} [{seen.low:+.3f}, {seen.high:+.3f}], {seen.verdict}")
    yield "| difference | " + " | ".join(cells) + " |"


def _run(space: api.Workspace, name: str, seed: int, **changes: object) -> Run:
    for run in runlog.runs(space.folder):
        if (run.because, run.seed, run.status) == (name, seed, "done"):
            return run
    return space.fit(because=name, seed=seed, **dict[str, Any](PROJECTED | changes))


if __name__ == "__main__":
    main()
