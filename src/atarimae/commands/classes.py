"""The command of the classes: their names, merges, splits, and for which images are covered."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out
from atarimae.commands.edits import edit_line
from atarimae.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from atarimae.store import Classes, Edit

SHOWN = 60  # classes that are listed; --json has all
FILES = 8  # of a proposed part that are named; --json has all


def classes(arguments: Arguments) -> None:
    """List the classes, or change what is known of them."""
    verb = arguments.verb
    if verb == "list":
        _list(arguments)
    elif verb == "split" and arguments.suggest:
        _suggest(arguments)
    elif verb == "round" and not (arguments.names or arguments.end):
        _round(arguments)
    elif verb in CHANGES:
        tell(arguments, CHANGES[verb](here(arguments).classes, arguments))
    else:
        raise unknown_name("verb", verb, ("list", *CHANGES), " of classes")


def _alias(known: "Classes", told: Arguments) -> "Edit | None":
    _needed(told)
    if told.of is None:
        raise UsageError("Of which class are these other names?", "", "Name it with --of.")
    return known.alias(told.names, told.of, why=told.why, by=told.who)


def _rename(known: "Classes", told: Arguments) -> "Edit | None":
    if len(told.names) != 2:
        raise UsageError("A class is renamed from one name to another.", "", "Write both.")
    return known.rename(*told.names, why=told.why, by=told.who)


def _merge(known: "Classes", told: Arguments) -> "Edit | None":
    _needed(told)
    if [len(words) for words in told.into] != [1]:
        raise UsageError("Into which class are they merged?", "", "Name one with --into.")
    return known.merge(told.names, told.into[0][0], why=told.why, by=told.who)


def _separate(known: "Classes", told: Arguments) -> "Edit | None":
    _needed(told)
    return known.separate(*told.names, why=told.why, by=told.who)


def _split(known: "Classes", told: Arguments) -> "Edit | None":
    if len(told.names) != 1 or not told.into or any(len(words) < 2 for words in told.into):
        raise UsageError(
            "Which images of which class get a new one?", "",
            "Write: atarimae classes split CLASS --into NEW FILE… [--into NEWER FILE…]",
        )  # fmt: skip
    into: dict[str, list[str]] = {}
    for name, *files in told.into:
        into[name] = into.get(name, []) + files
    return known.split(told.names[0], into, why=told.why, by=told.who)


def _cover(known: "Classes", told: Arguments) -> "Edit | None":
    _needed(told, "Which images were looked through?")
    change = known.uncover if told.not_ else known.cover
    return change(told.names, *told.classes, why=told.why, by=told.who)


def _begin(known: "Classes", told: Arguments) -> "Edit | None":
    if told.end:
        return known.end_round(why=told.why, by=told.who)
    return known.begin_round(*told.names, title=told.title, new=told.new, why=told.why, by=told.who)


CHANGES: dict[str, Callable[["Classes", Arguments], "Edit | None"]] = {
    "alias": _alias, "rename": _rename, "merge": _merge, "separate": _separate, "split": _split,
    "cover": _cover, "round": _begin,
}  # fmt: skip


def _needed(told: Arguments, what: str = "Which classes are meant?") -> None:
    if not told.names:
        raise UsageError(what, "None is named.", f"See 'atarimae {told.verb} --help'.")


def _list(arguments: Arguments) -> None:
    known = here(arguments).classes
    found, alike = known.all(), known.alike()
    lines = []
    for one in found[:SHOWN]:
        more = [f"also {', '.join(one.aliases)}"] * bool(one.aliases)
        more += [f"with {', '.join(one.merged)}"] * bool(one.merged)
        more += [f"covered: {one.covered:,}"] * bool(one.covered)
        lines.append("  ".join([f"{one.images:>7,}  {one.name}", *more]))
    if len(found) > SHOWN:
        lines.append(f"{len(found) - SHOWN:,} more: --json")
    lines += [
        f"Alike: {' and '.join(names)}. If they are one: "
        f"atarimae classes merge {' '.join(names[1:])} --into {names[0]}"
        for names in alike
    ]
    told = {"classes": [one.as_dict() for one in found], "alike": [list(names) for names in alike]}
    out(arguments, told, "\n".join(lines or ["No classes yet."]))


def _suggest(arguments: Arguments) -> None:
    from atarimae.look.parting import parts

    if len(arguments.names) != 1:
        raise UsageError("Which class is to be split?", "", "Name one.")
    found = parts(here(arguments).folder, arguments.names[0], arguments.parts)
    lines = [found.told()]
    for number, part in enumerate(found.parts, start=1):
        more = f" and {len(part) - FILES:,} more" if len(part) > FILES else ""
        lines.append(f"part {number}, {len(part):,} images: {' '.join(part[:FILES])}{more}")
    out(arguments, found.as_dict(), "\n".join(lines))


def _round(arguments: Arguments) -> None:
    now = here(arguments).classes.round()
    text = "No round has begun."
    if now is not None:
        title = f"{now.round.title}: " if now.round.title else ""
        text = (
            f"{title}{', '.join(now.round.classes)}\n"
            f"{now.covered:,} of {now.images:,} images were looked through for all of them"
        )
    out(arguments, {"round": None if now is None else now.as_dict()}, text)


def tell(arguments: Arguments, made: "Edit | None") -> None:
    """Print the edit that was made."""
    text = "It is so already: nothing was changed."
    if made is not None:
        text = f"{edit_line(made)}\nTake it back with: atarimae undo {made.id}"
    out(arguments, {"edit": None if made is None else made.as_dict()}, text)


def _words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "verb", nargs="?", default="list", metavar="VERB",
        help="list, alias, rename, merge, separate, split, round or cover (list)",
    )  # fmt: skip
    command.add_argument(
        "names", nargs="*", metavar="NAME", help="classes, or of cover: paths, folders or hashes"
    )
    command.add_argument("--of", metavar="CLASS", help="alias: whose other names these are")
    command.add_argument(
        "--into", nargs="+", action="append", default=[], metavar="NAME",
        help="merge: the class they become; split: a new class, then its files; again for more",
    )  # fmt: skip
    command.add_argument(
        "--suggest", action="store_true",
        help="split: change nothing, and show parts of the class that a run sees apart",
    )  # fmt: skip
    command.add_argument("--parts", type=int, default=2, metavar="N", help="so many (2)")
    command.add_argument(
        "--class", dest="classes", action="append", default=[], metavar="NAME",
        help="cover: looked through for it; the round's classes if not given; may be given again",
    )  # fmt: skip
    command.add_argument("--not", dest="not_", action="store_true", help="cover: take that back")
    command.add_argument("--title", default="", metavar="TEXT", help="round: what it is called")
    command.add_argument("--new", action="store_true", help="round: classes may be new")
    command.add_argument("--end", action="store_true", help="round: end the one that has begun")
    command.add_argument("--why", default="", metavar="TEXT", help="your reason")
    command.add_argument("--who", metavar="NAME", help="in whose name (yours)")


COMMANDS = (
    Command(
        "classes",
        "list classes; give them other names, merge and split them, say what was looked for",
        "atarimae -C sake classes alias 澤乃井 --of 沢乃井",
        classes,
        _words,
    ),
)
