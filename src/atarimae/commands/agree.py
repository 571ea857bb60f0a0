"""The command of agreements: do two people say the same of the same images?"""

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out
from atarimae.errors import UsageError

if TYPE_CHECKING:
    from atarimae.look.agree import Outcome
    from atarimae.look.agree.figures import Figure
    from atarimae.store import Agreement

ACTIONS = ("start", "add", "show", "take")


def agree(arguments: Arguments) -> None:
    """Begin an agreement, add answers to it, show what came of it, take over what is the same."""
    {"start": _start, "add": _add, "show": _show, "take": _take}[arguments.action](arguments)


def _start(arguments: Arguments) -> None:
    from atarimae.look.agree import start

    asked = start(
        here(arguments).folder, arguments.words, images=arguments.images,
        classes=arguments.classes, boxes=arguments.boxes, ordered=arguments.ordered,
        queue=arguments.queue or "", seed=arguments.seed, by=arguments.who,
    )  # fmt: skip
    what = "boxes" if asked.kind == "box" else "a class"
    text = (
        f"Agreement {asked.id}: {len(asked.images):,} images, {what} of "
        f"{len(asked.classes):,} classes.\nEach person answers at /agree/{asked.id} of "
        f"'atarimae look', or with: atarimae agree add {asked.id} answers.csv --who NAME"
    )
    told = {
        "agreement": asked.id, "kind": asked.kind, "classes": list(asked.classes),
        "images": list(asked.images), "seed": asked.seed,
    }  # fmt: skip
    out(arguments, told, text)


def _add(arguments: Arguments) -> None:
    from atarimae.add.table import read_table
    from atarimae.look.agree import Given, answer

    number, table = _number(arguments), arguments.words[1:2]
    if not table or not arguments.who:
        raise UsageError(
            "Which answers, and whose?", "", "atarimae agree add 1 answers.csv --who NAME"
        )
    folder = here(arguments).folder
    given = [
        Given(entry.path, entry.labels, entry.boxes)
        for entry in read_table(Path(table[0]), (folder.root,))
    ]
    kept = answer(folder, number, given, arguments.who)
    text = f"{kept:,} answers by {arguments.who} to agreement {number}."
    out(arguments, {"agreement": number, "who": arguments.who, "answers": kept}, text)


def _show(arguments: Arguments) -> None:
    from atarimae.look.agree import outcome

    folder = here(arguments).folder
    if not arguments.words:
        _list(arguments)
        return
    found = outcome(folder, _number(arguments), unfinished=arguments.unfinished)
    out(arguments, found.as_dict(), "\n".join(_lines(found)))


def _list(arguments: Arguments) -> None:
    from atarimae.look.agree import answered
    from atarimae.store import Store

    known = Store(here(arguments).folder).agreements
    found = [(one, answered(known.opinions(one.id))) for one in known.all()]
    told = [
        {
            "agreement": one.id, "kind": one.kind, "images": len(one.images),
            "classes": list(one.classes), "by": one.by, "at": one.at, "people": people,
        }
        for one, people in found
    ]  # fmt: skip
    lines = [_line(*one) for one in found] or ["There is no agreement yet."]
    out(arguments, {"agreements": told}, "\n".join(lines))


def _take(arguments: Arguments) -> None:
    from atarimae.look.agree import take_over

    number = _number(arguments)
    images, edit = take_over(here(arguments).folder, number, by=arguments.who)
    text = f"{images:,} images are labelled as everybody said"
    text += f": edit {edit.id}." if edit else "; they were so before."
    told = {"agreement": number, "images": images, "edit": edit and edit.id}
    out(arguments, told, text)


def _number(arguments: Arguments) -> int:
    word = arguments.words[0] if arguments.words else ""
    if not word.isdecimal():
        raise UsageError(
            "Which agreement?", f"'{word}' is no number." if word else "",
            "Name it by its number: atarimae agree show",
        )  # fmt: skip
    return int(word)


def _line(asked: "Agreement", people: Mapping[str, int]) -> str:
    told = ", ".join(f"{name} {many:,}" for name, many in people.items()) or "nobody yet"
    return f"{asked.id:4}  {asked.at[:10]}  {len(asked.images):,} images  answered: {told}"


def _lines(found: "Outcome") -> list[str]:
    lines = [_line(found.asked, found.people)]
    for pair in found.pairs:
        lines.append(f"{pair.first} and {pair.second}, {pair.images:,} images in common:")
        lines += [f"  {_figure(one)}" for one in pair.figures]
        worst = sorted(pair.by_class.items(), key=lambda one: (_last(one[1].value), one[0]))
        lines += [f"    {_figure(one)}  {name}" for name, one in worst]
    if len(found.pairs) > 1:
        lines += [f"All together: {_figure(one)}" for one in found.together]
    if found.pairs:
        lines.append(
            f"They differ on {len(found.apart):,} images, of which {len(found.left):,} are left "
            f"to be settled at /agree/{found.asked.id}/outcome of 'atarimae look'."
        )
    return lines


def _figure(one: "Figure") -> str:
    if math.isnan(one.value):
        return f"{one.name} can't be told (of {one.of:,})"
    sure = "" if math.isnan(one.low) else f" [{one.low:.3f}, {one.high:.3f}]"
    return f"{one.name} {one.value:.3f}{sure} (of {one.of:,})"


def _last(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _words(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=ACTIONS, help="start, add, show or take")
    command.add_argument(
        "words", nargs="*", metavar="WORD",
        help="start: files to draw from; add: a number and a CSV; show and take: a number",
    )  # fmt: skip
    command.add_argument("--images", type=int, default=50, metavar="N", help="how many (50)")
    command.add_argument(
        "--classes", nargs="+", default=[], metavar="NAME",
        help="what there is to choose from, from low to high with --ordered; all classes if none",
    )  # fmt: skip
    command.add_argument("--boxes", action="store_true", help="ask for boxes, not for one class")
    command.add_argument(
        "--ordered", action="store_true", help="the classes have an order, as grades have"
    )
    command.add_argument("--queue", metavar="NAME", help="draw from this queue")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of the draw (0)")
    command.add_argument(
        "--unfinished", action="store_true",
        help="show: count also who has not answered everything, and may yet be swayed",
    )  # fmt: skip
    command.add_argument("--who", metavar="NAME", help="who answers, or begins, or takes over")


COMMANDS = (
    Command(
        "agree",
        "ask two people about the same images, and see how far they agree",
        "atarimae -C sake agree start --images 50 --classes junmai ginjo",
        agree,
        _words,
    ),
)
