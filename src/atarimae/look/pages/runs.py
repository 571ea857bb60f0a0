"""The runs: as a table, as a family tree, and one run in detail."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from atarimae import runlog
from atarimae.errors import AtarimaeError
from atarimae.look import curves, rows
from atarimae.look.brink import Brink, brink
from atarimae.look.pictures import Queries, all_rows, chosen
from atarimae.look.site import Site
from atarimae.look.tree import tree
from atarimae.runlog.costs import by_cost
from atarimae.web.frame import WebError

NAME = re.compile(r"\w[\w.-]*")  # of a folder, and nothing that leads out of it


def router(site: Site) -> APIRouter:
    """`/runs`, `/runs/tree`, `/runs/{id}`, its pictures, and the same as JSON under `/api`."""
    made = APIRouter()

    @made.get("/runs")
    def page() -> HTMLResponse:
        return site.pages.page("runs.html", some=any(site.workspace.runs.glob("*/run.json")))

    @made.get("/api/runs")
    def listing(after: str = "", ids: Annotated[list[str] | None, Query()] = None) -> JSONResponse:
        """All runs; with `after`, those that began later, and those of `ids`."""
        known = runlog.runs(site.workspace)
        wanted = [run for run in known if run.created > after or run.id in (ids or ())]
        best = runlog.best_of(known)
        said = {"best": best.id if best else None, "all": len(known)}
        return JSONResponse(said | {"runs": rows.rows(wanted, known)})

    @made.get("/runs/tree")
    def family() -> HTMLResponse:
        known = runlog.runs(site.workspace)
        best = runlog.best_of(known)
        drawn = tree(known, best.id if best else None)
        return site.pages.page("tree.html", tree=drawn)

    @made.get("/runs/{name}")
    def detail(name: str) -> HTMLResponse:
        run = _run(site, name)
        parent = runlog.get(site.workspace, run.parent) if run.parent else None
        queries, edge = _answers(site, run)
        return site.pages.page(
            "run.html",
            run=run,
            parent=parent,
            changed=curves.changed(run, parent),
            costs=by_cost([run.costs]),
            queries=queries,
            brink=edge,
            src=site.src,
        )

    @made.get("/api/runs/{name}")
    def live(name: str, request: Request) -> Response:
        run = _run(site, name)
        headers = {"ETag": curves.stamp(run), "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return JSONResponse(curves.told(site.workspace, run), headers=headers)

    @made.get("/runs/{name}/pictures/{file}")
    def picture(name: str, file: str) -> FileResponse:
        for path in curves.pictures(_run(site, name)):
            if path.name == file:
                return FileResponse(path, media_type=curves.KINDS[path.suffix])
        raise WebError(404, "picture", f"Run '{name}' has no picture '{file}'.")

    return made


def _run(site: Site, name: str) -> runlog.Run:
    run = runlog.get(site.workspace, name) if NAME.fullmatch(name) else None
    if run is None:
        raise WebError(404, "run", f"There is no run '{name}'.", "", "/runs lists what is.")
    return run


def _answers(site: Site, run: runlog.Run) -> tuple[Queries, Brink | None]:
    try:
        edit = run.data.edit if run.data else None
        rows = all_rows(site.catalogue.store.data(edit), run)
    except AtarimaeError:
        return Queries(), None
    return chosen(rows), brink(rows, run)
