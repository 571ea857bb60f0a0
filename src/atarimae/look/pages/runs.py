"""The runs: as a table, as a family tree, and one run in detail."""

from typing import Annotated, cast

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, JSONResponse

from atarimae import runlog
from atarimae.errors import AtarimaeError
from atarimae.look import frame, rows
from atarimae.look.pictures import Queries, query_rows
from atarimae.look.site import Site
from atarimae.look.tree import tree
from atarimae.web.frame import WebError


def router(site: Site) -> APIRouter:
    """`/runs`, `/api/runs`, `/runs/tree` and `/runs/{id}`."""
    made = APIRouter()

    @made.get("/runs")
    def page() -> HTMLResponse:
        return site.pages.page("runs.html", some=any(site.workspace.runs.glob("*/run.json")))

    @made.get("/api/runs")
    def listing(after: str = "", ids: Annotated[list[str] | None, Query()] = None) -> JSONResponse:
        """All runs; with `after`, those that began later, and those of `ids`."""
        known = runlog.runs(site.workspace)
        wanted = [run for run in known if run.created > after or run.id in (ids or ())]
        best = runlog.find_best(site.workspace)
        said = {"best": best.id if best else None, "all": len(known)}
        return JSONResponse(said | {"runs": rows.rows(wanted, known)})

    @made.get("/runs/tree")
    def family() -> HTMLResponse:
        best = runlog.find_best(site.workspace)
        drawn = tree(runlog.runs(site.workspace), best.id if best else None)
        return site.pages.page("tree.html", tree=drawn)

    @made.get("/runs/{name}")
    def detail(name: str) -> HTMLResponse:
        run = runlog.get(site.workspace, name)
        if run is None:
            raise WebError(404, "run", f"There is no run '{name}'.", "", "/runs lists what is.")
        return site.pages.page(
            "run.html",
            run=run,
            parent=run.parent,
            curves=frame.curves(_metrics(run)),
            queries=_queries(site, run),
            src=site.src,
        )

    return made


def _metrics(run: runlog.Run) -> list[dict[str, object]]:
    if not (run.folder / "metrics.jsonl").is_file():
        return []
    return cast(list[dict[str, object]], run.metrics().to_dict("records"))


def _queries(site: Site, run: runlog.Run) -> Queries:
    try:
        edit = run.data.edit if run.data else None
        return query_rows(site.catalogue.store.data(edit), run)
    except AtarimaeError:
        return Queries()
