"""The command that copies runs to another tracker."""

import argparse

from atarimae.commands.command import Arguments, Command, here, out


def mirror(arguments: Arguments) -> None:
    """Copy the runs, or what is new of them."""
    found = here(arguments).mirror(
        arguments.to, experiment=arguments.experiment, models=arguments.models
    )
    counts = ", ".join(f"{found.count(what)} {what}" for what in ("new", "updated", "unchanged"))
    text = (
        f"runs in '{found.experiment}': {counts}; "
        f"{found.metrics:,} values and {found.files:,} files copied"
    )
    out(arguments, found.as_dict(), text)


def _words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--to",
        metavar="PLACE",
        required=True,
        help="sqlite:///FILE or http://HOST:PORT (MLflow), wandb or wandb:DIR",
    )
    command.add_argument(
        "--experiment", metavar="NAME", help="as it is called there; the workspace's folder if not"
    )
    command.add_argument("--models", action="store_true", help="copy the models too")


COMMANDS = (
    Command(
        "mirror",
        "copy the runs to MLflow or W&B",
        "atarimae -C sake mirror --to sqlite:///mlflow.db",
        mirror,
        _words,
    ),
)
