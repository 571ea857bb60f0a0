"""A few fixed queries and what the model answers, as one picture: watch a model learn."""

import hashlib
import html
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pyvips
from PIL import Image, ImageOps

from atarimae.predict.source import open_source
from atarimae.score.evaluate import Evaluation
from atarimae.task import Task
from atarimae.types import File

QUERIES = 8
MATCHES = 5
SIDE = 96  # px of a picture
GAP = 8  # px around it
FRAME = 4  # px, around a match of the query's own class
RIGHT = (22, 140, 70)
QUALITY = 80  # of WebP
TEXT = 120  # characters of an answer without matches


def sheet(task: Task, found: Evaluation, max_pixels: int) -> bytes:
    """One row a query, as WebP: the query, and its best five matches, right ones framed.

    A task whose answers have no `matches` gets its answer as text instead.
    """
    rows = [_row(task, found, number, max_pixels) for number in drawn(found)]
    step = SIDE + 2 * GAP
    whole = Image.new("RGB", (step * (MATCHES + 1) + GAP, step * max(1, len(rows))), "white")
    for number, row in enumerate(rows):
        whole.paste(row, (0, step * number))
    stream = io.BytesIO()
    whole.save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()


def drawn(found: Evaluation) -> list[int]:
    """The rows of the queries that are shown, by hash of their images; with a class first."""
    asked = _asked(found)

    def place(row: int) -> tuple[bool, str]:
        file = asked[row]
        said = hashlib.sha256(f"probe {file.image}".encode()).hexdigest()
        return found.data.label(file) is None, said

    return sorted(range(len(asked)), key=place)[:QUERIES]


def _asked(found: Evaluation) -> list[File]:
    by_path = {file.path: file for file in found.data.files}
    return [by_path[key] for key in found.predictions.keys]


def _row(task: Task, found: Evaluation, number: int, max_pixels: int) -> Image.Image:
    query = _asked(found)[number]
    answer = task.answer(found.predictions, number, found.context)
    step = SIDE + 2 * GAP
    row = Image.new("RGB", (step * (MATCHES + 1) + GAP, step), "white")
    row.paste(_small(found.data.path(query), max_pixels), (GAP, GAP))
    matches = cast(Sequence[Mapping[str, object]] | None, answer.get("matches"))
    if matches is None:
        row.paste("black", (step + GAP, GAP), _text(answer, width=step * MATCHES - GAP))
        return row
    places = {file.path: file for file in (*found.context.index.files, *found.data.files)}
    label = found.data.label(query)
    for turn, match in enumerate(matches[:MATCHES], 1):
        picture = _small(found.data.path(places[str(match["file"])]), max_pixels)
        right = label is not None and match.get("label") == label
        framed = ImageOps.expand(picture, FRAME, RIGHT if right else "white")
        row.paste(framed, (step * turn + 2 * GAP - FRAME, GAP - FRAME))
    return row


def _small(path: Path, max_pixels: int) -> Image.Image:
    """The picture in the middle of a square of SIDE px."""
    picture = Image.fromarray(open_source(path, max_pixels).pixels(at_least=SIDE))
    return ImageOps.pad(picture, (SIDE, SIDE), color="white")


def _text(answer: Mapping[str, object], width: int) -> Image.Image:
    """The answer in black, as a mask; the system's fonts, so Japanese too where it has some."""
    said = json.dumps(answer, ensure_ascii=False, default=str)[:TEXT]
    drawn = pyvips.Image.text(html.escape(said), width=width, dpi=96, font="sans 10")
    mask = np.ndarray(
        buffer=drawn.write_to_memory(), dtype=np.uint8, shape=[drawn.height, drawn.width]
    )
    return Image.fromarray(mask[:SIDE])
