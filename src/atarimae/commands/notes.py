"""Commands of what people say of runs: note."""

import argparse

from atarimae.commands.command import Arguments, Command, here, out, run_words


def note(arguments: Arguments) -> None:
    """Say something of a run."""
    run = here(arguments).note(
        arguments.name,
        arguments.text,
        conclusion=arguments.conclusion,
        tags=arguments.tag,
        untag=arguments.untag,
    )
    told = {
        "id": run.id,
        "notes": [note.as_dict() for note in run.notes],
        "conclusion": run.conclusion,
        "tags": list(run.tags),
    }
    tags = f" Tags: {', '.join(run.tags)}." if run.tags else ""
    out(arguments, told, f"Noted on {run.id}.{tags}")


def _note_words(command: argparse.ArgumentParser) -> None:
    run_words(command)
    command.add_argument("text", nargs="?", metavar="TEXT", help="what you saw")
    command.add_argument(
        "--conclusion", metavar="TEXT", help="what the run showed; the last one counts"
    )
    command.add_argument(
        "--tag", action="append", default=[], metavar="NAME", help="may be given several times"
    )
    command.add_argument(
        "--untag", action="append", default=[], metavar="NAME", help="take a tag away"
    )


COMMANDS = (
    Command(
        "note",
        "say what you saw, what it showed, and tag a run",
        'atarimae -C sake note best "ぶれた写真で負ける" --tag final',
        note,
        _note_words,
    ),
)
