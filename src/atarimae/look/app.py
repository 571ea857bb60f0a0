"""The page as an app, and running it."""

import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from atarimae.errors import AtarimaeError, UsageError
from atarimae.look import share as sharing
from atarimae.look.frame import HERE
from atarimae.look.pages import (
    agree,
    annotate,
    compare,
    desk,
    editing,
    findings,
    gallery,
    gate,
    guide,
    images,
    ledger,
    map,
    media,
    mine,
    progress,
    proposals,
    review,
    runs,
    search,
    sets,
    sheets,
    twins,
)
from atarimae.look.people import People
from atarimae.look.site import Site
from atarimae.look.unseen import UNSEEN
from atarimae.web import guard
from atarimae.web import token as tokens
from atarimae.web.frame import new_app
from atarimae.workspace import Workspace

PORT = 7860
# Seconds that one thread computes before another may: the checks run beside the pages, and a key
# press that waits for Python's 5 ms at each step takes 100.
SWITCH = 0.0005
PAGES = (
    images, editing, desk, progress, gallery, twins, map, sets, media, sheets, annotate, runs, gate,
    compare, findings, search, guide, mine, agree, review, proposals,
)  # fmt: skip
# What a visitor of a shared page may change there, under a name.
VISITORS = (
    "/api/edits/", "/api/marks/", "/api/name", "/api/filters", "/api/proposals/", "/api/agree/",
    "/api/queues", "/api/mine",
)  # fmt: skip
TRIES = 20  # ports after `PORT` that are tried where none was asked for


def create_app(
    workspace: Workspace,
    host: str = "127.0.0.1",
    token: str | None = None,
    told: ledger.Told | None = None,
    *,
    edit: bool = False,
) -> FastAPI:
    """The page of one workspace, to be bound to `host`; with a token for those who bring it.

    Beyond this machine there is none without a token. With a token the data can be changed by
    those who give a name if `edit` says so. `told` gives the ledger; without it there is no such
    page.
    """
    if token is None and host not in guard.LOCAL:
        raise UsageError(
            f"The page can't be bound to {host} without a token.",
            "Whoever reaches it could read and change the data.",
            "Give it a token, as 'atarimae look --share' does.",
        )
    people = People(shared=token is not None, edits=edit)
    site = Site(workspace, people)
    app = new_app("atarimae look", site.pages)
    app.state.site = site
    tabs = [("Table", "/runs"), ("Family tree", "/runs/tree")]
    if told is not None:
        app.include_router(ledger.router(site, told))
        tabs.append(("Ledger", "/ledger"))
    tabs.append(("Gate", "/gate"))
    site.pages.templates.globals |= {
        "tabs": tabs, "shared": people.shared, "may_edit": people.may_edit,
    }  # fmt: skip
    for page in PAGES:
        app.include_router(page.router(site))
    app.mount("/look", StaticFiles(directory=HERE / "static"), name="look")
    if token is not None:
        app.add_middleware(
            tokens.Token, token=token, asks=("/search",), edits=VISITORS if edit else ()
        )
    # With a token any name is answered: a tunnel's can't be known, and the token is the proof.
    app.add_middleware(guard.Guard, hosts=None if token else guard.hosts(host))
    return app


def run(
    workspace: Workspace,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = True,
    opened: Callable[[str], None] | None = None,
    *,
    share: bool = False,
    edit: bool = False,
    unseen: bool = False,
    told: ledger.Told | None = None,
) -> None:
    """Serve the page until Ctrl-C. Without a port: the first free one from `PORT` on.

    `opened` is told the address; unless given, it is written to stderr. With `share` the page is
    bound to every address of this machine, or to `host` if that is beyond it, for whoever brings
    its token; it can only be read, unless `edit` lets those change the data who give a name.
    With `unseen` the first page is what this machine's user has not looked at.
    """
    import uvicorn

    if edit and not share and host in guard.LOCAL:
        raise UsageError(
            "--edit is for a page that is shared.", "On this machine the data can be changed.",
            "Leave it out, or add --share.",
        )  # fmt: skip
    if share and host in guard.LOCAL:
        host = sharing.ANYWHERE
    token = None if host in guard.LOCAL else tokens.new()
    app = create_app(workspace, host, token, told, edit=edit)
    sys.setswitchinterval(SWITCH)
    with listen(host, port) as listener:
        port = listener.getsockname()[1]
        address = sharing.address(_reached(host), port, token) if token else url(host, port)
        if unseen:
            address += f"{'&' if token else '?'}seen={UNSEEN}"
        if opened:
            opened(address)
        elif token:
            sharing.tell(sys.stderr, sharing.addresses(port, token, host), edit=edit)
        else:
            _say(address)
        # While the browser opens: 100,000 files take a second or two to read.
        threading.Thread(target=_read, args=(app.state.site,), daemon=True).start()
        if open_browser:
            threading.Timer(0.5, webbrowser.open, [address]).start()
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run([listener])


def _read(site: Site) -> None:
    with suppress(AtarimaeError):  # whoever opens the page hears of it
        site.catalogue.now()


def _say(address: str) -> None:
    sys.stderr.write(f"{address}\nCtrl-C ends it.\n")
    sys.stderr.flush()


def url(host: str, port: int) -> str:
    """The address to type into a browser."""
    return f"http://{_reached(host)}:{port}/"


def _reached(host: str) -> str:
    """How this machine's own browser names the host."""
    every = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
    return every.get(host, f"[{host}]" if ":" in host else host)


def listen(host: str, port: int | None) -> socket.socket:
    """A bound socket, so that the port is ours before anything is said of it."""
    last: Exception | None = None
    for wanted in range(PORT, PORT + TRIES) if port is None else (port,):
        try:
            family = socket.getaddrinfo(host, wanted, type=socket.SOCK_STREAM)[0][0]
            made = socket.create_server((host, wanted), family=family)
            # Or a browser waits up to 40 ms for the second part of a small answer.
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
        except (OSError, OverflowError) as error:
            last = error
    there = f"{host}:{port}" if port is not None else f"{host}:{PORT} to {PORT + TRIES - 1}"
    raise AtarimaeError(
        f"The page can't be opened at {there}.",
        f"{last}.",
        "Stop what is using the port, or choose another with --port.",
    )
