"""Search the chain of post-processing on a run's cached outputs, and say honestly what it gains.

The chain is chosen on some queries and scored on others: a fold of the classes is set aside, a
chain is searched on the rest and scored on the fold, until each fold has been set aside once. The
score of those choices together is what choosing like this is worth; the chain that is given is
then chosen on all.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import tomli_w

from atarimae import bundle, files, runlog
from atarimae.errors import AtarimaeError
from atarimae.predict.run import kept_outputs, outputs
from atarimae.runlog import Run
from atarimae.runlog.ensemble import ORIGIN
from atarimae.score.intervals import ZERO, Difference, interval, mean_variance, paired
from atarimae.score.verdict import word
from atarimae.store import Store
from atarimae.task import Forecast, Joins, Ranker, Ranks, Task, Transductive
from atarimae.types import Array, Bools, Data, Floats, Index, Progress, Score, silent
from atarimae.workspace import Workspace

Chain = tuple[str, ...]
PLAIN: Chain = ()
FOLDS = 5
BUDGET = 120.0  # seconds


@dataclass(frozen=True)
class Tried:
    """One chain, on all queries: what it was chosen by."""

    chain: Chain
    value: float
    difference: Difference  # to the run's own chain, paired
    forecast: Forecast
    seconds: float


@dataclass(frozen=True)
class Chosen:
    """The chain that was chosen without the queries of one fold, and what it scores on them."""

    chain: Chain
    queries: int
    value: float
    own: float  # of the run's own chain there


@dataclass(frozen=True)
class Ranked:
    """What the search found."""

    run: str
    own_chain: Chain
    own: Score  # of the run as it is
    chain: Chain  # chosen on all queries
    value: float  # which it scores on them: rosy
    nested: Score  # of the choices, each on the fold that it was made without
    difference: Difference  # nested − own, paired
    verdict: str
    folds: tuple[Chosen, ...]
    tried: tuple[Tried, ...]  # best first
    seconds: float
    ended: str  # "nothing left to try", or "budget spent"
    looked_back: bool  # whether steps were tried that look at what the run was trained on
    recipe: Path | None  # where the run's recipe with the chain was written; None where it is none
    members: tuple[str, ...]  # the runs that it joins, where it is an ensemble

    def as_dict(self) -> dict[str, object]:
        """The shape of `rank --json`."""
        return {
            "run": self.run,
            "own": {"chain": list(self.own_chain), **self.own.as_dict()},
            "chain": list(self.chain),
            "value": self.value,
            "nested": self.nested.as_dict(),
            "difference": _told(self.difference),
            "verdict": self.verdict,
            "folds": [{**vars(one), "chain": list(one.chain)} for one in self.folds],
            "tried": [
                {
                    "chain": list(one.chain), "value": one.value,
                    "difference": _told(one.difference), "seconds": one.seconds,
                    "forecast": vars(one.forecast),
                }
                for one in self.tried
            ],
            "seconds": self.seconds,
            "ended": self.ended,
            "looked_back": self.looked_back,
            "recipe": None if self.recipe is None else str(self.recipe),
            "members": list(self.members),
        }  # fmt: skip


def rank(
    workspace: Workspace,
    task: Task,
    name: str,
    *,
    budget: float = BUDGET,
    folds: int = FOLDS,
    seed: int = 0,
    transductive: bool = False,
    write: Path | None = None,
    progress: Progress = silent,
) -> Ranked:
    """Search for `budget` seconds at most; write the run's recipe with the chain that was found.

    It is written to `write`, or as `rank.toml` beside the run. `folds` is how often the choice is
    judged, `seed` deals the classes out. With `transductive` also steps are tried by which an
    answer depends on other queries; a run that has them is not shipped.
    """
    if not isinstance(task, Ranks):
        raise AtarimaeError(
            f"Task {task.name} has no chain to search.",
            "It has no method 'ranker'.",
            "See docs/new-task.md for what it returns.",
        )
    run = runlog.find(workspace, name)
    _check(run)
    parts = list(_parts(workspace, task, task.remembered, run, progress))
    sides = [task.ranker(part.outputs, part.data, part.learned, part.constants) for part in parts]
    bench = _Bench(sides, progress, budget, learned=all(len(part.learned) for part in parts))
    own = tuple(cast(Sequence[str], run.recipe.get(task.chain, ())))
    bench.judge(own)
    bench.judge(PLAIN)
    held = _dealt(bench.clusters, folds, seed)
    climbs = [_Climb(~one) for one in held] + [_Climb(np.ones(len(bench.clusters), bool))]
    ended = _search(task, bench, climbs, transductive=transductive)
    return _found(task, run, own, bench, held, climbs, ended, write)


def _check(run: Run) -> None:
    if run.score is None or run.data is None or run.origin == "import":
        raise AtarimaeError(
            f"Run {run.id} has no outputs to rank.",
            f"It is {run.status}." if run.score is None else "It was not made by 'atarimae fit'.",
            "Let it finish, or name a run that 'atarimae fit' made.",
        )


@dataclass(frozen=True)
class _Part:
    """What a run was judged by with its model's outputs; a fold each at stage folds."""

    data: Data
    outputs: Sequence[Array]
    learned: Index  # empty where it is not at hand
    constants: Mapping[str, float] = field(default_factory=dict)  # the model's


