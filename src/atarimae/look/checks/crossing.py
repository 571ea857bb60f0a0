"""Copies on two sides of a split, and a split that keeps them together."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from atarimae import runlog
from atarimae.errors import AtarimaeError
from atarimae.look.checks.finding import Beside, by_image
from atarimae.look.checks.grouping import agreeing
from atarimae.runlog import Run
from atarimae.survey.groups import connected
from atarimae.survey.pairs import Pair
from atarimae.types import SPLITS, Data, File
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Sides:
    """By path, the split or fold that each file is in, and the run that says so."""

    of: Mapping[str, str]
    run: Run | None = None
    folds: bool = False
    then: frozenset[str] = frozenset()  # the paths that were there when it ran

    def learned(self, judged: File, other: File) -> bool:
        """Whether the run learned from `other` and was judged by `judged`."""
        one, two = self.of.get(judged.path), self.of.get(other.path)
        if not self.then.issuperset((judged.path, other.path)):
            return False
        if self.folds:
            return self.apart(judged, other) and "test" not in (one, two)
        return one == "val" and two == "train"

    def apart(self, one: File, other: File) -> bool:
        """Whether the two are on different sides; not where one's is unknown."""
        sides = self.of.get(one.path), self.of.get(other.path)
        return None not in sides and sides[0] != sides[1]


def sides(data: Data, beside: Beside) -> Sides:
    """The given split; where files have none, or in folds, what the newest judged run made."""
    return beside.answers.once("sides", data, lambda: _sides(data, beside))


def _sides(data: Data, beside: Beside) -> Sides:
    given = {file.path: file.split for file in data.files if file.split}
    run = _newest(beside.surveyor.workspace) if beside.surveyor else None
    if run is None or beside.surveyor is None:
        return Sides(given)
    folds = {path: f"fold {turn}" for turn, paths in _folds(run).items() for path in paths}
    if folds:
        test = {path: split for path, split in given.items() if split == "test"}
        return Sides(folds | test, run, folds=True, then=frozenset(folds))
    try:
        val = runlog.judged_paths(run.folder)
    except (AtarimaeError, KeyError):
        return Sides(given)
    there = beside.then(data, beside.surveyor.workspace, run)
    made = {file.path: "val" if file.path in val else "train" for file in there.files}
    return Sides(made | given, run, then=frozenset(made))


def crossing(data: Data, beside: Beside, known: Sides) -> list[Pair]:
    """Pairs of images of one picture, with no contrary labels, that lie on different sides."""
    alike, _ = agreeing(data, beside)
    places = beside.places(data)
    return [
        pair
        for pair in alike
        if any(known.apart(a, b) for a in places[pair.outer] for b in places[pair.inner])
    ]


def repaired(data: Data, found: Iterable[Pair], known: Sides) -> list[File]:
    """The files that change if copies share one group, and one split where they have any.

    The later split wins, so that nothing judged is trained on. A group that a copy is in already
    comes with all its files.
    """
    places = by_image(data.files)
    ties = [(f"image {pair.outer}", f"image {pair.inner}") for pair in found]
    ties += [(f"image {file.image}", f"group {file.group}") for file in data.files if file.group]
    crossed = {name for pair in found for name in (pair.outer, pair.inner)}
    crossed |= {name for name, own in places.items() if any(known.apart(own[0], f) for f in own)}
    ties += [(f"image {name}",) * 2 for name in crossed]
    changed = []
    for names in connected(ties):
        images = sorted(name[6:] for name in names if name.startswith("image "))
        if crossed.isdisjoint(images):
            continue
        files = [file for image in images for file in places[image]]
        groups = sorted(name[6:] for name in names if name.startswith("group "))
        group = groups[0] if groups else f"copies {images[0][:12]}"
        split = max((file.split for file in files if file.split), key=_later, default=None)
        fresh = [replace(file, group=group, split=file.split and split) for file in files]
        changed += [new for old, new in zip(files, fresh, strict=True) if old != new]
    return sorted(changed, key=lambda file: file.path)


def _later(split: str) -> int:
    return SPLITS.index(split) if split in SPLITS else -1


def _newest(workspace: Workspace) -> Run | None:
    """Of the runs that are done and have a score, the newest."""
    try:
        done = [run for run in runlog.runs(workspace) if run.is_done and run.score]
    except AtarimaeError:
        return None
    return done[-1] if done else None


def _folds(run: Run) -> dict[str, list[str]]:
    """By fold, the paths that it was judged by; empty for a run without folds."""
    import pyarrow.parquet as pq

    found: dict[str, list[str]] = {}
    for folder in sorted((run.folder / "folds").glob("*/")):
        with suppress(OSError, ValueError):  # gone, or of a task without predictions
            table = pq.read_table(folder / "predictions.parquet", columns=["key"])
            found[folder.name] = table["key"].to_pylist()
    return found
