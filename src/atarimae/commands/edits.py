"""Commands of what was changed: edits, undo, redo, at, diff."""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import repeat
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out, some
from atarimae.errors import UsageError

if TYPE_CHECKING:
    from atarimae.store import Difference, Edit
    from atarimae.types import Data, File, Label

NEWEST = "last"


def edits(arguments: Arguments) -> None:
    """List the edits."""
    workspace = here(arguments)
    which = {name: getattr(arguments, name) for name in ("who", "since", "until", "what")}
    if arguments.json:
        found = workspace.edits(**which)
        out(arguments, {"edits": [edit.as_dict() for edit in found]}, "")
        return
    found = workspace.edits(**which, last=None if arguments.all else arguments.last + 1)
    shown = found if arguments.all else found[-arguments.last :]
    lines = [edit_line(edit) for edit in reversed(shown)] or [_none(which)]
    if len(shown) < len(found):
        lines.append("There are older ones: --all")
    out(arguments, {}, "\n".join(lines))


def _none(which: Mapping[str, object]) -> str:
    return "No edit is meant by that." if any(which.values()) else "No edits yet."


def undo(arguments: Arguments) -> None:
    """Undo edits, all labels of a run, or what somebody did since a moment."""
    made = here(arguments).undo(
        *arguments.edits, by=arguments.by, who=arguments.who, since=arguments.since,
        until=arguments.until,
    )  # fmt: skip
    out(arguments, made.as_dict(), f"{edit_line(made)}\nBack again with: atarimae redo {made.id}")


def redo(arguments: Arguments) -> None:
    """Bring back what an undo took."""
    made = here(arguments).redo(arguments.edit)
    out(arguments, made.as_dict(), edit_line(made))


def at(arguments: Arguments) -> None:
    """Read an older version."""
    workspace = here(arguments)
    data = workspace.data(_version(arguments.version))
    told = _summary(data)
    lines = [_summary_text(told)]
    if arguments.list:
        told |= {"list": [_listed(data, file) for file in data.files]}
        lines += [_file_line(data, file) for file in data.files]
    out(arguments, told, "\n".join(lines))


def diff(arguments: Arguments) -> None:
    """Show what is different between two versions."""
    found = here(arguments).diff(_version(arguments.first) or 0, _version(arguments.second))
    lines = list(_diff_lines(found))
    shown = lines if arguments.all else lines[: arguments.last]
    if len(shown) < len(lines):
        shown.append(f"{len(lines) - len(shown):,} more: --all")
    out(arguments, found.as_dict(), "\n".join([_diff_counts(found), *shown]))


def edit_line(edit: "Edit") -> str:
    """One edit on one line, its time as the clock here shows it."""
    counts = {
        "files": (edit.files_added, edit.files_removed),
        "labels": (edit.labels_added, edit.labels_removed),
        "class facts": (edit.facts_added, edit.facts_removed),
    }
    told = [
        f"{sign}{number:,} {name.removesuffix('s') if number == 1 else name}"
        for name, both in counts.items()
        for sign, number in zip("+-", both, strict=True)
        if number
    ]
    rests = [text for text in (edit.finding, edit.run and f"run {edit.run}") if text]
    rests += [f"made on version {edit.seen}"] * (edit.seen is not None)
    since = f" (undone by {edit.undone_by})" if edit.undone_by else ""
    when = f"{datetime.fromisoformat(edit.at).astimezone():%Y-%m-%d %H:%M}"
    words = [edit.by, edit.action, ", ".join(told), edit.why, *(f"[{text}]" for text in rests)]
    return f"{edit.id:>5}  {when}  {'  '.join(word for word in words if word)}{since}"


def _version(word: str) -> int | None:
    """The number of a version; None for the newest."""
    if word == NEWEST:
        return None
    if not word.isdecimal():
        raise UsageError(
            f"'{word}' is no version.", "A version is the number of an edit.",
            f"Write one from 'atarimae edits', or '{NEWEST}'.",
        )  # fmt: skip
    return int(word)


def _summary(data: "Data") -> dict[str, object]:
    images = {file.image for file in data.files}
    labels = [label for image in images for label in data.labels.get(image, ())]
    return {
        "edit": data.version.edit,
        "hash": data.version.hash,
        "files": len(data),
        "images": len(images),
        "labels": len(labels),
        "classes": len(data.class_names),
        "splits": dict(Counter(file.split or "-" for file in data.files).most_common()),
    }


def _summary_text(told: dict[str, object]) -> str:
    counts = ", ".join(
        f"{told[name]:,} {name}" for name in ("files", "images", "labels", "classes")
    )
    splits = told["splits"]
    assert isinstance(splits, dict)
    parts = ", ".join(f"{name} {number:,}" for name, number in splits.items())
    return f"Version {told['edit']} ({str(told['hash'])[:12]}): {counts}" + (
        f"\nsplits: {parts}" if parts else ""
    )


