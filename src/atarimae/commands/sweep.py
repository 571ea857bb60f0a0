"""The command that tries many ideas."""

import argparse
from pathlib import Path

from atarimae.commands.command import Arguments, Command, here, out


def sweep(arguments: Arguments) -> None:
    """Try ideas of a space until a budget is spent."""
    found = here(arguments).sweep(
        arguments.space,
        budget=arguments.budget,
        ideas=arguments.ideas,
        stage=arguments.stage,
        seed=arguments.seed,
        device=arguments.device,
        workers=arguments.workers,
    )
    from atarimae.sweep.advice import as_dict
    from atarimae.sweep.table import view

    out(arguments, as_dict(found), view(found))


def _sweep_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("space", type=Path, metavar="SPACE.toml")
    command.add_argument("--budget", metavar="TIME", help="30m, 2h, 90s: of all its sessions")
    command.add_argument("--ideas", type=int, metavar="N", help="how many, as it is among them")
    command.add_argument(
        "--stage", default="holdout", help="the dearest: smoke, holdout or folds (holdout)"
    )
    command.add_argument("--seed", type=int, default=0, help="of proposals and fits (0)")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    command.add_argument(
        "--workers", default="1", metavar="WHO", help="a number of processes, or ray[:ADDRESS] (1)"
    )


COMMANDS = (
    Command(
        "sweep",
        "try many ideas of a space, within a budget",
        "atarimae -C sake sweep space.toml --budget 30m --workers 2",
        sweep,
        _sweep_words,
    ),
)
