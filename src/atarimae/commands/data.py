"""Commands of the data: init, add, look."""

import argparse
from pathlib import Path

from atarimae import api
from atarimae.commands.command import Arguments, Command, here, out


def init(arguments: Arguments) -> None:
    """Make a workspace."""
    folder = arguments.directory / arguments.folder
    made = api.init(folder, arguments.task)
    out(
        arguments,
        {"workspace": str(made.folder.root)},
        f"Made {made.folder.root}. Next: atarimae -C {arguments.folder} add PHOTOS",
    )


def add(arguments: Arguments) -> int:
    """Take files and labels in."""
    report = here(arguments).add(arguments.sources, labels=arguments.labels, copy=arguments.copy)
    lines = [
        f"{report.added:,} added, {report.present:,} already there, {len(report.refused):,} refused"
        + (f", {report.ignored:,} ignored: no pictures by name" if report.ignored else "")
    ]
    lines += [f"  {r.file}: {r.found} {r.fix}" for r in report.refused]
    out(arguments, report.as_dict(), "\n".join(lines))
    return 1 if report.refused else 0


def look(arguments: Arguments) -> None:
    """Show the page, or write the report."""
    workspace = here(arguments)
    if arguments.report:
        report = workspace.report(arguments.report)
        out(arguments, report.as_dict(), f"Findings: {len(report.findings)}. See {report.path}.")
        return
    if arguments.repair:
        _repair(arguments, workspace)
        return
    if arguments.json:
        out(arguments, {"findings": [finding.as_dict() for finding in workspace.findings()]}, "")
        return
    workspace.look(
        port=arguments.port, open_browser=not arguments.no_browser, share=arguments.share
    )


def _repair(arguments: Arguments, workspace: "api.Workspace") -> None:
    edit, files = workspace.repair_split()
    changed = [{"file": f.path, "split": f.split, "group": f.group} for f in files]
    said = (
        f"Edit {edit.id}: {len(files):,} files have copies across the split and stay together now. "
        f"Back again with: atarimae undo {edit.id}"
        if edit
        else "No copies lie across a split: nothing was changed."
    )
    out(arguments, {"edit": edit.id if edit else None, "files": changed}, said)


def _init_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="DIR")
    command.add_argument("--task", default="retrieve", help="what is predicted (retrieve)")


def _add_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "sources",
        nargs="+",
        type=Path,
        metavar="SOURCE",
        help="a folder with a sub-folder a class, a folder with --labels, a CSV or a COCO file",
    )
    command.add_argument(
        "--labels",
        type=Path,
        metavar="CSV",
        help="columns file, label and optionally split, role, group, source, x0, y0, x1, y1; or a "
        "COCO file",
    )
    command.add_argument("--copy", action="store_true", help="copy the files into the workspace")


def _look_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, metavar="FILE.html", help="write one file instead")
    command.add_argument(
        "--repair", action="store_true",
        help="keep copies of one picture on one side of the split, as one edit",
    )  # fmt: skip
    command.add_argument("--port", type=int, help="the first free one from 7860 on if not given")
    command.add_argument("--no-browser", action="store_true", help="only print the address")
    command.add_argument(
        "--share",
        action="store_true",
        help="for your phone and others: an address with a token, and a QR code of it",
    )


COMMANDS = (
    Command("init", "make a workspace", "atarimae init sake --task retrieve", init, _init_words),
    Command(
        "add",
        "take files and labels in",
        "atarimae -C sake add photos --labels labels.csv",
        add,
        _add_words,
    ),
    Command(
        "look",
        "see the data, the findings and the runs",
        "atarimae -C sake look",
        look,
        _look_words,
    ),
)
