"""The ideas of a sweep, as the folders of its runs tell them: there is no other record."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from atarimae import runlog
from atarimae.runlog import Run
from atarimae.sweep.space import Settings, Space
from atarimae.workspace import Workspace

State = Literal["open", "done", "rejected", "failed"]
REJECTED = "rejected"  # as the ladder of stages says it; that would load torch
# Of several runs of one idea at one stage, the one that says most.
BEST = ("failed", "stopped", "interrupted", "running", "done")


@dataclass(frozen=True)
class Idea:
    """One proposal: what it sets, and its runs so far."""

    number: int  # in the order they were begun; 0 is the recipe as it is
    settings: Settings
    runs: Mapping[str, Run] = field(default_factory=dict)  # one a stage, the cheapest first
    unjudged: frozenset[str] = frozenset()  # stages that can't express what it changes

    @property
    def key(self) -> str:
        """Its settings as text: no two ideas of a sweep have the same."""
        return key(self.settings)

    @property
    def judged(self) -> Run | None:
        """Its done run of the dearest stage."""
        return next((r for r in reversed([*self.runs.values()]) if r.status == "done"), None)

    def state(self, stages: Sequence[str]) -> State:
        """Done where the dearest stage is; rejected where a cheaper one's gate says so."""
        last = self.runs.get(stages[-1])
        if last is not None and _is_judged(last):
            return "done" if last.score is not None else "failed"
        if any(run.status == "failed" for run in self.runs.values()):
            return "failed"
        decided = {(run.gate or {}).get("decision") for run in self.runs.values()}
        return "rejected" if REJECTED in decided else "open"

    def stage(self, stages: Sequence[str]) -> str | None:
        """The stage that it must go through next, None where it is at its end."""
        if self.state(stages) != "open":
            return None
        return next(
            stage
            for stage in stages
            if (stage not in self.unjudged or stage == stages[-1])
            and not (stage in self.runs and _is_judged(self.runs[stage]))
        )


def _is_judged(run: Run) -> bool:
    """Whether it is done, and its stage has decided: a kill may come between the two."""
    return run.status == "done" and run.gate is not None


def read(workspace: Workspace, sweep: str, space: Space) -> list[Idea]:
    """The recipe as it is, then the ideas that have a run, in the order they were begun."""
    found: dict[str, dict[str, Run]] = {key(space.start): {}}
    settings = {key(space.start): space.start}
    for run in of_sweep(workspace, sweep):
        tried = space.settings(run.recipe)
        settings[key(tried)] = tried
        known = found.setdefault(key(tried), {})
        old = known.get(run.stage)
        if old is None or BEST.index(run.status) >= BEST.index(old.status):
            known[run.stage] = run
    return [
        Idea(number, settings[name], runs, unjudged(space, settings[name]))
        for number, (name, runs) in enumerate(found.items())
    ]


def unjudged(space: Space, settings: Settings) -> frozenset[str]:
    """The stages that can't express what the settings change of the recipe as it is."""
    changed = {name for name, value in settings.items() if value != space.start[name]}
    return frozenset(stage for stage, keys in space.recipe.unjudged.items() if changed & keys)


def of_sweep(workspace: Workspace, sweep: str) -> list[Run]:
    """The runs that a sweep began, oldest first."""
    return [run for run in runlog.runs(workspace) if run.sweep == sweep]


def key(settings: Settings) -> str:
    """Settings as text, the same for the same values."""
    return json.dumps(settings, sort_keys=True, ensure_ascii=False)


def told(settings: Settings) -> str:
    """Settings in a line: lr 0.003, margin 0.5."""
    return ", ".join(f"{name} {_value(value)}" for name, value in settings.items())


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return "+".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
