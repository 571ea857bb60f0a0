"""Who may ask: pages of this server, and nobody through a name or a page of theirs.

A page on the internet can make a browser send requests to 127.0.0.1. With a foreign name that
points here (DNS rebinding) it could read the answers: so the Host header must be ours. A POST must
come from a page of this server: so its Origin must be the Host.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atarimae.web.frame import WebError, error_response

LOCAL = ("127.0.0.1", "localhost", "::1")
MOST_BYTES = 64 << 20  # of a request
SAFE = ("GET", "HEAD", "OPTIONS")
OURS = ("same-origin", "none")  # what a browser says of our own pages, and of a person's typing
SAID = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


def hosts(bound: str) -> tuple[str, ...] | None:
    """The names that a server bound to `bound` answers to; None for any."""
    return LOCAL if bound in LOCAL else None


class Guard:
    """ASGI middleware that refuses foreign Host and Origin headers."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: Collection[str] | None = LOCAL,
        most_bytes: int | None = MOST_BYTES,
    ) -> None:
        """For None as `hosts` any is fine, for None as `most_bytes` the app counts them itself."""
        self.app = app
        self.hosts = hosts
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal is not None:
            await error_response(refusal, refusal.status, headers)(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAID.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, dressed)

    def _refusal(self, method: str, headers: Headers) -> WebError | None:
        host = headers.get("host", "")
        if self.hosts is not None and _name(host) not in self.hosts:
            return WebError(
                403,
                "host",
                "This page is for this machine only.",
                f"The request asks for the host '{host}'.",
                f"Open it as http://{LOCAL[0]}, or bind it to the host that is asked for.",
            )
        return None if method in SAFE else _unsafe(headers, host, self.most_bytes)


def _unsafe(headers: Headers, host: str, most_bytes: int | None) -> WebError | None:
    origin = headers.get("origin")
    if origin is None and headers.get("sec-fetch-site", "same-origin") not in OURS:
        origin = headers["sec-fetch-site"]  # of a browser that hides where the request comes from
    if origin is not None and urlsplit(origin).netloc != host:
        return WebError(
            403,
            "origin",
            "Another page may not ask this.",
            f"The request comes from '{origin}', and this is '{host}'.",
            "Use the page itself.",
        )
    length = headers.get("content-length", "")
    if most_bytes is None:
        return None
    if not length.isdecimal() or int(length) > most_bytes:  # before any of it is read
        return WebError(
            413,
            "large",
            "The request is too large.",
            f"It declares {length or 'no'} bytes.",
            f"At most {most_bytes >> 20} MB are read, and the length must be said.",
        )
    return None


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
