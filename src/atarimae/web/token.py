"""Pages for those who have the whole address: a token in it, which becomes a cookie.

A server that is bound beyond this machine can be reached by anyone in the network, under any name
(a tunnel gives it one). So every request, for a picture or a script too, must bring the token. A
page of somebody else's can't: a browser sends the cookie only to the name that it was given by.
"""

import hashlib
import secrets
from collections.abc import Collection
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from atarimae.web.frame import WebError, error_response

FIELD = "token"
DAYS = 30  # that a browser keeps the cookie; the token itself ends with the server


def new() -> str:
    """A token that nobody guesses: 128 bits."""
    return secrets.token_urlsafe(16)


class Token:
    """ASGI middleware that refuses requests without the token, and all that would change anything.

    `asks` are the paths to which a question may be posted although it is no GET. What begins with
    one of `edits` is passed on as well: what is changed there and by whom is the app's to judge.
    """

    def __init__(
        self, app: ASGIApp, token: str, asks: Collection[str] = (), edits: tuple[str, ...] = ()
    ) -> None:
        self.app = app
        self.token = token
        self.asks = asks
        self.edits = edits
        # Its own name for each token, since browsers send one host's cookies to all of its ports.
        self.cookie = f"atarimae-{hashlib.sha256(token.encode()).hexdigest()[:8]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, make the token a cookie, or refuse."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await (self._answer(scope) or self.app)(scope, receive, send)
        # Anything else, a websocket say, is left unanswered: the pages have none.

    def _answer(self, scope: Scope) -> ASGIApp | None:
        """The answer to what isn't passed on."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == FIELD]
        if scope["method"] == "GET" and any(map(self._is_right, given)):
            return self._welcome(scope, [pair for pair in query if pair[0] != FIELD])
        headers = Headers(scope=scope)
        cookies = cookie_parser(headers.get("cookie", ""))
        if not self._is_right(cookies.get(self.cookie, "")):
            return error_response(_stranger(), 401, headers)
        asks = scope["method"] in ("GET", "HEAD") or scope["path"] in self.asks
        if not (asks or scope["path"].startswith(self.edits)):
            return error_response(_read_only(scope["method"]), 403, headers)
        return None

    def _is_right(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _welcome(self, scope: Scope, query: list[tuple[str, str]]) -> ASGIApp:
        """To the same page without the token, which then is in no history and no screenshot."""
        path = "/" + quote(scope["path"].lstrip("/"))  # "//name" would lead to another server
        response = RedirectResponse(path + ("?" + urlencode(query) if query else ""), 303)
        response.set_cookie(
            self.cookie, self.token, max_age=DAYS * 24 * 3600, httponly=True,
            # Lax, not strict: a link in a chat or a mail has to work.
            samesite="lax", secure=scope["scheme"] == "https",
        )  # fmt: skip
        return response


def _stranger() -> WebError:
    return WebError(
        401,
        "token",
        "This page is shown only to those who have its whole address.",
        "The request has no token, or not this server's.",
        "Open the address that the command printed, or scan its code; each start makes a new one.",
    )


def _read_only(method: str) -> WebError:
    return WebError(
        403,
        "read-only",
        "A shared page can be read and not changed.",
        f"The request is a {method}.",
        "Change it on the machine itself, with 'atarimae look'.",
    )