def _listed(data: "Data", file: "File") -> dict[str, object]:
    from dataclasses import asdict

    labels = data.labels.get(file.image, ())
    return asdict(file) | {"labels": [_label_dict(label) for label in labels]}


def _label_dict(label: "Label") -> dict[str, object]:
    from dataclasses import asdict

    return {name: value for name, value in asdict(label).items() if name != "image"}


def _file_line(data: "Data", file: "File") -> str:
    words = (file.path, " · ".join(data.classes(file)) or "-", file.split or "-")
    return "  ".join(words)


def _diff_counts(found: "Difference") -> str:
    files = {"came": found.came, "went": found.went, "moved": found.moved, "changed": found.changed}
    labels = {
        "came": found.labels_came, "went": found.labels_went, "changed": found.labels_changed,
    }  # fmt: skip
    facts = {"came": found.facts_came, "went": found.facts_went}
    told = [
        f"{name}: " + (", ".join(f"{len(rows):,} {word}" for word, rows in kinds.items() if rows))
        for name, kinds in (("files", files), ("labels", labels), ("class facts", facts))
        if any(kinds.values())
    ]
    return (
        f"Version {found.first} to {found.second}. "
        + ("; ".join(told) or "There is no difference")
        + "."
    )


def _diff_lines(found: "Difference") -> Iterator[str]:
    """A line each: + came, - went, ~ changed, > moved."""
    for sign, files in (("+", found.came), ("-", found.went)):
        yield from (f"{sign} {file.path}" for file in files)
    yield from (f"> {before.path} → {after.path}" for before, after in found.moved)
    for before, after in found.changed:
        told = [
            f"{name} {getattr(before, name) or '-'} → {getattr(after, name) or '-'}"
            for name in ("split", "role", "group", "source")
            if getattr(before, name) != getattr(after, name)
        ]
        told += ["another image"] * (before.image != after.image)
        yield f"~ {after.path}: {', '.join(told)}"
    for change in found.labels_changed:
        place = found.paths.get(change.image, change.image[:12])
        yield f"~ {place}: {_values(change.before)} → {_values(change.after)}"
    for sign, labels in (("+", found.labels_came), ("-", found.labels_went)):
        places = (found.paths.get(label.image, label.image[:12]) for label in labels)
        said = (_values((label,)) for label in labels)
        yield from map("{} {}: {}".format, repeat(sign), places, said)
    for sign, facts in (("+", found.facts_came), ("-", found.facts_went)):
        yield from (f"{sign} '{fact.subject}': {fact.told()}" for fact in facts)


def _values(labels: "tuple[Label, ...]") -> str:
    return ", ".join(
        f"'{label.value}'" + ("" if label.kind == "class" else f" ({label.kind})")
        for label in labels
    )


def _edits_words(command: argparse.ArgumentParser) -> None:
    _which_words(command)
    command.add_argument("--what", metavar="ACTION", help="add, label, change, remove, undo, …")
    command.add_argument("--last", type=some, default=20, metavar="N", help="so many (20)")
    command.add_argument("--all", action="store_true", help="all of them")


def _undo_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("edits", nargs="*", type=int, metavar="EDIT", help="an edit's number")
    command.add_argument("--by", metavar="RUN", help="all labels that this run said, together")
    _which_words(command)


def _which_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("--who", metavar="NAME", help="whose edits")
    command.add_argument(
        "--since", metavar="WHEN", help="from then on: 14:00, 2026-11-26 or '2026-11-26 14:00'"
    )
    command.add_argument("--until", metavar="WHEN", help="until before then")


def _redo_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "edit", nargs="?", type=int, metavar="EDIT",
        help="an undo, or an edit that was undone; the newest edit if not given",
    )  # fmt: skip


def _at_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("version", metavar="VERSION", help="the number of an edit, or last")
    command.add_argument("--list", action="store_true", help="every file with its classes")


def _diff_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("first", metavar="VERSION", help="the number of an edit")
    command.add_argument("second", nargs="?", default=NEWEST, metavar="VERSION", help="(last)")
    command.add_argument("--last", type=some, default=20, metavar="N", help="so many lines (20)")
    command.add_argument("--all", action="store_true", help="all of them")


COMMANDS = (
    Command("edits", "list what was changed", "atarimae -C sake edits", edits, _edits_words),
    Command(
        "undo",
        "take back edits, the labels of a run, or somebody's afternoon",
        "atarimae -C sake undo --who midori --since 14:00",
        undo,
        _undo_words,
    ),
    Command("redo", "bring back what an undo took", "atarimae -C sake redo", redo, _redo_words),
    Command("at", "read an older version", "atarimae -C sake at 12 --list", at, _at_words),
    Command("diff", "what two versions differ in", "atarimae -C sake diff 12", diff, _diff_words),
)
