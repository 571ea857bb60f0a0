"""The command that tries an idea."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atarimae.commands.command import Arguments, Command, here, out
from atarimae.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from atarimae.api import Workspace
    from atarimae.fit.again import Again
    from atarimae.runlog import Run

AUTO = "auto"  # as far up the stages as the idea gets


def fit(arguments: Arguments) -> int:
    """Try an idea."""
    workspace = here(arguments)
    if arguments.again:
        _refuse_changes(arguments, "--again")
        found = workspace.again(arguments.again)
        out(arguments, found.as_dict(), _again_text(found))
        return 0 if found.same else 1
    if arguments.resume:
        _refuse_changes(arguments, "--resume")
        run = workspace.resume(arguments.resume, device=arguments.device)
    elif arguments.ensemble:
        return _join(arguments)
    elif arguments.stage == AUTO:
        _climb(arguments)
        return 0
    else:
        _refuse_gate(arguments)
        run = workspace.fit(arguments.recipe, stage=_stage(arguments), **_told(arguments))
    from atarimae.compare.table import runs_table

    _tell(workspace, [run])
    out(arguments, run.row(), runs_table([run]))
    return 0


def _join(arguments: Arguments) -> int:
    """Join runs, and say what each adds."""
    _refuse_training(arguments)
    workspace = here(arguments)
    run = workspace.ensemble(
        arguments.ensemble, arguments.recipe, because=arguments.because or _reason(),
        parent=arguments.parent, expect=arguments.expect, **_changes(arguments.set),
    )  # fmt: skip
    from rich.console import Group

    from atarimae.compare.ensemble import ensemble_table
    from atarimae.compare.table import runs_table

    _tell(workspace, [run])
    told = run.ensemble
    assert told is not None, "it was just written"
    value = run.row() | {"ensemble": told.as_dict()}
    out(arguments, value, Group(runs_table([run]), "", ensemble_table(told)))
    return 0


def _tell(workspace: "Workspace", runs: "Sequence[Run]") -> None:
    """What to know of them beside the scores, on stderr: the last one's data, and submissions."""
    from atarimae import submission
    from atarimae.score import leaks

    seen = workspace.seen(runs[-1])
    told = [leaks.told(runs[-1].leaks), seen, *map(submission.told, runs)]
    sys.stderr.writelines(f"{line}\n" for line in told if line)


def _stage(arguments: Arguments) -> str:
    from atarimae.score.gate import STAGES

    stage = str(arguments.stage or "holdout")
    if stage not in STAGES:
        raise unknown_name("stage", stage, [*STAGES, AUTO])
    return stage


def _again_text(found: "Again") -> str:
    told = f"Run {found.of} again, as {found.run}: "
    if found.same:
        return (
            f"{told}the same, bit for bit. {found.metric} {found.second:.6g}, {found.parts:,} parts"
            f" and {found.predictions:,} predictions"
            + (", and the weights too." if found.weights else ".")
        )
    lines = [
        f"{told}not the same.",
        f"{found.metric} {found.first:.6g} → {found.second:.6g} "
        f"({found.second - found.first:+.2g}); {found.unlike:,} of {found.parts:,} parts differ, "
        f"by {found.largest:.2g} at most; {found.moved:,} of {found.predictions:,} predictions.",
    ]
    lines += [f"  {one}" for one in found.changed] or ["  The start was the same in all we know."]
    return "\n".join(lines)


def _climb(arguments: Arguments) -> None:
    given = {name: getattr(arguments, name) for name in ("gate", "audit")}
    known = {name: value for name, value in given.items() if value is not None}
    workspace = here(arguments)
    climb = workspace.climb(arguments.recipe, **known, **_told(arguments))
    from atarimae.ideas.table import climb_table

    _tell(workspace, [rung.run for rung in climb.rungs if rung.run])
    out(arguments, climb.as_dict(), climb_table(climb))


def _told(arguments: Arguments) -> dict[str, Any]:
    """What the command line says of an idea."""
    return {
        "because": arguments.because or _reason(),
        "folds": 3 if arguments.folds is None else arguments.folds,
        "seed": arguments.seed or 0,
        "device": arguments.device,
        "parent": arguments.parent,
        "expect": arguments.expect,
        **_changes(arguments.set),
    }


