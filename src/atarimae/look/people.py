"""Who is at the page: this machine's user, or on a shared page whoever gave a name."""

import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, unquote

from fastapi import Request, Response

from atarimae.web.frame import WebError
from atarimae.workspace import person

COOKIE = "atarimae-name"
LONGEST = 60  # letters of a name
DAYS = 365


@dataclass(frozen=True, slots=True)
class People:
    """Who may change what: `shared` is a page with a token, which is read unless `edits`."""

    shared: bool = False
    edits: bool = False

    @property
    def may_edit(self) -> bool:
        """Whether anybody may change the data from this page."""
        return self.edits or not self.shared

    def name(self, request: Request) -> str | None:
        """Who asks; None on a shared page, where nobody has said so."""
        if not self.shared:
            return person()
        return _clean(unquote(request.cookies.get(COOKIE, ""))) or None

    def author(self, request: Request) -> str:
        """Whose name an edit carries. Raises `WebError` where none may be made."""
        if not self.may_edit:
            raise WebError(
                403,
                "read-only",
                "A shared page can be read and not changed.",
                "It was opened without --edit.",
                "Open it with 'atarimae look --share --edit'.",
            )
        name = self.name(request)
        if name is None:
            raise WebError(
                401,
                "name",
                "Who are you?",
                "On a shared page every edit carries the name of its author.",
                "Give your name once: the page asks for it.",
            )
        return name

    def remember(self, response: Response, name: str, secure: bool) -> str:
        """Keep a visitor's name in a cookie; gives the name as it is kept."""
        kept = _clean(name)
        if not kept or len(kept) > LONGEST:
            found = "It is empty." if not kept else f"It has {len(kept)} letters."
            raise WebError(
                422, "name", "This name can't be used.", found, f"Write 1 to {LONGEST} letters."
            )
        response.set_cookie(
            COOKIE, quote(kept, safe=""), max_age=DAYS * 24 * 3600, httponly=True,
            samesite="strict", secure=secure,
        )  # fmt: skip
        return kept


def _clean(name: str) -> str:
    """Without what can't be seen: a name on a page is what it looks like."""
    seen = (letter for letter in name if unicodedata.category(letter)[0] != "C")
    return " ".join("".join(seen).split())
