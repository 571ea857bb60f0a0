"""A run's metrics as curves of few points, for tables and pages over many runs."""

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt

from atarimae.runlog import index, records
from atarimae.runlog.reader import Run
from atarimae.workspace import Workspace

Points = npt.NDArray[np.float64]  # n × 2, in the order of logging: x, value

KIND = "curves"
MOST = 300  # points a metric
FILE = ("metrics.jsonl",)


def curves(workspace: Workspace, runs: Iterable[Run]) -> dict[str, dict[str, Points]]:
    """Each run's metrics by id and name, at most 300 points a metric; the index keeps them.

    x is the step of a value, else its epoch, else its place in the file. Where more values were
    logged, the first and the last are kept, and of equal stretches between the lowest and the
    highest: a spike is not lost. Every point was logged, none is a mean. NaN stays NaN.
    """
    wanted = {run.id: run.folder for run in runs}
    kept = index.get(workspace, KIND, wanted)
    fresh: dict[str, tuple[str, bytes]] = {}
    found = {}
    for id, folder in wanted.items():
        stamp, newest = records.stamp(str(folder), FILE)
        if stamp and id in kept and kept[id][0] == stamp:
            found[id] = _decode(kept[id][1])
            continue
        found[id] = _read((folder / FILE[0]).read_bytes()) if stamp else {}
        if stamp and index.is_settled(newest):
            fresh[id] = stamp, _encode(found[id])
    index.put(workspace, KIND, fresh)
    return found


def _read(text: bytes) -> dict[str, Points]:
    values: dict[str, list[tuple[float, float]]] = {}
    for number, line in enumerate(_lines(text)):
        x = line.get("step", line.get("epoch", number))
        try:
            point = float(cast(float, x)), float(cast(float, line["value"]))
            values.setdefault(str(line["name"]), []).append(point)
        except (KeyError, TypeError, ValueError):
            continue  # some other record than a metric
    return {name: _few(np.array(points, np.float64)) for name, points in values.items()}


def _lines(text: bytes) -> list[dict[str, object]]:
    """The lines of a JSONL file, without those that a crash or a disk broke."""
    lines = text[: text.rfind(b"\n") + 1].splitlines()
    try:  # all at once takes a third of the time
        return cast(list[dict[str, object]], json.loads(b"[" + b",".join(lines) + b"]"))
    except ValueError:
        return [value for line in lines if isinstance(value := _value(line), dict)]


def _value(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _few(points: Points) -> Points:
    """At most `MOST` of the points, in their order."""
    if len(points) <= MOST:
        return points
    edges = np.linspace(1, len(points) - 1, MOST // 2).astype(int)
    chosen = {0, len(points) - 1}
    for begin, end in pairwise(edges.tolist()):
        stretch = np.nan_to_num(points[begin:end, 1])
        chosen |= {begin + int(stretch.argmin()), begin + int(stretch.argmax())}
    return points[sorted(chosen)]


def _encode(found: Mapping[str, Points]) -> bytes:
    """A line of JSON with names and lengths, then the numbers as little-endian float64."""
    head = json.dumps([[name, len(points)] for name, points in found.items()])
    numbers = b"".join(points.astype("<f8").tobytes() for points in found.values())
    return head.encode() + b"\n" + numbers


def _decode(kept: bytes) -> dict[str, Points]:
    head, _, numbers = kept.partition(b"\n")
    every = np.frombuffer(numbers, "<f8").reshape(-1, 2)
    found, begin = {}, 0
    for name, length in json.loads(head):
        found[name] = every[begin : begin + length]
        begin += length
    return found