def _fit_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("recipe", nargs="?", type=Path, metavar="RECIPE.toml")
    command.add_argument("--because", metavar="TEXT", help="why this is worth trying")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="key=value",
        help="change one setting; may be given several times",
    )
    command.add_argument("--stage", help="smoke, holdout, folds or auto (holdout)")
    command.add_argument("--folds", type=int, help="how many, at stage folds (3)")
    command.add_argument(
        "--gate", type=float, metavar="CHANCE",
        help="at stage auto: reject below this chance of being better (0.1)",
    )  # fmt: skip
    command.add_argument(
        "--audit", type=float, metavar="SHARE",
        help="at stage auto: share of the rejected that goes on anyway (0.05)",
    )  # fmt: skip
    command.add_argument("--seed", type=int, help="of all that is drawn (0)")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    command.add_argument(
        "--expect", metavar="DIFFERENCE", help="what it should gain on the parent: +0.01 or +2%%"
    )
    command.add_argument("--parent", metavar="RUN", help="what it is compared with (the best)")
    command.add_argument(
        "--ensemble", nargs="+", metavar="RUN", help="join runs that are there into one"
    )
    command.add_argument("--resume", metavar="RUN", help="go on with a run that was stopped")
    command.add_argument("--again", metavar="RUN", help="run a run again: does the same come out?")


def _refuse_changes(arguments: Arguments, option: str) -> None:
    """A run that is gone on with, or run again, keeps what it was started with."""
    given = {
        "RECIPE.toml": arguments.recipe,
        "--set": arguments.set,
        "--because": arguments.because is not None,
        "--stage": arguments.stage is not None,
        "--folds": arguments.folds is not None,
        "--gate": arguments.gate is not None,
        "--audit": arguments.audit is not None,
        "--seed": arguments.seed is not None,
        "--parent": arguments.parent,
        "--expect": arguments.expect is not None,
        "--ensemble": arguments.ensemble,
        "--resume": arguments.resume if option == "--again" else None,
        "--device": option == "--again" and arguments.device != "auto",
    }
    named = [name for name, value in given.items() if value]
    if named:
        raise UsageError(
            f"A run that is {'resumed' if option == '--resume' else 'run again'} can't be changed.",
            f"Found {', '.join(named)} beside {option}.",
            f"Leave that out, or start a new run without {option}.",
        )


def _refuse_training(arguments: Arguments) -> None:
    """Joining trains nothing, and members say at which stage."""
    names = ("stage", "folds", "gate", "audit", "seed")
    given = [f"--{name}" for name in names if getattr(arguments, name) is not None]
    given += ["--device"] if arguments.device != "auto" else []
    if given:
        raise UsageError(
            "An ensemble trains nothing.",
            f"Found {', '.join(given)} beside --ensemble.",
            "Leave that out: stage and folds are those of its members.",
        )


def _refuse_gate(arguments: Arguments) -> None:
    given = [name for name in ("gate", "audit") if getattr(arguments, name) is not None]
    if given:
        raise UsageError(
            "Only stage auto has a gate.",
            f"Found --{' and --'.join(given)} at stage {arguments.stage or 'holdout'}.",
            "Give --stage auto, or leave that out.",
        )


def _reason() -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "A run needs a reason.", "There is no terminal to ask at.", 'Give --because "…".'
        )
    sys.stderr.write("Why is this worth trying? ")
    sys.stderr.flush()
    reason = sys.stdin.readline().strip()
    if not reason:
        raise UsageError("A run needs a reason.", "It is empty.", 'Give --because "…".')
    return reason


def _changes(given: Sequence[str]) -> dict[str, Any]:
    """`key=value` as TOML would read the value; what is no TOML is a string."""
    import tomllib

    changes: dict[str, Any] = {}
    for change in given:
        key, equals, value = change.partition("=")
        if not equals:
            raise UsageError(f"--set {change} sets nothing.", "It has no '='.", "Write key=value.")
        try:
            changes[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            changes[key.strip()] = value
    return changes


COMMANDS = (
    Command(
        "fit",
        "try an idea, and log it",
        'atarimae -C sake fit --because "labels are small: larger images" --set image_size=320',
        fit,
        _fit_words,
    ),
)