def _parts(
    workspace: Workspace,
    task: Task,
    remembered: Callable[[Sequence[Array], Data], Index],
    run: Run,
    progress: Progress,
) -> Iterator[_Part]:
    for folder, data, train in _judged(workspace, task, run):
        model = bundle.read_model(folder / "model")
        if isinstance(task, Joins) and (why := task.unjoinable(model.settings)):
            raise AtarimaeError(
                f"Run {run.id} has no outputs to rank.", why, "Rank a run that joins embeddings."
            )
        predictor = task.predictor(model)
        found = outputs(
            predictor, data, cache=workspace.cache, max_pixels=workspace.max_pixels,
            progress=progress,
        )  # fmt: skip
        learned = model.learned
        if not len(learned):  # what is in the cache is looked at: a frozen backbone's is
            kept, rows = kept_outputs(predictor, train, workspace.cache)
            learned = remembered(rows, kept) if len(kept) == len(train) else learned
        yield _Part(data, found, learned, model.constants)


def _judged(workspace: Workspace, task: Task, run: Run) -> Iterator[tuple[Path, Data, Data]]:
    """Folders, with what was judged and what was trained on; nothing where that isn't known."""
    assert run.data is not None, "_check() asks for data"
    known = Store(workspace).data(run.data.edit)
    if run.stage == "folds":
        from atarimae.fit import split  # loads PyTorch

        parts = split.folds(task, split.with_split(task, known), run.folds or 3)
        for turn, part in enumerate(parts, 1):
            train = _labelled(part.split("train"))
            yield run.folder / "folds" / str(turn), task.samples(part.split("val")), train
        return
    paths = runlog.judged_paths(run.folder)
    judged = known.where(lambda file: file.path in paths)
    others = known.where(lambda file: file.path not in paths and file.split in (None, "train"))
    sampled = run.stage == "smoke"  # of classes: who of the others was trained on isn't told
    yield run.folder, judged, _labelled(others.where(lambda file: not sampled))


def _labelled(data: Data) -> Data:
    return data.where(lambda file: data.label(file) is not None)


@dataclass
class _Climb:
    """A search on some of the queries, which knows nothing of the others."""

    rows: Bools
    best: Chain = PLAIN
    done: bool = False

    def step(self, bench: "_Bench", near: Sequence[Chain]) -> None:
        """Go to the best of some chains, if it is better; more steps must be clearly better."""
        for chain in sorted(near, key=lambda one: (-bench.mean(one, self.rows), len(one))):
            gain, error = bench.gain(self.best, chain, self.rows)
            if gain <= ZERO:
                break
            if len(chain) <= len(self.best) or gain > error:
                self.best = chain
                return
        self.done = True


