"""Read run folders; nothing but the files is needed, and a folder copied in just appears."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, cast

from atarimae import files
from atarimae.errors import AtarimaeError, UsageError, unknown_name
from atarimae.runlog import ensemble as joined
from atarimae.runlog import notes, records
from atarimae.runlog.listing import Listed, listed
from atarimae.runlog.lock import is_held
from atarimae.types import Score, Version
from atarimae.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

# Of a row of `runs`, in order.
COLUMNS = [
    "id", "because", "stage", "seed", "metric", "value", "low", "high", "seconds", "parent",
    "status", "verdict", "created", "tags",
]  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One fit, as its folder tells it."""

    folder: Path
    id: str
    task: str
    because: str
    stage: str
    seed: int | None
    parent: str | None
    created: str
    status: str  # running, done, done early, stopped, failed, interrupted
    data: Version | None
    recipe: Mapping[str, object]
    scores: tuple[Score, ...]  # without parts; the main metric first
    costs: Mapping[str, float]
    verdict: Mapping[str, object] | None
    seconds: float | None
    error: str | None
    device: str | None = None
    threads: int | None = None
    expect: float | None = None  # difference of the main metric to the parent, said beforehand
    origin: str | None = None  # "import" where it was not logged here, "ensemble" where joined
    folds: int | None = None  # how many, at stage folds
    idea: str | None = None  # the first run of the same idea, where it climbed the stages
    gate: Mapping[str, object] | None = None  # what its stage decided of the idea
    sweep: str | None = None  # id of the sweep that proposed it
    may_stop: bool = False  # given up where it is hopeless beside its parent
    early: Mapping[str, object] | None = None  # where and why it was given up
    leaks: Mapping[str, object] | None = None  # what it found in its data, see score/leaks.py

    @property
    def mark(self) -> str:
        """The end of the id, which is enough to name the run by."""
        return mark_of(self.id)

    @property
    def score(self) -> Score | None:
        """The main metric's score, None before the run is done."""
        return self.scores[0] if self.scores else None

    @property
    def is_done(self) -> bool:
        """Whether it came to its end, or was given up for good."""
        return self.status in ("done", "done early")

    @property
    def model(self) -> Path:
        """The folder of the trained model."""
        return self.folder / "model"

    @cached_property
    def notes(self) -> tuple[notes.Note, ...]:
        """What people said of it, oldest first, as it stood when this was first asked for."""
        return notes.read(self.folder)

    @cached_property
    def ensemble(self) -> joined.Ensemble | None:
        """What each of its members adds, where it joins other runs."""
        return joined.read(self.folder)

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, in the order they were given."""
        return notes.tags_of(self.notes)

    @property
    def conclusion(self) -> str | None:
        """What was concluded from it, None if nothing was yet."""
        return notes.conclusion_of(self.notes)

    def note(
        self,
        text: str | None = None,
        *,
        conclusion: str | None = None,
        tags: Sequence[str] = (),
        untag: Sequence[str] = (),
    ) -> "Run":
        """Say something of the run; returns it with that."""
        notes.append(self.folder, text, conclusion=conclusion, tags=tags, untag=untag)
        return replace(self)

    def row(self) -> dict[str, object]:
        """The run as one row of `runs --json`."""
        score = self.score.as_dict() if self.score else {}
        return {
            "id": self.id,
            "because": self.because,
            "stage": self.stage,
            "seed": self.seed,
            **{name: score.get(name) for name in ("metric", "value", "low", "high")},
            "seconds": self.seconds,
            "parent": self.parent,
            "status": self.status,
            "verdict": (self.verdict or {}).get("verdict"),
            "created": self.created,
            "tags": list(self.tags),
        }

    def as_dict(self) -> dict[str, object]:
        """The run as `show --json` tells it."""
        return self.row() | {
            "task": self.task,
            "data": None if self.data is None else {"edit": self.data.edit, "hash": self.data.hash},
            "device": self.device,
            "expect": self.expect,
            "recipe": dict(self.recipe),
            "scores": [score.as_dict() for score in self.scores],
            "costs": dict(self.costs),
            "verdict": None if self.verdict is None else dict(self.verdict),
            "error": self.error,
            "conclusion": self.conclusion,
            "notes": [note.as_dict() for note in self.notes],
            "origin": self.origin,
            "folds": self.folds,
            "idea": self.idea,
            "gate": None if self.gate is None else dict(self.gate),
            "sweep": self.sweep,
            "early": None if self.early is None else dict(self.early),
            "leaks": None if self.leaks is None else dict(self.leaks),
            "ensemble": told.as_dict() if (told := self.ensemble) else None,
            "folder": str(self.folder),
        }  # fmt: skip

    def _repr_html_(self) -> str:
        """The run as a table, in a notebook."""
        told = {key: value for key, value in self.row().items() if value is not None}
        told["recipe"] = ", ".join(f"{key} = {value}" for key, value in self.recipe.items())
        rows = "".join(
            f"<tr><th>{escape(key)}</th><td>{escape(str(value))}</td></tr>"
            for key, value in told.items()
        )
        return f"<table>{rows}</table>"

    def metrics(self) -> "pd.DataFrame":
        """The metrics that were logged, one row each; a half-written last line is left out.

        `at` is in seconds since 1970; runs of before November 2026 have none.
        """
        import pandas as pd  # 0.8 s to import: only when it is asked for

        text = (self.folder / "metrics.jsonl").read_bytes()
        whole = text[: text.rfind(b"\n") + 1].decode("utf-8")
        if not whole:
            return pd.DataFrame(columns=["name", "value", "step", "epoch", "at"])
        return pd.read_json(io.StringIO(whole), lines=True, precise_float=True)


def runs(workspace: Workspace) -> list[Run]:
    """Every run of the workspace, oldest first; what has not changed comes from the index."""
    found = [_run(one) for one in listed(workspace)]
    return sorted(found, key=lambda run: (run.created, run.id))


def read(folder: Path) -> Run:
    """The run in a folder, whether it is done or not."""
    alive = is_held(folder)  # before the result: a run that finishes just now is done
    return _run(Listed(folder, records.read(folder), alive))


def _run(told: Listed) -> Run:
    if told.error is not None:
        raise told.error
    try:
        return _made(told)
    except KeyError as error:
        raise records.unreadable(told.folder / "run.json", f"It has no {error}.") from None


def _made(told: Listed) -> Run:
    start, result = told.records["run.json"], told.records.get("result.json", {})
    data = cast(dict[str, object] | None, start.get("data"))
    return Run(
        folder=told.folder,
        id=told.folder.name,
        task=str(start["task"]),
        because=str(start["because"]),
        stage=str(start["stage"]),
        seed=cast(int | None, start.get("seed")),
        parent=cast(str | None, start.get("parent")),
        created=str(start["created"]),
        status=str(result.get("status") or ("running" if told.alive else "interrupted")),
        data=None if data is None else Version(cast(int, data["edit"]), str(data["hash"])),
        recipe=told.records.get("recipe.toml", {}),
        scores=tuple(
            _score(found) for found in cast(list[dict[str, object]], result.get("scores") or [])
        ),
        costs=cast(dict[str, float], result.get("costs") or {}),
        verdict=cast(dict[str, object] | None, result.get("verdict")),
        seconds=cast(float | None, result.get("seconds")),
        error=cast(str | None, result.get("error")),
        device=cast(str | None, start.get("device")),
        threads=cast(int | None, start.get("threads")),
        expect=cast(float | None, start.get("expect")),
        origin=cast(str | None, start.get("origin")),
        folds=cast(int | None, start.get("folds")),
        idea=cast(str | None, start.get("idea")),
        gate=cast(dict[str, object] | None, result.get("gate")),
        sweep=cast(str | None, start.get("sweep")),
        may_stop=bool(start.get("may_stop")),
        early=cast(dict[str, object] | None, result.get("early")),
        leaks=cast(dict[str, object] | None, result.get("leaks")),
    )


def find(workspace: Workspace, name: str) -> Run:
    """The run of that id, or of a part of it that no other has; also `last` and `best`."""
    known = runs(workspace)
    if name == "last" and known:
        return known[-1]
    if name == "best":
        best = find_best(workspace)
        if best is None:
            raise AtarimaeError(
                "There is no best run.", "No run has a score yet.", "Run 'atarimae fit' first."
            )
        return best
    if not known:
        raise UsageError(f"No run '{name}'.", "There is no run yet.", "Run 'atarimae fit' first.")
    exact = [run for run in known if run.id == name]
    close = exact or [run for run in known if name in run.id]
    if not close:
        raise unknown_name("run", name, [run.id for run in known])
    if len(close) > 1:
        raise UsageError(
            f"'{name}' names {len(close)} runs.",
            ", ".join(run.id for run in close) + ".",
            "Write more of the id.",
        )
    return close[0]


def get(workspace: Workspace, id: str) -> Run | None:
    """The run of exactly that id, None where its folder is gone."""
    folder = workspace.runs / id
    return read(folder) if (folder / "run.json").is_file() else None


def find_best(workspace: Workspace, stage: str | None = None) -> Run | None:
    """The best of all runs, as `best_of` tells."""
    return best_of(runs(workspace), stage)


def holdout_of(workspace: Workspace, run: Run) -> Run | None:
    """The newest holdout run of a run's recipe on its data, with its model; None where none is."""
    same = [
        one
        for one in runs(workspace)
        if one.stage == "holdout" and one.status == "done" and one.recipe == run.recipe
        and _hash(one.data) == _hash(run.data) and (one.model / "model.json").is_file()
    ]  # fmt: skip
    return same[-1] if same else None


