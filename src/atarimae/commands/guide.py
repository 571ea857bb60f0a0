"""The command of the annotation guide: read, write, history, one file."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae.commands.classes import tell
from atarimae.commands.command import Arguments, Command, here, out
from atarimae.errors import UsageError

if TYPE_CHECKING:
    from atarimae.store import Edit, Entry, Guide
    from atarimae.types import Box


def guide(arguments: Arguments) -> None:
    """Show the guide, write it out, or change one class's entry."""
    workspace = here(arguments)
    if arguments.out:
        from atarimae.look import guidebook

        path = guidebook.write(workspace.folder, arguments.out)
        out(arguments, {"out": str(path)}, f"Wrote {path}.")
    elif arguments.name is None:
        entries = list(workspace.guide.entries().values())
        text = "\n\n".join(map(_text, entries)) or "Nothing is written yet."
        out(arguments, {"entries": [entry.as_dict() for entry in entries]}, text)
    elif arguments.history:
        _history(arguments, workspace.guide)
    elif any(getattr(arguments, word) is not None for word in WRITES):
        tell(arguments, _written(arguments, workspace.guide))
    else:
        entry = workspace.guide.entry(arguments.name)
        out(arguments, entry.as_dict(), _text(entry))


WRITES = ("define", "example", "counterexample", "edge", "take")


def _written(told: Arguments, guide: "Guide") -> "Edit | None":
    given = [word for word in WRITES if getattr(told, word) is not None]
    if len(given) > 1:
        raise UsageError("One thing is written at a time.", f"Given: {', '.join(given)}.", "")
    if told.take is not None:
        return guide.take(told.name, told.take, why=told.why, by=told.who)
    if told.define is not None:
        return guide.define(told.name, told.define, new=told.new, why=told.why, by=told.who)
    if told.edge is not None:
        case, decision = told.edge
        return guide.decide(
            told.name, case, decision, image=told.image, box=_box(told.box), new=told.new,
            why=told.why, by=told.who,
        )  # fmt: skip
    return guide.exhibit(
        told.name, told.example or told.counterexample, _box(told.box),
        against=told.counterexample is not None, note=told.note, new=told.new, why=told.why,
        by=told.who,
    )  # fmt: skip


def _box(sides: list[float] | None) -> "Box | None":
    from atarimae.types import Box

    return None if sides is None else Box(*sides)


def _history(arguments: Arguments, guide: "Guide") -> None:
    steps = guide.history(arguments.name)
    lines = []
    for step in reversed(steps):
        words = (step.by, step.action, step.why)
        lines.append(f"{step.edit:>5}  {step.at[:16]}  {'  '.join(filter(None, words))}")
        lines += [f"       {line}" for line in step.lines()]
    told = {"history": [step.as_dict() for step in steps]}
    out(arguments, told, "\n".join(lines or ["Nothing was written yet."]))


def _text(entry: "Entry") -> str:
    lines = [entry.name]
    for said in entry.all:
        text = said.fact.value if said.fact.kind == "definition" else said.fact.told()
        more = "" if said.fact.kind == "definition" else f" [{said.id}]"
        lines += [f"  {line}" for line in f"{text}{more}".splitlines()]
    return "\n".join(lines if len(lines) > 1 else [entry.name, "  Nothing is written yet."])


def _words(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", metavar="CLASS", help="one class; all if not given")
    command.add_argument("--out", type=Path, metavar="FILE.html", help="write all as one file")
    command.add_argument("--history", action="store_true", help="who changed what, and when")
    command.add_argument("--define", metavar="TEXT", help="what the class is; '' takes it away")
    command.add_argument("--example", metavar="FILE", help="a picture of it: a path or a hash")
    command.add_argument("--counterexample", metavar="FILE", help="a picture of what it is not")
    command.add_argument(
        "--edge", nargs=2, metavar=("CASE", "DECISION"), help="an edge case, and what was decided"
    )
    command.add_argument("--image", metavar="FILE", help="edge: a picture of the case")
    command.add_argument(
        "--box", nargs=4, type=float, metavar=("LEFT", "TOP", "RIGHT", "BOTTOM"),
        help="only this part of the picture, in px",
    )  # fmt: skip
    command.add_argument("--note", default="", metavar="TEXT", help="a remark on the picture")
    command.add_argument("--take", type=int, metavar="ID", help="take out what has that number")
    command.add_argument("--new", action="store_true", help="the class has no label yet")
    command.add_argument("--why", default="", metavar="TEXT", help="your reason")
    command.add_argument("--who", metavar="NAME", help="in whose name (yours)")


COMMANDS = (
    Command(
        "guide",
        "what each class is, with examples; read, written, or as one HTML file",
        "atarimae -C sake guide --out guide.html",
        guide,
        _words,
    ),
)