@dataclass
class _Bench:
    """What every chain scores on all queries, each computed once."""

    sides: Sequence[Ranker]
    progress: Progress
    budget: float
    learned: bool = False  # whether what was trained on is at hand
    began: float = field(default_factory=time.monotonic)
    parts: dict[Chain, Floats] = field(default_factory=dict)
    seconds: dict[Chain, float] = field(default_factory=dict)
    clusters: tuple[str, ...] = ()
    first: Score | None = None

    def judge(self, chain: Chain) -> None:
        """Score a chain that was not scored before."""
        if chain in self.parts:
            return
        told = self.forecast(chain)
        note = f"{' '.join(chain)}: about {told.seconds:.1f} s, {told.bytes / 1e6:.0f} MB"
        self.progress(int(self.spent), int(self.budget), note)
        began = time.monotonic()
        scores = [side.score(chain) for side in self.sides]
        self.seconds[chain] = time.monotonic() - began
        self.parts[chain] = np.concatenate([score.parts for score in scores])
        self.first = self.first or scores[0]
        self.clusters = tuple(name for score in scores for name in score.clusters)
        self.keys = tuple(name for score in scores for name in score.keys)

    def forecast(self, chain: Chain) -> Forecast:
        told = [side.forecast(chain) for side in self.sides]
        return Forecast(max(one.bytes for one in told), sum(one.seconds for one in told))

    def can(self, chain: Chain) -> bool:
        """Whether the run has all that the chain looks at."""
        return all(side.can(chain) for side in self.sides)

    def affords(self, chain: Chain) -> bool:
        """Whether there is time for it, by its forecast and how those before it came out."""
        told = sum(self.forecast(one).seconds for one in self.seconds)
        taken = sum(self.seconds.values())
        ratio = min(1.0, taken / told) if told else 1.0  # what is shared makes chains cheaper
        return self.spent + ratio * self.forecast(chain).seconds <= self.budget

    @property
    def spent(self) -> float:
        return time.monotonic() - self.began

    def mean(self, chain: Chain, rows: Bools) -> float:
        return float(self.parts[chain][rows].mean(dtype=np.float64))

    def gain(self, first: Chain, second: Chain, rows: Bools) -> tuple[float, float]:
        """How much better the second is on some queries, and the standard error of that."""
        deltas = self.parts[second][rows] - self.parts[first][rows]
        clusters = [name for name, kept in zip(self.clusters, rows, strict=True) if kept]
        error = math.sqrt(mean_variance(deltas, clusters))
        return float(deltas.mean(dtype=np.float64)), error

    def score(self, parts: Floats, said: str, transductive: Sequence[str]) -> Score:
        """A score of these parts, with its interval; it says which steps saw other queries."""
        assert self.first is not None, "the plain chain comes first"
        convention = {**self.first.convention, "chain": said}
        if transductive:
            convention["transductive"] = ", ".join(transductive)
        if len(self.sides) > 1:
            convention |= {"folds": len(self.sides)}
            convention.pop("gallery", None)
        value = float(parts.mean(dtype=np.float64))
        return interval(
            Score(self.first.metric, value, convention, self.keys, parts, self.clusters)
        )


def _search(task: Ranks, bench: _Bench, climbs: Sequence[_Climb], *, transductive: bool) -> str:
    """Let every climb go to the best chain one change away, until none finds a better one.

    All take a step in the same round, and the cheapest chains are judged first, so that a budget
    that ends favours none of them.
    """
    missed = False
    while going := [climb for climb in climbs if not climb.done]:
        near = {
            best: list(
                filter(
                    bench.can,
                    task.chains(best, transductive=transductive, learned=bench.learned),
                )
            )
            for best in dict.fromkeys(climb.best for climb in going)
        }
        wanted = dict.fromkeys(chain for chains in near.values() for chain in chains)
        for chain in sorted(wanted, key=lambda one: bench.forecast(one).seconds):
            if chain in bench.parts or bench.affords(chain):
                bench.judge(chain)
            else:
                missed = True
        for climb in going:
            climb.step(bench, [chain for chain in near[climb.best] if chain in bench.parts])
    return "budget spent" if missed else "nothing left to try"


