"""Commands of the data: init, add, export, look."""

import argparse
import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae import api
from atarimae.commands.command import Arguments, Command, here, out

if TYPE_CHECKING:
    from atarimae.export import Exported
    from atarimae.look.document import Report

PLAIN = ("csv", "folder")  # formats that nobody is surprised by


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
    report = here(arguments).add(
        arguments.sources, labels=arguments.labels, format=arguments.format, copy=arguments.copy
    )
    lines = [
        f"{report.added:,} added, {report.present:,} already there, {len(report.refused):,} refused"
        + (f", {report.ignored:,} ignored: no pictures by name" if report.ignored else "")
        + (f", {report.mended:,} left out: an edit took them out before" if report.mended else "")
    ]
    if report.covered:
        lines.append(f"  {report.covered:,} classes of images looked through to the end")
    others = {source: name for source, name in report.formats.items() if name not in PLAIN}
    lines += [f"  {source}: read as {name}" for source, name in others.items()]
    lines += [f"  {line}" for line in report.told()]
    lines += [f"  {r.file}: {r.found} {r.fix}" for r in report.refused]
    out(arguments, report.as_dict(), "\n".join(lines))
    return 1 if report.refused else 0


def export(arguments: Arguments) -> int:
    """Write the labels for another tool."""
    done = here(arguments).export(
        arguments.format, arguments.folder, copy=arguments.copy, at=arguments.at,
        split=arguments.split,
    )  # fmt: skip
    lines = [
        f"{done.files:,} files with {done.classes:,} classes{_shapes(done)} and {done.boxes:,} "
        f"boxes, as of edit {done.edit}, in {done.folder}"
    ]
    lines += ["Not carried:", *(f"  {line}" for line in done.told())] if done.left else []
    lines += [f"  {r.file}: {r.found} {r.fix}" for r in done.missing]
    lines.append(f"Back again with: atarimae add {shlex.quote(str(done.again))}")
    out(arguments, done.as_dict(), "\n".join(lines))
    return 1 if done.missing else 0


def _shapes(done: "Exported") -> str:
    """Outlines, texts and pairs, where there are any."""
    found = {"outlines": done.outlines, "texts": done.texts, "pairs": done.pairs}
    return "".join(f", {count:,} {name}" for name, count in found.items() if count)


def look(arguments: Arguments) -> None:
    """Show the page, or write the report."""
    workspace = here(arguments)
    if arguments.report:
        report = workspace.report(arguments.report)
        out(arguments, report.as_dict(), "\n".join(_report_lines(report)))
        return
    if arguments.repair:
        _repair(arguments, workspace)
        return
    if arguments.economics:
        found = workspace.economics()
        out(arguments, found.as_dict(), "\n".join(found.lines()))
        return
    if arguments.json:
        out(arguments, workspace.queue().as_dict(), "")
        return
    workspace.look(
        host=arguments.host, port=arguments.port, open_browser=not arguments.no_browser,
        share=arguments.share, edit=arguments.edit, unseen=arguments.unseen,
    )  # fmt: skip


def _report_lines(report: "Report") -> list[str]:
    """How many findings each check has, that with the dearest one first; and what is not known."""
    counts = Counter(entry.finding.check for entry in report.queue.entries)
    lines = [f"Findings: {len(report.findings):,}. See {report.path}."]
    lines += [f"  {count:>6,}  {check}" for check, count in counts.items()]
    lines += [f"{report.queue.left}."] if report.queue.left else []
    return lines + [f"Not known of {check}: {lacks}" for check, lacks in report.queue.lacks.items()]


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
        help="a folder with a sub-folder a class, a folder with --labels, or a file or folder of "
        "labels, packed or not: CSV, COCO, YOLO, Pascal VOC, labelme, Label Studio, CVAT, "
        "FiftyOne, Hugging Face",
    )
    command.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="a CSV with columns file, label and optionally split, role, group, source, x0, y0, "
        "x1, y1; or a file or folder in another format",
    )
    command.add_argument(
        "--format", metavar="NAME", help="csv, coco, … ; the content tells it if not given"
    )
    command.add_argument("--copy", action="store_true", help="copy the files into the workspace")


def _export_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "format",
        metavar="FORMAT",
        help="csv, coco, yolo, voc, labelme, labelstudio, cvat, fiftyone, huggingface or folder",
    )
    command.add_argument("folder", type=Path, metavar="OUT", help="a folder, empty or not there")
    command.add_argument(
        "--copy", action="store_true", help="copy the pictures, for other machines"
    )
    command.add_argument(
        "--at", type=int, metavar="EDIT", help="the data as it was after that edit"
    )
    command.add_argument("--split", metavar="SPLIT", help="only the files of train, val or test")


def _look_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("--report", type=Path, metavar="FILE.html", help="write one file instead")
    command.add_argument(
        "--repair", action="store_true",
        help="keep copies of one picture on one side of the split, as one edit",
    )  # fmt: skip
    command.add_argument(
        "--economics", action="store_true",
        help="tell labels saved, seconds a label, and what 200 more labels would likely bring",
    )  # fmt: skip
    command.add_argument("--port", type=int, help="the first free one from 7860 on if not given")
    command.add_argument(
        "--host", default="127.0.0.1",
        help="the address to bind to; one beyond this machine is shared (127.0.0.1)",
    )  # fmt: skip
    command.add_argument("--no-browser", action="store_true", help="only print the address")
    command.add_argument(
        "--unseen", action="store_true", help="begin with what you have not looked at yet"
    )
    command.add_argument(
        "--share",
        action="store_true",
        help="for your phone and others: an address with a token, and a QR code of it",
    )
    command.add_argument(
        "--edit", action="store_true",
        help="those it is shared with may change the data, each under a name of their own",
    )  # fmt: skip


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
        "export",
        "write the labels for another tool",
        "atarimae -C sake export coco sake-coco --copy",
        export,
        _export_words,
    ),
    Command(
        "look",
        "see the data, the findings and the runs",
        "atarimae -C sake look",
        look,
        _look_words,
    ),
)
