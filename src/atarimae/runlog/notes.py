"""What people say of a run: lines of `notes.jsonl` in its folder, appended and never changed.

A line is {at, by, kind, text}. Kinds: `note`; `conclusion`, of which the last one counts; `tag`;
and `untag`, which takes a tag away. What was said before stays in the file.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from atarimae import files
from atarimae.errors import AtarimaeError, UsageError
from atarimae.workspace import person

NAME = "notes.jsonl"
KINDS = ("note", "conclusion", "tag", "untag")


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the file."""

    at: str  # ISO 8601, UTC
    by: str
    kind: str  # note, conclusion, tag, untag
    text: str

    def as_dict(self) -> dict[str, str]:
        """JSON values."""
        return asdict(self)


def append(
    folder: Path,
    text: str | None = None,
    *,
    conclusion: str | None = None,
    tags: Sequence[str] = (),
    untag: Sequence[str] = (),
) -> None:
    """Add to the notes of the run in `folder`, all of it or nothing.

    A tag that the run has and one to take away that it has not are passed over. Raises `UsageError`
    where there is nothing to say, or a text is empty.
    """
    wanted = [
        *([("note", text)] if text is not None else []),
        *([("conclusion", conclusion)] if conclusion is not None else []),
        *(("tag", tag) for tag in tags),
        *(("untag", tag) for tag in untag),
    ]
    _check(folder, wanted)
    here = set(tags_of(read(folder)))
    now, by = datetime.now(UTC).isoformat(timespec="milliseconds"), person()
    said = [Note(now, by, kind, words.strip()) for kind, words in wanted]
    new = [
        note
        for note in said
        if note.kind in ("note", "conclusion") or (note.kind == "untag") == (note.text in here)
    ]
    lines = "".join(json.dumps(n.as_dict(), ensure_ascii=False) + "\n" for n in new)
    if lines:
        files.append(folder / NAME, lines)


def read(folder: Path) -> tuple[Note, ...]:
    """Every note of the run, oldest first; a line that a crash left half-written is passed over."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise AtarimaeError(
            f"{folder / NAME} can't be read.", f"{error.strerror or error}.", "Check its rights."
        ) from None
    found = (_note(line) for line in text.split("\n"))
    return tuple(note for note in found if note is not None)


def tags_of(notes: Sequence[Note]) -> tuple[str, ...]:
    """The tags that were given and not taken away, in the order they were given."""
    tags: dict[str, None] = {}
    for note in notes:
        if note.kind == "tag":
            tags[note.text] = None
        elif note.kind == "untag":
            tags.pop(note.text, None)
    return tuple(tags)


def conclusion_of(notes: Sequence[Note]) -> str | None:
    """The conclusion that was drawn last."""
    return next((note.text for note in reversed(notes) if note.kind == "conclusion"), None)


def _check(folder: Path, wanted: Sequence[tuple[str, str]]) -> None:
    if not wanted:
        raise UsageError(
            f"There is nothing to note on run {folder.name}.",
            "No text, conclusion or tag is given.",
            'Write it: atarimae note RUN "…", or give --conclusion, --tag or --untag.',
        )
    for kind, text in wanted:
        if not text.strip():
            raise UsageError(f"A {kind} is empty.", "It has no letters.", "Leave it out.")


def _note(line: str) -> Note | None:
    try:
        said = json.loads(line)
        return Note(str(said["at"]), str(said["by"]), str(said["kind"]), str(said["text"]))
    except (json.JSONDecodeError, KeyError, TypeError):
        return None