def _dealt(clusters: Sequence[str], folds: int, seed: int) -> list[Bools]:
    """Which queries are of each fold: whole classes, dealt out in an order that is drawn."""
    names = sorted(set(clusters))
    if not 2 <= folds <= len(names):
        raise AtarimaeError(
            "The choice can't be judged by folds of the classes.",
            f"There are {len(names)} classes or groups and {folds} folds.",
            "Give two folds at least, and not more than there are classes.",
        )
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[number]: turn % folds for turn, number in enumerate(order)}
    member = np.array([fold[name] for name in clusters])
    return [member == one for one in range(folds)]


def _found(
    task: Ranks,
    run: Run,
    own: Chain,
    bench: _Bench,
    held: Sequence[Bools],
    climbs: Sequence[_Climb],
    ended: str,
    write: Path | None,
) -> Ranked:
    nested = bench.parts[PLAIN].copy()
    chosen = []
    for rows, climb in zip(held, climbs, strict=False):
        nested[rows] = bench.parts[climb.best][rows]
        value, before = bench.mean(climb.best, rows), bench.mean(own, rows)
        chosen.append(Chosen(climb.best, int(rows.sum()), value, before))
    best = climbs[-1].best
    seen = paired(bench.parts[own], nested, bench.clusters)
    path = _written(task, run, best, write)
    everything = np.ones(len(nested), bool)
    return Ranked(
        run=run.id,
        own_chain=own,
        own=bench.score(bench.parts[own], "the run's own", _transductive(task, [own])),
        chain=best,
        value=bench.mean(best, everything),
        nested=bench.score(
            nested,
            "chosen on the other folds of the classes",
            _transductive(task, [one.chain for one in chosen]),
        ),
        difference=seen,
        verdict=word(seen),
        folds=tuple(chosen),
        tried=_tried(bench, own),
        seconds=bench.spent,
        ended=ended,
        looked_back=bench.learned,
        recipe=path,
        members=tuple(cast(Sequence[str], run.recipe["members"])) if run.origin == ORIGIN else (),
    )


def _transductive(task: Ranks, chains: Sequence[Chain]) -> list[str]:
    """The steps of any of them by which an answer depends on other queries."""
    if not isinstance(task, Transductive):
        return []
    found = [step for chain in chains for step in task.transductive({task.chain: chain})]
    return sorted(set(found))


def _tried(bench: _Bench, own: Chain) -> tuple[Tried, ...]:
    rows = [
        Tried(
            chain, float(parts.mean(dtype=np.float64)),
            paired(bench.parts[own], parts, bench.clusters, resamples=500),
            bench.forecast(chain), bench.seconds[chain],
        )
        for chain, parts in bench.parts.items()
    ]  # fmt: skip
    return tuple(sorted(rows, key=lambda one: (-one.value, len(one.chain))))


def _written(task: Ranks, run: Run, chain: Chain, path: Path | None) -> Path | None:
    """The run's recipe with the chain; nothing where the best is to leave answers as they are."""
    if chain == PLAIN:
        return None
    told = {**run.recipe, task.chain: list(chain)}
    known = {key: value for key, value in told.items() if value is not None}
    path = path or run.folder / "rank.toml"
    files.write(path, tomli_w.dumps(known))
    return path


def _told(seen: Difference) -> dict[str, object]:
    values = {"value": seen.value, "low": seen.low, "high": seen.high, "better": seen.better}
    return {name: None if value != value else value for name, value in values.items()}
