"""The command that searches a chain of post-processing."""

import argparse
from pathlib import Path

from atarimae.commands.command import Arguments, Command, here, out, run_words


def rank(arguments: Arguments) -> None:
    """Search the chain of a run, and write its recipe with what was found."""
    found = here(arguments).rank(
        arguments.name,
        budget=arguments.budget,
        folds=arguments.folds,
        seed=arguments.seed,
        transductive=arguments.transductive,
        write=arguments.write,
    )
    from atarimae.ideas.rank_table import rank_table

    out(arguments, found.as_dict(), rank_table(found))


def _rank_words(command: argparse.ArgumentParser) -> None:
    run_words(command)
    command.add_argument("--budget", default="2m", metavar="TIME", help="2m, 90s, 1h (2m)")
    command.add_argument(
        "--folds", type=int, default=5, metavar="N",
        help="parts of the classes that the choice is judged on in turn (5)",
    )  # fmt: skip
    command.add_argument("--seed", type=int, default=0, help="of how classes are dealt out (0)")
    command.add_argument(
        "--transductive", action="store_true",
        help="also steps by which an answer depends on other queries; such a run is not shipped",
    )  # fmt: skip
    command.add_argument(
        "--write", type=Path, metavar="RECIPE.toml",
        help="where the recipe goes (rank.toml in the run's folder)",
    )  # fmt: skip


COMMANDS = (
    Command(
        "rank",
        "search the post-processing of a run's answers",
        "atarimae -C sake rank best --budget 2m --write ranked.toml",
        rank,
        _rank_words,
    ),
)
