"""Commands that show runs: runs, show, compare."""

import argparse
from pathlib import Path

from atarimae.commands.command import Arguments, Command, here, out, run_words


def runs(arguments: Arguments) -> None:
    """List the runs."""
    from atarimae import runlog
    from atarimae.compare.table import runs_table
    from atarimae.runlog.where import pick

    workspace = here(arguments).folder
    if arguments.reindex:
        runlog.remove_index(workspace)
    known = pick(runlog.runs(workspace), arguments.where, arguments.sort)
    if arguments.pareto:
        from atarimae.compare.pareto import pareto, pareto_view

        choices = pareto(workspace, known)
        best = runlog.find_best(workspace)
        metric = best.score.metric if best and best.score else "score"
        told = {"metric": metric, "choices": [one.as_dict() for one in choices]}
        out(arguments, told, pareto_view(choices, metric))
        return
    out(arguments, {"runs": [run.row() for run in known]}, runs_table(known))


def show(arguments: Arguments) -> None:
    """Show one run."""
    from rich.console import Group

    from atarimae import runlog
    from atarimae.compare.expectation import outcome
    from atarimae.compare.table import run_view

    workspace = here(arguments)
    run = workspace.run(arguments.name)
    if arguments.html:
        path = workspace.run_report(run, arguments.html)
        out(arguments, {"id": run.id, "html": str(path)}, f"Wrote {path}.")
        return
    if arguments.brief:
        text = workspace.brief(run)
        out(arguments, {"id": run.id, "brief": text}, text.rstrip())
        return
    parent = runlog.get(workspace.folder, run.parent) if run.parent else None
    came = outcome(run)
    told = run.as_dict() | {"outcome": came.as_dict() if came else None}
    view = run_view(run, parent)
    if run.ensemble is not None:
        from atarimae.compare.ensemble import ensemble_table

        view = Group(ensemble_table(run.ensemble), "", view)
    out(arguments, told, view)


def compare(arguments: Arguments) -> None:
    """Compare two runs."""
    from atarimae.compare.table import comparison_table

    found = here(arguments).compare(arguments.first, arguments.second)
    out(arguments, found.as_dict(), comparison_table(found))


def _show_words(command: argparse.ArgumentParser) -> None:
    run_words(command)
    how = command.add_mutually_exclusive_group()
    how.add_argument(
        "--html", type=Path, metavar="FILE.html", help="write one file to send, with pictures"
    )
    how.add_argument(
        "--brief", action="store_true", help="at most 3,000 characters of Markdown, to paste"
    )


def _compare_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("first", metavar="RUN")
    command.add_argument("second", metavar="RUN")


def _runs_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--where",
        metavar="CONDITION",
        help="only runs of which this is true, as SQL's WHERE: score > .7 and loss = 'arcface'",
    )
    command.add_argument(
        "--sort", metavar="KEYS", help="columns parted by commas; -score is from high to low"
    )
    command.add_argument(
        "--pareto",
        action="store_true",
        help="which recipes no other beats in accuracy, speed and size together",
    )
    command.add_argument(
        "--reindex", action="store_true", help="read every run folder anew, whatever the index says"
    )


COMMANDS = (
    Command(
        "runs",
        "list the runs",
        "atarimae -C sake runs --where \"score > .7 and loss = 'arcface'\" --sort -score",
        runs,
        _runs_words,
    ),
    Command("show", "show one run", "atarimae -C sake show best", show, _show_words),
    Command(
        "compare",
        "did the second run help?",
        "atarimae -C sake compare 7gk2 best",
        compare,
        _compare_words,
    ),
)
