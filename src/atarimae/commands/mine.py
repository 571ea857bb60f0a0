"""Commands of what to label next: mine finds it in a pool, queues lists what was put aside."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out
from atarimae.errors import UsageError

if TYPE_CHECKING:
    from atarimae.look.mine import Mined

SHOWN = 10
UNREAD = 5


def mine(arguments: Arguments) -> int:
    """Find images worth labelling; 1 where some files could not be read."""
    how = {name: getattr(arguments, name) for name in ("top", "scales", "tiles", "model")}
    found = here(arguments).mine(
        image=arguments.image, box=arguments.box, label=arguments.label or "",
        pool=arguments.pool, queue=arguments.queue or "",
        **{name: value for name, value in how.items() if value is not None},
    )  # fmt: skip
    out(arguments, found.as_dict(), "\n".join(_lines(found)))
    return 1 if found.unread else 0


def _lines(found: "Mined") -> list[str]:
    sides = " and ".join(f"{side} px" if side else "whole images" for side in found.levels)
    lines = [
        f"{len(found.results):,} of {found.images:,} images, by {found.tiles:,} tiles ({sides}) "
        f"as {found.model} sees them. 1 is an example itself, 0 the pool's usual tile."
    ]
    for one in found.results[:SHOWN]:
        place = f"  at {_corners(one.box)}" if one.box else ""
        copies = f"  and {len(one.copies):,} copies" if one.copies else ""
        lines.append(f"  {one.score:6.3f}  {one.file}{place}{copies}")
    if len(found.results) > SHOWN:
        lines.append(f"  … {len(found.results) - SHOWN:,} more, with --json")
    if found.unread:
        told = [f"  {file}: {why}" for file, why in [*found.unread.items()][:UNREAD]]
        lines += [f"{len(found.unread):,} files could not be read:", *told]
    if found.queue:
        lines.append(f"Put {found.queued:,} into the queue '{found.queue}'.")
        lines.append(f"Label them: atarimae look, and there /?queue={found.queue}")
    return lines


def _corners(box: object) -> str:
    names = ("x0", "y0", "x1", "y1")
    return ",".join(f"{getattr(box, name):g}" for name in names)


def queues(arguments: Arguments) -> None:
    """List the queues, or what is in one; or forget one."""
    from atarimae.store import Store

    store = Store(here(arguments).folder)
    if arguments.name is None:
        if arguments.drop:
            raise UsageError("Which queue is to be dropped?", "", "Name it before --drop.")
        known = store.queues.names()
        lines = [f"{many:6,}  {name}" for name, many in known.items()]
        out(arguments, {"queues": known}, "\n".join(lines or ["There is no queue yet."]))
        return
    if arguments.drop:
        gone = store.queues.drop(arguments.name)
        text = f"Dropped the queue '{arguments.name}' of {gone:,} images. The images stay."
        out(arguments, {"queue": arguments.name, "dropped": gone}, text)
        return
    items = store.queues.of(arguments.name)
    files = {file.image: file.path for file in reversed(store.data(hashed=False).files)}
    rows = [
        {
            "file": files.get(one.image), "image": one.image, "why": one.why, "by": one.by,
            "box": None if one.box is None else [*asdict(one.box).values()][:4],
        }
        for one in items
    ]  # fmt: skip
    paths = [files[one.image] for one in items if one.image in files]
    out(arguments, {"queue": arguments.name, "images": rows}, "\n".join(paths))


def _scales(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _mine_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--image", action="append", default=[], metavar="FILE",
        help="a picture of what is sought; may be given again",
    )  # fmt: skip
    command.add_argument(
        "--box", action="append", default=[], metavar="'FILE X0,Y0,X1,Y1'",
        help="or a part of a picture, in px after EXIF rotation; may be given again",
    )  # fmt: skip
    command.add_argument(
        "--class", dest="label", metavar="NAME",
        help="or what is of this class already; beside other examples: what they are mined for",
    )  # fmt: skip
    command.add_argument(
        "--pool", type=Path, metavar="FOLDER",
        help="look through this folder, in place of the workspace's images without a label",
    )  # fmt: skip
    command.add_argument("--top", type=int, metavar="N", help="how many images at most (200)")
    command.add_argument("--queue", metavar="NAME", help="put them into the queue of that name")
    command.add_argument(
        "--scales", type=_scales, metavar="S,S",
        help="how large it is in the pool, as multiples of its size in the examples (1)",
    )  # fmt: skip
    command.add_argument("--tiles", type=int, metavar="N", help="tiles of one image at most (4096)")
    command.add_argument(
        "--model", metavar="RUN|BUNDLE", help="whose embeddings are compared (the newest run's)"
    )


def _queues_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", metavar="NAME", help="list the files of this queue")
    command.add_argument("--drop", action="store_true", help="forget it; its images stay")


COMMANDS = (
    Command(
        "mine",
        "find the unlabelled images that show what examples show",
        "atarimae -C drawings mine --box 'a.png 10,20,80,90' --queue weld",
        mine,
        _mine_words,
    ),
    Command(
        "queues",
        "list what was put aside to be labelled",
        "atarimae -C drawings queues weld",
        queues,
        _queues_words,
    ),
)
