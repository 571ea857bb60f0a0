"""A sweep: it asks for ideas, lets the stages judge them, and stops when the budget is spent.

Nothing is remembered beside the runs. Each round reads what they say, hands out what is to be done
next, and waits. So it does not matter whether a run was begun by this session, by an earlier one,
or by a worker that has died since.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from atarimae.errors import AtarimaeError, UsageError, unknown_name
from atarimae.runlog import Run
from atarimae.runlog.lock import Lock
from atarimae.runlog.writer import reopen
from atarimae.store import Store
from atarimae.sweep import ideas as known
from atarimae.sweep import sampler
from atarimae.sweep.budget import Budget, seconds
from atarimae.sweep.ideas import Idea, told
from atarimae.sweep.space import Settings, Space, changed
from atarimae.sweep.work import Job, place
from atarimae.sweep.workers import Ended, Processes, Workers, pause
from atarimae.task import Task
from atarimae.types import Version
from atarimae.workspace import Workspace

STAGES = ("smoke", "holdout", "folds")  # an idea climbs from the cheapest to the one asked for
DEATHS = 3  # of workers at one run, until it counts as failed

Say = Callable[[str], None]


@dataclass(frozen=True)
class Sweep:
    """What a sweep has found so far."""

    id: str
    space: Space
    stages: tuple[str, ...]
    ideas: tuple[Idea, ...]  # in the order they were begun
    seconds: float  # of all sessions
    ended: str  # why it stopped

    @property
    def start(self) -> Idea:
        """The recipe as it is."""
        return self.ideas[0]

    @property
    def ranked(self) -> list[Idea]:
        """The best first; then those that were rejected, then those that failed."""

        def rank(idea: Idea) -> tuple[bool, float]:
            run = idea.judged
            value = run.score.value if run is not None and run.score is not None else -1e300
            return idea.state(self.stages) == "done", value

        return sorted(self.ideas, key=rank, reverse=True)

    @property
    def best(self) -> Run:
        """The run with the highest score at the dearest stage."""
        found = self.ranked[0]
        if found.state(self.stages) != "done" or found.judged is None:
            raise AtarimaeError(
                "No idea has come through the last stage.",
                f"{len(self.ideas)} were begun. The sweep ended: {self.ended}.",
                "Give it a larger budget; the same command goes on.",
            )
        return found.judged


def sweep(
    workspace: Workspace,
    task: Task,
    space: Space,
    *,
    budget: str | float | None = None,
    ideas: int | None = None,
    stage: str = "holdout",
    seed: int = 0,
    device: str = "auto",
    workers: int | str = 1,
    say: Say = lambda _: None,
) -> Sweep:
    """Try ideas of a space until the budget is spent, or there are so many.

    Both count all sessions of the sweep: the same call goes on with one that was stopped.
    """
    stages = _checked(stage, budget, ideas)
    spend = None if budget is None else seconds(budget)
    data = Store(workspace).data().version
    name = hashlib.sha256(f"{space.mark} {data.hash} {seed}".encode()).hexdigest()[:8]
    held = _held(place(workspace, name))
    try:
        staff = _staff(workers, workspace, name)
        try:
            one = _Session(workspace, space, stages, name, data, seed, device, staff, say)
            took = [run.seconds or 0.0 for run in known.of_sweep(workspace, name)]
            return one.run(Budget(spend, ideas, sum(took) / max(1, staff.free())))
        except KeyboardInterrupt:
            raise AtarimaeError(
                "The sweep was stopped by Ctrl-C.",
                f"It has {len(known.read(workspace, name, space))} ideas.",
                "The same command goes on with it.",
            ) from None
        finally:
            staff.close()
    finally:
        held.release()


def _checked(stage: str, budget: str | float | None, ideas: int | None) -> tuple[str, ...]:
    if stage not in STAGES:
        raise unknown_name("stage", stage, STAGES)
    if budget is None and ideas is None:
        raise UsageError(
            "A sweep needs an end.", "It has no budget.", "Give --budget 30m or --ideas 20."
        )
    if ideas is not None and ideas < 1:
        raise UsageError("A sweep needs ideas.", f"It may have {ideas}.", "Let it have 1 or more.")
    return STAGES[: STAGES.index(stage) + 1]


def _held(folder: Path) -> Lock:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return Lock(folder)
    except AtarimaeError:
        raise AtarimaeError(
            "This sweep is under way already.",
            "Another process has it.",
            "Wait until that ends, or stop it; then the same command goes on.",
        ) from None


def _staff(workers: int | str, workspace: Workspace, name: str) -> Workers:
    kind, _, address = str(workers).partition(":")
    if kind == "ray":
        from atarimae.sweep.cluster import Cluster

        return Cluster(address or None, place(workspace, name))
    if not kind.lstrip("-").isdecimal() or address:
        raise UsageError(
            f"There are no workers '{workers}'.",
            "It is no number, and not ray.",
            "Give --workers 2, ray, or ray:HOST:PORT.",
        )
    if int(kind) < 1:
        raise UsageError("A sweep needs workers.", f"It has {workers}.", "Give 1 or more.")
    return Processes(int(kind), place(workspace, name))


@dataclass
class _Session:
    """One go at a sweep, from its start or from where an earlier one was stopped."""

    workspace: Workspace
    space: Space
    stages: tuple[str, ...]
    name: str
    data: Version
    seed: int
    device: str
    workers: Workers
    say: Say
    flight: dict[tuple[str, str], Job] = field(default_factory=dict)
    deaths: Counter[tuple[str, str]] = field(default_factory=Counter)

    def run(self, budget: Budget) -> Sweep:
        while True:
            ideas = self._read()
            while self.workers.free() and (job := self._next(ideas, budget)) is not None:
                self.flight[job.key] = job
                self.workers.start(job)
                ideas = self._read()
            if self.flight:
                self._hear(self.workers.wait())
            elif any(run.status == "running" for run in _runs(ideas)):
                pause()  # by a worker that an earlier session lost
            else:
                break
        ended = _ended(ideas, self.stages, budget)
        return Sweep(self.name, self.space, self.stages, tuple(ideas), budget.spent, ended)

    def _read(self) -> list[Idea]:
        """The ideas as their runs tell them, and those that were handed out a moment ago."""
        ideas = known.read(self.workspace, self.name, self.space)
        there = {idea.key for idea in ideas}
        for job in self.flight.values():
            if known.key(job.varied) not in there:
                ideas.append(self._idea(len(ideas), job.varied))
        return ideas

    def _next(self, ideas: Sequence[Idea], budget: Budget) -> Job | None:
        """What to do now: go on, then the next stage of what passed, then a new idea."""
        runs = _runs(ideas)
        waiting = [(idea, idea.stage(self.stages)) for idea in ideas]
        ready = [(i, s) for i, s in waiting if s is not None and self._ready(i, s, ideas)]
        for idea, stage in sorted(ready, key=lambda pair: pair[1] not in pair[0].runs):
            if budget.fits([stage], runs):
                return self._job(idea, stage, ideas)
        if self.stages[0] not in _done(ideas[0]):
            return None  # all others are compared with it
        if budget.ideas is not None and len(ideas) >= budget.ideas:
            return None
        if not budget.fits(self.stages, runs):
            return None
        settings = sampler.propose(self.space, ideas, self.stages, self.seed)
        if settings is None:
            return None
        idea = self._idea(len(ideas), settings)
        first = idea.stage(self.stages)
        return self._job(idea, first, ideas) if first and self._ready(idea, first, ideas) else None

    def _idea(self, number: int, settings: Settings) -> Idea:
        return Idea(number, settings, unjudged=known.unjudged(self.space, settings))

    def _ready(self, idea: Idea, stage: str, ideas: Sequence[Idea]) -> bool:
        """Whether nobody is at it, and there is something to compare it with."""
        run = idea.runs.get(stage)
        ours = (idea.key, stage) in self.flight
        theirs = run is not None and run.status == "running"
        return not ours and not theirs and (not idea.number or stage in _done(ideas[0]))

    def _job(self, idea: Idea, stage: str, ideas: Sequence[Idea]) -> Job:
        what = told(idea.settings) if idea.number else "the recipe as it is"
        recipe = changed(self.space.recipe, idea.settings) if idea.number else self.space.recipe
        return Job(
            workspace=str(self.workspace.root),
            sweep=self.name,
            because=f"sweep of {self.space.because}: {what}",
            varied=idea.settings,
            recipe=recipe.model_dump(mode="json", exclude_none=True),
            stage=stage,
            seed=self.seed,
            edit=self.data.edit,
            parent=ideas[0].runs[stage].id if idea.number else None,
            idea=next((run.id for run in idea.runs.values() if run.stage != stage), None),
            device=self.device,
        )

    def _hear(self, ended: Sequence[Ended]) -> None:
        for one in ended:
            del self.flight[one.job.key]
        ideas = {idea.key: idea for idea in self._read()}
        for one in ended:
            idea = ideas.get(known.key(one.job.varied))
            run = None if idea is None else idea.runs.get(one.job.stage)
            over = run is not None and (run.gate is not None or run.status == "failed")
            if idea is not None and run is not None and over:
                self._report(idea, run)
            elif one.error is not None and run is None and not one.died:
                raise one.error  # no run says what went wrong: it is not the idea's fault
            elif one.error is not None:
                self._mourn(one, one.error, run)

    def _mourn(self, one: Ended, error: AtarimaeError, run: Run | None) -> None:
        """What was begun is gone on with, unless workers keep failing at it."""
        self.deaths[one.job.key] += 1
        if self.deaths[one.job.key] < DEATHS:
            what = "a worker died" if one.died else str(error)
            self.say(f"     {what}; going on: {told(one.job.varied)}, {one.job.stage}")
        elif run is None or run.status == "done":
            raise error
        else:
            reopen(run.folder).finish("failed", error=str(error))

    def _report(self, idea: Idea, run: Run) -> None:
        if run.status == "failed" and not idea.number:
            raise AtarimaeError(
                "The recipe as it is can't be fitted, so there is nothing to compare with.",
                (run.error or "").strip().rpartition("\n")[2],
                f"See 'atarimae show {run.mark}', and mend [recipe].",
            )
        state = idea.state(self.stages)
        value = f"{run.score.value:.3f}" if run.score else run.status
        verdict = str((run.verdict or {}).get("verdict") or "")
        what = told(idea.settings) if idea.number else f"as it is: {told(idea.settings)}"
        said = "rejected" if state == "rejected" else verdict
        self.say(f"{idea.number:>4} {run.stage:<8} {value:<7} {said:<20} {what}")


def _runs(ideas: Sequence[Idea]) -> list[Run]:
    return [run for idea in ideas for run in idea.runs.values()]


def _done(idea: Idea) -> set[str]:
    return {stage for stage, run in idea.runs.items() if run.gate is not None}


def _ended(ideas: Sequence[Idea], stages: Sequence[str], budget: Budget) -> str:
    unfinished = any(idea.state(stages) == "open" for idea in ideas)
    if budget.ideas is not None and len(ideas) >= budget.ideas and not unfinished:
        return f"{len(ideas)} ideas were tried"
    if not budget.fits(stages, _runs(ideas)):
        return "no further idea fits into the budget"
    return "the space has no other idea"
