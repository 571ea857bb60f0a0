"""The runs, and one run in detail."""

from typing import cast

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from atarimae import runlog
from atarimae.errors import AtarimaeError
from atarimae.look import frame
from atarimae.look.pictures import Queries, query_rows
from atarimae.look.site import Site
from atarimae.web.frame import WebError


def router(site: Site) -> APIRouter:
    """`/runs` and `/runs/{id}`."""
    made = APIRouter()

    @made.get("/runs")
    def page() -> HTMLResponse:
        runs, best = runlog.runs(site.workspace), runlog.find_best(site.workspace)
        return site.pages.page("runs.html", table=frame.runs_table(runs, best), linked=True)

    @made.get("/runs/{name}")
    def detail(name: str) -> HTMLResponse:
        run = next((run for run in runlog.runs(site.workspace) if run.id == name), None)
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
