"""The hash of a version's content: two workspaces with the same data have the same one."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from atarimae.types import REMARKS, Box, File, Label


def content_hash(
    files: Iterable[File],
    labels: Mapping[str, Sequence[Label]],
    covered: Mapping[str, frozenset[str]] | None = None,
) -> str:
    """SHA-256 of what the data says: who said it, paths and the order of files left out.

    Labels count as they are read: the class that is meant, not the name that it was said under.
    Runs name versions by it, so what it makes of a label is never changed. What a kind of label
    has beyond a class and an upright box is appended, where there is any, and so is coverage.
    """
    looked = covered or {}
    lines = sorted(
        json.dumps(
            [
                [file.image, file.split, file.role, file.group, file.source],
                # In the order they were said: where a task wants one class, the first counts.
                [
                    _said(said)
                    for said in labels.get(file.image, ())
                    if said.kind not in REMARKS  # that somebody looked changes no data
                ],
                *([sorted(looked[file.image])] if file.image in looked else ()),
            ],
            ensure_ascii=True,
        )
        for file in files
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _said(label: Label) -> list[object]:
    said: list[object] = [label.kind, label.value, _box(label.box), str(label.score)]
    if label.points:
        said.append(label.points)
    if label.other is not None:
        said.append(label.other)
    return said


def _box(box: Box | None) -> str:
    """As the record was printed before boxes had an angle."""
    if box is None:
        return "None"
    angle = f", angle={box.angle!r}" if box.angle else ""
    return f"Box(x0={box.x0!r}, y0={box.y0!r}, x1={box.x1!r}, y1={box.y1!r}{angle})"
