"""Named arrays in a safetensors file, neither written nor read in one piece.

What is read is memory-mapped: it takes memory while it is used, and a file that is replaced or
deleted meanwhile stays as it was for whoever has it open.
"""

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.types import Array

BLOCK = 1 << 26  # bytes written at once
# The format's names, as far as we write and read them.
TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
NAMES = {np.dtype(kind): name for name, kind in TYPES.items()}


def write(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write them, the widest type first: so each begins where its numbers may begin in memory."""
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header, end = {}, 0
    for name in order:
        begin, end = end, end + arrays[name].nbytes
        header[name] = {
            "dtype": NAMES[arrays[name].dtype.newbyteorder("=")],
            "shape": list(arrays[name].shape), "data_offsets": [begin, end],
        }  # fmt: skip
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with files.whole(path) as stream:
        stream.write(len(head).to_bytes(8, "little") + head)
        for name in order:
            _write(stream, arrays[name])


def read(path: Path) -> dict[str, Array]:
    """The arrays of a file, by name; they can't be written to."""
    try:
        with safe_open(
            str(path), framework="np"
        ) as checked:  # refuses what is cut off or no header
            names = list(checked.keys())
        with path.open("rb") as stream:
            held = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        start = 8 + int.from_bytes(held[:8], "little")
        header = json.loads(held[8:start])
        return {name: _read(held, start, header[name]) for name in names}
    except (OSError, SafetensorError, KeyError) as error:
        raise AtarimaeError(
            f"{path} can't be read.", f"{error}.", "Copy it again, or make it anew."
        ) from None


def _write(stream: "files.Binary", rows: Array) -> None:
    if not rows.nbytes:
        return
    step = max(BLOCK * len(rows) // rows.nbytes, 1) if rows.ndim else 1
    for start in range(0, len(rows) if rows.ndim else 1, step):
        part = rows[start : start + step] if rows.ndim else rows
        part = np.ascontiguousarray(part, part.dtype.newbyteorder("<"))
        stream.write(part.reshape(-1).view(np.uint8).data)


def _read(held: mmap.mmap, start: int, about: dict[str, Any]) -> Array:
    begin, end = about["data_offsets"]
    kind = np.dtype(TYPES[about["dtype"]])
    count = (end - begin) // kind.itemsize
    if not count:  # there is nothing to map
        return np.zeros(about["shape"], kind)
    return np.frombuffer(held, kind, count, start + begin).reshape(about["shape"])
