"""The web application around one bundle."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from atarimae import bundle as bundles
from atarimae import task as tasks
from atarimae.bundle import Bundle
from atarimae.serve.limits import Limits
from atarimae.serve.metrics import Metrics
from atarimae.serve.swap import watcher
from atarimae.serve.worker import BOX, Worker
from atarimae.task import Filters, Task
from atarimae.web import guard
from atarimae.web.frame import Pages, WebError, new_app
from atarimae.web.upload import read_form

PAGES = Pages(Path(__file__).parent / "templates")


def create_app(folder: Path, limits: Limits | None = None, host: str | None = None) -> FastAPI:
    """The application, with its `Worker` as `app.state.worker`, loading in its thread.

    Bound to a loopback `host` it answers to the names of this machine alone, else to any.
    Raises `AtarimaeError` at once for a folder that is no bundle or has changed.
    """
    limits = limits or Limits()
    bundle = bundles.read(folder)
    task = tasks.load(bundle.task)
    app = new_app(f"atarimae: {bundle.run}")
    worker = app.state.worker = Worker(bundle, task, limits)
    metrics = Metrics({"task": bundle.task, "run": bundle.run})
    _add_question(app, task, limits, metrics)
    _add_health(app)
    page = _Page(bundle)
    _add_page(app, page, task)

    def taken(bundle: Bundle) -> None:
        page.take(bundle)
        metrics.serves(bundle.generation, len(bundle.index))

    taken(bundle)
    app.router.lifespan_context = _lifespan(worker, watcher(bundle, task, worker, taken))
    names = None if host is None else guard.hosts(host)
    if names is not None:
        app.add_middleware(guard.Guard, hosts=names, most_bytes=None)  # `read_form` counts them
    return app


def _lifespan(
    worker: Worker, watch: Callable[[], Coroutine[None, None, None]]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(watch())
        yield
        watching.cancel()
        worker.close()

    return lifespan


def _add_question(app: FastAPI, task: Task, limits: Limits, metrics: Metrics) -> None:
    worker: Worker = app.state.worker
    filters = task.filters if isinstance(task, Filters) else ()

    async def ask(request: Request) -> Response:
        """Ask about one picture: a form with the file in the field `image`, filters, and `box`."""
        with metrics.question(), worker.place():
            form = await read_form(request, limits.bytes, (*filters, BOX))
            answer = await worker.ask(form.image, form.words)
            metrics.answered(answer.milliseconds, answer.value.get("unknown") is True)
            return JSONResponse(answer.value)

    async def counters() -> Response:
        """Counters and histograms for Prometheus and `atarimae watch`."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    app.add_api_route(
        f"/{task.endpoint}",
        ask,
        methods=["POST"],
        response_class=JSONResponse,
        operation_id=task.endpoint,
        openapi_extra=_form(filters),
        responses={status: {"description": said} for status, said in _ERRORS.items()},
    )
    app.add_api_route("/metrics", counters, response_class=Response)


def _add_health(app: FastAPI) -> None:
    worker: Worker = app.state.worker

    async def healthz() -> dict[str, bool]:
        """The process lives."""
        return {"alive": True}

    async def readyz() -> dict[str, bool]:
        """The bundle is loaded and has answered a first question; 503 until then."""
        if not worker.ready:
            raise worker.not_ready()
        return {"ready": True}

    app.add_api_route("/healthz", healthz)
    app.add_api_route("/readyz", readyz)


class _Page:
    """What the page shows of the bundle that answers now."""

    def __init__(self, bundle: Bundle) -> None:
        self.take(bundle)

    def take(self, bundle: Bundle) -> None:
        """Show this one from now on."""
        self.bundle, self.thumbnails = bundle, _thumbnails(bundle)


def _add_page(app: FastAPI, shown: _Page, task: Task) -> None:
    async def page(request: Request) -> HTMLResponse:
        return PAGES.page(
            "try.html",
            bundle=shown.bundle,
            endpoint=task.endpoint,
            host=request.url.netloc,
            pictures=bool(shown.thumbnails),
        )

    async def thumbnail(name: str) -> FileResponse:
        known = shown.thumbnails
        if name not in known:
            raise WebError(
                404, "no_thumbnail", f"No thumbnail of '{name}'.", f"There are {len(known)}."
            )
        return FileResponse(known[name], headers={"Cache-Control": "max-age=3600"})

    app.add_api_route("/", page, include_in_schema=False)
    app.add_api_route("/thumbnail/{name:path}", thumbnail, include_in_schema=False)


def _thumbnails(bundle: Bundle) -> dict[str, Path]:
    """Thumbnails that were shipped, by the path and by the image of a known file."""
    there = {path.stem: path for path in (bundle.folder / "thumbnails").glob("*.webp")}
    return {
        name: there[file.image]
        for file in bundle.index.files
        if file.image in there
        for name in (file.path, file.image)
    }


def _form(filters: Sequence[str]) -> dict[str, object]:
    """OpenAPI's words for what is sent."""
    several = {"type": "array", "items": {"type": "string"}}
    schema = {
        "type": "object",
        "required": ["image"],
        "properties": {
            "image": {"type": "string", "format": "binary"}, **dict.fromkeys(filters, several),
            BOX: {"type": "string", "description": "x0,y0,x1,y1: px after EXIF rotation"},
        },
    }  # fmt: skip
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


_ERRORS: dict[int | str, str] = {
    400: "no image, an empty one, or a broken one",
    413: "too many bytes or pixels",
    415: "no multipart form",
    422: "no file in the field 'image', or a field, filter or box that is not there",
    503: "still loading, or too many requests are waiting",
}
