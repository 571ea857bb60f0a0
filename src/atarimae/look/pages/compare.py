"""Two to six runs side by side: scores, curves, what was changed, and the images that moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from atarimae import runlog
from atarimae.errors import AtarimaeError
from atarimae.look import frame
from atarimae.look.moved import Moves, moves
from atarimae.look.site import Site
from atarimae.runlog import Run
from atarimae.runlog.costs import by_cost, cost_name
from atarimae.runlog.settings import differing
from atarimae.score.verdict import Verdict, obstacle, verdict
from atarimae.web.frame import WebError

FEWEST, MOST = 2, 6
LETTERS = "ABCDEF"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the runs that are compared; the first is what the others are judged against."""

    number: int
    run: Run
    verdict: Verdict | None
    obstacle: AtarimaeError | None  # why it can't be judged against the first

    @property
    def letter(self) -> str:
        """What it is called on the page."""
        return LETTERS[self.number]


def router(site: Site) -> APIRouter:
    """`/compare?runs=a,b`; a run goes by its id or a part of it that no other has."""
    made = APIRouter()

    @made.get("/compare")
    def page(runs: str = "") -> HTMLResponse:
        chosen = _runs(site, runs)
        costs = by_cost([run.costs for run in chosen])
        sides = _sides(chosen)
        found, reason = _moves(site, sides)
        return site.pages.page(
            "compare.html",
            sides=sides,
            scale=frame.runs_table(chosen, None),
            scores=_scores(chosen),
            settings=differing([_settings(run) for run in chosen]) if chosen else {},
            costs={cost_name(key): values for key, values in costs.items()},
            moves=found,
            reason=reason,
            src=site.src,
        )

    return made


def _runs(site: Site, names: str) -> list[Run]:
    """The runs that are named, each once; none where that is not two to six."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if len(wanted) > MOST:
        raise WebError(
            400, "runs", "Too many runs to compare.", f"There are {len(wanted)}.",
            f"Choose {FEWEST} to {MOST}.",
        )  # fmt: skip
    found = {run.id: run for run in (runlog.find(site.workspace, name) for name in wanted)}
    return list(found.values()) if len(found) >= FEWEST else []


def _sides(runs: Sequence[Run]) -> list[Side]:
    sides = []
    for number, run in enumerate(runs):
        refusal = obstacle(runs[0], run) if number else None
        told = verdict(runs[0], run) if number and refusal is None else None
        sides.append(Side(number, run, told, refusal))
    return sides


def _settings(run: Run) -> Mapping[str, object]:
    """The recipe, and what else may differ: the seed, the stage, the data."""
    more = {"seed": run.seed, "stage": run.stage, "data version": run.data and run.data.edit}
    return {**run.recipe, **more}


def _scores(runs: Sequence[Run]) -> dict[str, list[float | None]]:
    known = [{score.metric: score.value for score in run.scores} for run in runs]
    names = dict.fromkeys(name for scores in known for name in scores)
    return {name: [scores.get(name) for scores in known] for name in names}


def _moves(site: Site, sides: Sequence[Side]) -> tuple[Moves, AtarimaeError | None]:
    """The images that moved, or why that can't be told."""
    reason = next((side.obstacle for side in sides if side.obstacle), None)
    if reason or not sides:
        return Moves(), reason
    if len(sides) > FEWEST and len({side.run.data and side.run.data.hash for side in sides}) > 1:
        return Moves(), AtarimaeError(
            "The images of more than two runs are compared on one data version alone.",
            "These runs have several.",
            "Compare two of them: those are judged anew on the images they share.",
        )
    version = sides[0].run.data
    try:
        data = site.catalogue.store.data(version.edit if version else None)
        return moves(data, [side.run for side in sides]), None
    except AtarimaeError as error:
        return Moves(), error
