"""The frame of every page: an app with the static files and errors in one shape, and templates.

A step keeps its templates in a folder of its own; each begins with `{% extends "base.html" %}`
and fills the blocks `title`, `nav`, `main` and `scripts`. Nothing is loaded from elsewhere: the
header below forbids it, and scripts inside a page with it (put them under `static/`).
"""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from atarimae.errors import AtarimaeError

HERE = Path(__file__).parent
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


class WebError(AtarimaeError):
    """An error with the HTTP status that says it, and a short name to count it by."""

    def __init__(self, status: int, kind: str, what: str, found: str = "", fix: str = "") -> None:
        super().__init__(what, found, fix)
        self.status = status
        self.kind = kind


class Pages:
    """The templates in a step's folder, on top of the shared ones."""

    def __init__(self, folder: Path) -> None:
        self.templates = Environment(
            loader=FileSystemLoader([folder, HERE / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def text(self, template: str, **values: object) -> str:
        """The template filled in, as HTML."""
        return self.templates.get_template(template).render(values)

    def page(self, template: str, **values: object) -> HTMLResponse:
        """The template filled in, as a response."""
        headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
        return HTMLResponse(self.text(template, **values), headers=headers)


@cache
def _own() -> Pages:
    return Pages(HERE / "templates")


def new_app(title: str, pages: Pages | None = None) -> FastAPI:
    """An app with /static and /openapi.json, whose errors all are {"error": {what, found, fix}}.

    A person who opens an address in a browser gets them as a page, by the template `error.html`
    of `pages`. FastAPI's own /docs is left out: it loads its scripts from elsewhere.
    """
    app = FastAPI(title=title, docs_url=None, redoc_url=None)
    app.state.pages = pages
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.exception_handler(AtarimaeError)(_refused)
    app.exception_handler(HTTPException)(_not_served)
    app.exception_handler(RequestValidationError)(_not_valid)
    app.exception_handler(Exception)(_broken)
    return app


def stylesheet() -> str:
    """The shared CSS, for a report that must stand alone."""
    return (HERE / "static" / "atarimae.css").read_text(encoding="utf-8")


def wants_page(headers: Mapping[str, str]) -> bool:
    """Whether a person asks, by a browser's address bar or a link; scripts ask for anything."""
    return "text/html" in headers.get("accept", "")


def error_response(
    error: AtarimaeError, status: int, headers: Mapping[str, str], pages: Pages | None = None
) -> Response:
    """The one JSON shape of every error; for a person a page that says the same."""
    if wants_page(headers):
        # Its style is in it: a page that is refused gets no other file either.
        shown = (pages or _own()).page("error.html", error=error, status=status, style=stylesheet())
        shown.status_code = status
        return shown
    return JSONResponse({"error": error.as_dict()}, status)


def _response(request: Request, error: AtarimaeError, status: int) -> Response:
    return error_response(error, status, request.headers, request.app.state.pages)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AtarimaeError)
    return _response(request, error, error.status if isinstance(error, WebError) else 400)


def _not_served(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    what, fix = (
        f"{request.method} {request.url.path} is not served.",
        "GET /openapi.json lists what is.",
    )
    if wants_page(request.headers):
        what, fix = f"There is no page {request.url.path}.", "Go on from the first page."
    response = _response(request, AtarimaeError(what, f"{error.detail}.", fix), error.status_code)
    response.headers.update(error.headers or {})
    return response


def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
    said = AtarimaeError(
        "The request has values that can't be used.",
        "; ".join(wrong) + ".",
        "GET /openapi.json says what is needed.",
    )
    return _response(request, said, HTTPStatus.UNPROCESSABLE_ENTITY)


def _broken(request: Request, error: Exception) -> Response:
    said = AtarimaeError(
        "The server failed on this request.",
        f"{type(error).__name__}.",
        "It goes on with the next one; its log has the traceback.",
    )
    return _response(request, said, HTTPStatus.INTERNAL_SERVER_ERROR)
