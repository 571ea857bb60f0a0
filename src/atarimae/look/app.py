"""The page as an app, and running it."""

import socket
import sys
import threading
import webbrowser
from collections.abc import Callable

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from atarimae.errors import AtarimaeError
from atarimae.look import share as sharing
from atarimae.look.frame import HERE
from atarimae.look.pages import (
    agree,
    annotate,
    compare,
    findings,
    gate,
    guide,
    images,
    ledger,
    map,
    media,
    mine,
    proposals,
    review,
    runs,
    search,
    sets,
    sheets,
)
from atarimae.look.site import Site
from atarimae.look.unseen import UNSEEN
from atarimae.web import guard
from atarimae.web import token as tokens
from atarimae.web.frame import new_app
from atarimae.workspace import Workspace

PAGES = (
    images, map, sets, media, sheets, annotate, runs, gate, compare, findings, search, guide, mine,
    agree, review, proposals,
)  # fmt: skip
PORT = 7860
TRIES = 20  # ports after `PORT` that are tried where none was asked for


def create_app(
    workspace: Workspace,
    host: str = "127.0.0.1",
    token: str | None = None,
    told: ledger.Told | None = None,
) -> FastAPI:
    """The page of one workspace, to be bound to `host`; with a token for those who bring it.

    `told` gives the ledger; without it there is no such page.
    """
    app = new_app("atarimae look")
    site = Site(workspace)
    tabs = [("Table", "/runs"), ("Family tree", "/runs/tree")]
    if told is not None:
        app.include_router(ledger.router(site, told))
        tabs.append(("Ledger", "/ledger"))
    tabs.append(("Gate", "/gate"))
    site.pages.templates.globals |= {"tabs": tabs, "shared": token is not None}
    for page in PAGES:
        app.include_router(page.router(site))
    app.mount("/look", StaticFiles(directory=HERE / "static"), name="look")
    if token is not None:
        app.add_middleware(tokens.Token, token=token, asks=("/search",))
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
    unseen: bool = False,
    told: ledger.Told | None = None,
) -> None:
    """Serve the page until Ctrl-C. Without a port: the first free one from `PORT` on.

    `opened` is told the address; unless given, it is written to stderr. With `share` the page is
    bound to every address of this machine, for whoever brings its token, and can only be read.
    With `unseen` the first page is what this machine's user has not looked at.
    """
    import uvicorn

    token = tokens.new() if share else None
    listener = listen(sharing.ANYWHERE if share else host, port)
    port = listener.getsockname()[1]
    address = sharing.address("127.0.0.1", port, token) if token else url(host, port)
    if unseen:
        address += f"{'&' if token else '?'}seen={UNSEEN}"
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(workspace, host, token, told), log_level="warning", access_log=False
        )
    )
    if opened:
        opened(address)
    elif token:
        sharing.tell(sys.stderr, sharing.addresses(port, token))
    else:
        _say(address)
    if open_browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    with listener:
        server.run(sockets=[listener])


def _say(address: str) -> None:
    sys.stderr.write(f"{address}\nCtrl-C ends it.\n")
    sys.stderr.flush()


def url(host: str, port: int) -> str:
    """The address to type into a browser."""
    named = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{named}:{port}/"


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
