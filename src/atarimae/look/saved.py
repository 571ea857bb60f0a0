"""Filters that were kept under a name: `filters.jsonl` in the workspace, one line a change.

The last line of a name counts; one without a query took the name away.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from atarimae import files
from atarimae.errors import UsageError, unknown_name
from atarimae.look.shown import named
from atarimae.store.history import now, stamp
from atarimae.workspace import Workspace

FILE = "filters.jsonl"
LONGEST = 100  # letters of a name


@dataclass(frozen=True, slots=True)
class Saved:
    """A filter as the query of an address."""

    name: str
    query: str
    by: str
    at: str  # UTC, ISO 8601

    def as_dict(self) -> dict[str, str]:
        """JSON values."""
        return asdict(self)


def saved(workspace: Workspace) -> Mapping[str, Saved]:
    """The filters by name, in its order. A line that can't be read is passed over."""
    path = workspace.root / FILE
    if not path.is_file():
        return {}
    known: dict[str, Saved | None] = {}
    for line in files.read_text(path).splitlines():
        try:
            said = json.loads(line)
            name, query = str(said["name"]), said["query"]
            known[name] = Saved(name, str(query), str(said["by"]), str(said["at"]))
            if query is None:
                known[name] = None
        except (ValueError, KeyError, TypeError):
            continue
    return {name: one for name, one in sorted(known.items()) if one}


def save(workspace: Workspace, name: str, query: str, by: str) -> Saved:
    """Keep what an address asks for under a name; one of that name gives way to it."""
    kept = " ".join(name.split())
    if not 0 < len(kept) <= LONGEST:
        raise UsageError("This name can't be used.", "", f"Write 1 to {LONGEST} letters.")
    wanted = named(query)
    if not wanted:
        raise UsageError("There is no filter to keep.", "All images are shown.", "Filter first.")
    made = Saved(kept, wanted, by, stamp(now()))
    _append(workspace, made.as_dict())
    return made


def forget(workspace: Workspace, name: str, by: str) -> None:
    """Take a name away."""
    if name not in (known := saved(workspace)):
        raise unknown_name("filter", name, known)
    _append(workspace, {"name": name, "query": None, "by": by, "at": stamp(now())})


def _append(workspace: Workspace, line: Mapping[str, object]) -> None:
    files.append(workspace.root / FILE, json.dumps(line, ensure_ascii=False) + "\n")
