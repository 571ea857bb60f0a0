"""The command of outside scores: lb."""

import argparse
from pathlib import Path

from atarimae.commands.command import Arguments, Command, here, out
from atarimae.errors import UsageError


def lb(arguments: Arguments) -> None:
    """Record an outside score, or show CV against LB."""
    if arguments.explain:
        _explain(arguments)
    elif arguments.score is not None:
        _record(arguments)
    else:
        _show(arguments)


def _show(arguments: Arguments) -> None:
    if arguments.name or arguments.submission or arguments.note:
        raise UsageError(
            "There is no score to record.",
            "RUN, --submission and --note say something of a score.",
            "Add --score 0.412, or ask with --explain or 'atarimae lb --predict RUN'.",
        )
    from atarimae.board.table import overview_table

    found = here(arguments).lb(
        board=arguments.board,
        public_share=arguments.public_share,
        queries=arguments.queries,
        predict=arguments.predict,
    )
    out(arguments, found.as_dict(), overview_table(found))


def _explain(arguments: Arguments) -> None:
    if not arguments.name or arguments.score is not None:
        raise UsageError(
            "A gap belongs to one run whose LB is recorded.",
            "No RUN is named." if not arguments.name else "--score records one instead.",
            "Write: atarimae lb RUN --explain",
        )
    from atarimae.board.reasons import explanation_table

    found = here(arguments).lb_explain(arguments.name, board=arguments.board)
    out(arguments, found.as_dict(), explanation_table(found))


def _record(arguments: Arguments) -> None:
    if not arguments.name or arguments.predict:
        raise UsageError(
            "A score belongs to one run.",
            "No RUN is named." if not arguments.name else "--predict asks for one instead.",
            "Write: atarimae lb RUN --score 0.412",
        )
    from atarimae.board import doubt

    workspace = here(arguments)
    entry = workspace.lb_record(
        arguments.name,
        arguments.score,
        board=arguments.board,
        submission=arguments.submission,
        note=arguments.note,
        public_share=arguments.public_share,
        queries=arguments.queries,
    )
    told = f"{entry.run}: {entry.score:g} on the board '{entry.board}'."
    doubtful = doubt(workspace.run(entry.run), entry.score)
    if doubtful:
        told += f"\n{doubtful}"
    out(arguments, entry.as_dict() | {"doubt": doubtful}, told)


def _lb_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "name", nargs="?", metavar="RUN", help="an id, a part of one, last or best"
    )
    command.add_argument("--score", type=float, metavar="X", help="what the leaderboard says")
    command.add_argument("--board", default="public", metavar="NAME", help="which one (public)")
    command.add_argument(
        "--submission", type=Path, metavar="FILE", help="what was sent; its SHA-256 is kept"
    )
    command.add_argument("--note", metavar="TEXT", help="what else there is to say of the score")
    command.add_argument(
        "--public-share", type=float, metavar="P",
        help="share of the queries that the public score is made of; kept in boards.toml",
    )  # fmt: skip
    command.add_argument(
        "--queries", type=int, metavar="N",
        help="queries of the board, public and private; kept in boards.toml",
    )  # fmt: skip
    command.add_argument(
        "--predict", metavar="RUN", help="whose LB to predict (the best, if it has none)"
    )
    command.add_argument(
        "--explain", action="store_true",
        help="which rival convention or common mistake makes CV and LB differ",
    )  # fmt: skip


COMMANDS = (
    Command(
        "lb",
        "record a leaderboard's score; CV against LB",
        "atarimae -C sake lb best --score 0.412 --public-share 0.3 --queries 2000",
        lb,
        _lb_words,
    ),
)
