"""Scores from outside: lines of `lb.jsonl` in a run's folder, appended and never changed.

A line is {at, by, board, score, submission, note}; `submission` is the file's path and SHA-256, or
null. What is true of a whole board is said once, in `boards.toml` beside `atarimae.toml`:

    [public]
    public_share = 0.3  # of the queries that the public score is made of
    queries = 2000      # public and private ones together
"""

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import tomli_w

from atarimae import files
from atarimae.errors import UsageError
from atarimae.runlog import Run, runs
from atarimae.workspace import Workspace, person

NAME = "lb.jsonl"
SETTINGS = "boards.toml"


@dataclass(frozen=True, slots=True)
class Entry:
    """One score that somebody else computed of a run's submission."""

    run: str
    board: str
    score: float
    at: str  # ISO 8601, UTC
    by: str
    note: str | None = None
    submission: Mapping[str, str] | None = None  # path and sha256 of the file that was sent

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Board:
    """What is known of a board; None where nobody said."""

    name: str
    public_share: float | None = None  # 0 to 1
    queries: int | None = None  # public and private ones together

    @property
    def public(self) -> float | None:
        """How many queries its score is made of."""
        if self.queries is None:
            return None
        return self.queries * (1.0 if self.public_share is None else self.public_share)


def record(
    run: Run,
    score: float,
    *,
    board: str = "public",
    submission: Path | None = None,
    note: str | None = None,
) -> Entry:
    """Append an outside score to a run."""
    if not math.isfinite(score):
        raise UsageError("A score is a finite number.", f"It is {score}.", "Give what the LB says.")
    if not board.strip():
        raise UsageError("A board needs a name.", "It is empty.", "Leave --board out for 'public'.")
    sent = None if submission is None else _fingerprint(submission)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    entry = Entry(run.id, board.strip(), float(score), now, person(), note, sent)
    line = json.dumps(
        {key: value for key, value in entry.as_dict().items() if key != "run"}, ensure_ascii=False
    )
    files.append(run.folder / NAME, line + "\n")
    return entry


def doubt(run: Run, score: float) -> str | None:
    """Why an outside score is hardly in the run's own metric; None where it may well be."""
    own = run.score
    if own is None or 0 <= score <= 1 or not 0 <= own.value <= 1:
        return None
    return (
        f"{score:g} is not between 0 and 1, and {own.metric} is {own.value:.3f}: a percentage? "
        "Record it again as the run counts; the newest score of a run is used."
    )


def entries(workspace: Workspace, board: str) -> list[Entry]:
    """Every score of that board, in the order they were recorded."""
    found = [entry for run in runs(workspace) for entry in of_run(run) if entry.board == board]
    return sorted(found, key=lambda entry: entry.at)


def boards(workspace: Workspace) -> list[str]:
    """The boards that have a score, sorted."""
    return sorted({entry.board for run in runs(workspace) for entry in of_run(run)})


def of_run(run: Run) -> list[Entry]:
    """The run's outside scores; a line that a crash left half-written is passed over."""
    path = run.folder / NAME
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    found = (_entry(run.id, line) for line in lines)
    return [entry for entry in found if entry is not None]


def known(workspace: Workspace, name: str) -> Board:
    """What `boards.toml` says of a board."""
    told = _settings(workspace).get(name, {})
    share, queries = told.get("public_share"), told.get("queries")
    return Board(
        name, None if share is None else float(share), None if queries is None else int(queries)
    )


def describe(
    workspace: Workspace, name: str, *, public_share: float | None, queries: int | None
) -> Board:
    """Keep what is said of a board; None leaves it as it was."""
    if public_share is not None and not 0 < public_share <= 1:
        raise UsageError(
            "The public share is out of range.", f"It is {public_share}.", "Give 0.3 for 30 %."
        )
    if queries is not None and queries < 1:
        raise UsageError(
            "A board has at least one query.", f"It is {queries}.", "Count public and private ones."
        )
    said = {"public_share": public_share, "queries": queries}
    new = {key: value for key, value in said.items() if value is not None}
    if new:
        settings = _settings(workspace)
        settings[name] = settings.get(name, {}) | new
        files.write(workspace.root / SETTINGS, tomli_w.dumps(settings))
    return known(workspace, name)


def _settings(workspace: Workspace) -> dict[str, dict[str, float]]:
    path = workspace.root / SETTINGS
    if not path.is_file():
        return {}
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            name: {key: value for key, value in table.items() if math.isfinite(value)}
            for name, table in told.items()
        }
    except (
        OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError,
    ) as error:  # fmt: skip
        raise UsageError(
            f"{path} can't be read.",
            f"{error}.",
            "Write it as TOML: a table a board, with public_share and queries as numbers.",
        ) from None


def _fingerprint(path: Path) -> dict[str, str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The submission {path} can't be read.",
            f"{error.strerror or error}.",
            "Name the file that was sent.",
        ) from None
    return {"path": str(path), "sha256": hashlib.sha256(content).hexdigest()}


def _entry(run: str, line: str) -> Entry | None:
    try:
        said = json.loads(line)
        return Entry(
            run, str(said["board"]), float(said["score"]), str(said["at"]), str(said["by"]),
            said.get("note"), said.get("submission"),
        )  # fmt: skip
    except (json.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