def find_trained(workspace: Workspace, name: str) -> Run:
    """As `find`, for who needs one model: a best run at stage folds stands for its holdout run.

    Each of its folds trained a model of its own, to judge the recipe.
    """
    run = find(workspace, name)
    if name == "best" and run.stage == "folds":
        return holdout_of(workspace, run) or run
    return run


def find_parent(workspace: Workspace, stage: str | None = None) -> Run | None:
    """The best run that a recipe can be compared with: no ensemble of several."""
    return best_of([run for run in runs(workspace) if run.origin != joined.ORIGIN], stage)


def mark_of(run: str) -> str:
    """The end of a run's id, by which every command knows it; "" of ""."""
    return run.rpartition("-")[2]


def best_of(known: Sequence[Run], stage: str | None = None) -> Run | None:
    """The run with the highest main score; of the dearest stage that was run if none is named.

    The runs are given oldest first. Scores on different data can't be compared: only runs on the
    same data as the stage's newest scored one are looked at. A score of NaN is none. Imported runs
    count only where nothing was run here: no one can tell what they were scored on.
    """
    scored = [
        run
        for run in known
        if run.score is not None and run.score.value == run.score.value and run.status == "done"
    ]
    scored = [run for run in scored if run.origin != "import"] or scored
    for wanted in [stage] if stage else ["folds", "holdout", "smoke", "log"]:
        there = [run for run in scored if run.stage == wanted]
        if there:
            newest = there[-1].data
            there = [run for run in there if _hash(run.data) == _hash(newest)]
            return max(there, key=lambda run: cast(Score, run.score).value)
    return None


