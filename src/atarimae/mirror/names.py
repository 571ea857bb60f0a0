"""Names and values as MLflow takes them."""

import posixpath
import re
from collections.abc import Iterable

LONGEST = 250  # characters of a name
ALLOWED = re.compile(r"[^/\w.\- :]")  # what is none of these is not


def allowed(names: Iterable[str]) -> dict[str, str]:
    """Each name as MLflow takes it: "mrr@20" is "mrr_at_20", as MLflow's own evaluation has it.

    Any other sign that it refuses becomes "_". Names that would then be one get a number, in the
    order given, so that a name's form stays what it was when names are added at the end.
    """
    given: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        form, number = _form(name), 2
        while form in taken:
            form, number = f"{_form(name)[: LONGEST - 5]}_{number}", number + 1
        taken.add(form)
        given[name] = form
    return given


def _form(name: str) -> str:
    form = ALLOWED.sub("_", name.replace("@", "_at_"))[:LONGEST]
    # It may be a file's name there: "..", "/a" and "a//b" would be another's.
    unique = form and posixpath.normpath(form) == form and form != "."
    return (
        form if unique and not form.startswith(("/", "..")) else re.sub(r"[/.]", "_", form) or "_"
    )


def cut(text: str, longest: int) -> str:
    """The text, or its beginning with an ellipsis where it is too long."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
