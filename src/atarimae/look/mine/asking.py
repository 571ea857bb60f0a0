"""From words to what is found: the examples they name, the pool they mean, the queue they want."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atarimae.errors import AtarimaeError, UsageError
from atarimae.look.mine.examples import example, of_class, read_box_of
from atarimae.look.mine.mine import Mined, Wish, mine
from atarimae.look.mine.pool import of_files, unlabelled
from atarimae.look.mine.queue import queue_found
from atarimae.store import Store
from atarimae.types import Data, Progress, named, silent
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """What somebody asked for, in words that people read later; and for which class, if any."""

    wish: Wish
    why: str
    label: str = ""


def asked(
    data: Data, images: Sequence[str], boxes: Sequence[str], label: str = "", **how: Any
) -> Asked:
    """The wish that words make of the data; `label` is a class. `how` are other fields of `Wish`.

    A class that has no example yet is only what it is mined for, where examples are given.
    """
    examples = [example(data, name) for name in images]
    examples += [example(data, *read_box_of(text)) for text in boxes]
    if label and not examples:
        examples = of_class(data, label)
    if not examples:
        raise UsageError(
            "What is to be found?", "", "Show it: --image FILE, --box 'FILE x0,y0,x1,y1', --class."
        )
    _check(**how)
    told = [*images, *boxes]
    why = f"like {', '.join(told)}" if told else f"like what is of class {label}"
    return Asked(Wish(tuple(examples), **how), why, label)


def found(
    workspace: Workspace,
    wanted: Asked,
    paths: Sequence[Path] | None = None,
    queue: str = "",
    progress: Progress = silent,
) -> Mined:
    """What is found among images without labels, or in the files at `paths`; queued if wanted."""
    data, pool = Store(workspace).data(), None
    if paths is None:
        found = mine(workspace, searched(data, wanted), wanted.wish, progress)
    else:
        pool, failed = of_files(
            paths, workspace.root, {file.image for file in data.files},
            max_pixels=workspace.max_pixels, progress=named(progress, "pool"),
        )  # fmt: skip
        if not len(pool):
            raise AtarimaeError(
                "There is nothing to search.",
                f"Of {len(paths):,} pictures there all are in the workspace or can't be read.",
                "Leave --pool out to look through the workspace.",
            )
        found = mine(workspace, pool, wanted.wish, progress)
        found = replace(found, unread={**failed, **found.unread})
    if queue:
        put = queue_found(workspace, queue, found.results, wanted.why, pool=pool)
        found = replace(found, queue=queue, queued=put)
    return found


def searched(data: Data, wanted: Asked) -> Data:
    """What of the workspace is looked through."""
    return unlabelled(data, wanted.label, {one.image for one in wanted.wish.examples})


def _check(top: int = 1, scales: Sequence[float] = (1.0,), tiles: int = 1, model: str = "") -> None:
    if top < 1 or tiles < 1:
        raise UsageError(
            "Nothing can be found so.", f"top is {top}, tiles is {tiles}.", "Both are 1 or more."
        )
    if not scales or not all(0.05 <= scale <= 20 for scale in scales):
        told = ", ".join(f"{scale:g}" for scale in scales)
        raise UsageError(
            "These scales can't be searched.", f"They are {told or 'none'}.",
            "Give multiples of the example's size from 0.05 to 20: 0.5,1,2.",
        )  # fmt: skip