def _hash(data: Version | None) -> str | None:
    return None if data is None else data.hash


def parts(run: Run) -> "pd.DataFrame":
    """Each metric's parts, one row a query: `key`, `cluster`, and a column a metric."""
    import pandas as pd

    path = run.folder / "parts.parquet"
    if not path.is_file():
        raise AtarimaeError(
            f"Run {run.id} has no parts to compare.",
            f"It is {run.status} and {path.name} is not there.",
            "Let it finish, or go on with 'atarimae fit --resume'.",
        )
    return pd.read_parquet(path)


def judged_paths(folder: Path) -> frozenset[str]:
    """The paths of the files that a run was judged by, as its data version has them."""
    told = files.read_json(folder / "evaluated.json")["files"]
    return frozenset(cast(list[str], told))


def fold_scores(folder: Path) -> list[Score]:
    """The scores of one fold, with their parts."""
    import pandas as pd

    told = cast(list[dict[str, object]], files.read_json(folder / "result.json")["scores"])
    path = folder / "parts.parquet"
    rows = pd.read_parquet(path) if path.is_file() else pd.DataFrame()
    return [_with_parts(_score(found), rows) for found in told]


def _with_parts(score: Score, rows: "pd.DataFrame") -> Score:
    if score.metric not in rows:
        return score
    own = rows[rows[score.metric].notna()]
    parts = own[score.metric].to_numpy("float32")
    return replace(score, keys=tuple(own["key"]), parts=parts, clusters=tuple(own["cluster"]))


def _score(found: Mapping[str, object]) -> Score:
    low, high = found.get("low"), found.get("high")
    return Score(
        metric=str(found["metric"]),
        value=cast(float, found["value"]),
        convention=cast(dict[str, str | int | float | bool], found["convention"]),
        low=float("nan") if low is None else cast(float, low),
        high=float("nan") if high is None else cast(float, high),
    )
