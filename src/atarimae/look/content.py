"""The bytes of an image: only what the store knows, and only while it is what was added."""

import hashlib
import os
import stat
from collections.abc import Sequence
from io import BufferedReader, BytesIO
from pathlib import Path

from atarimae.types import Data, File, Image

Content = BytesIO | BufferedReader

IN_MEMORY = 64 << 20  # bytes; a larger file is hashed and read through one open handle


def open_verified(
    data: Data, image: Image, files: Sequence[File], in_memory: int | None = None
) -> tuple[Content, Path] | None:
    """The content of the first of `files` that still hashes to the image, None where none does.

    The hash is of the very bytes that are handed out, so that a path which was swapped for a link
    to another file gives nothing. Of more than `in_memory` bytes (`IN_MEMORY`) the open file is
    handed out: `written` tells whether somebody wrote into it meanwhile.
    """
    held = IN_MEMORY if in_memory is None else in_memory
    for file in files:
        stream = _open(data.path(file), image, held)
        if stream is not None:
            return stream, data.path(file)
    return None


def written(content: Content) -> tuple[int, int, int]:
    """When an open file was written to, and its size; zeros for what is held in memory."""
    if isinstance(content, BytesIO):
        return 0, 0, 0
    status = os.fstat(content.fileno())
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _open(path: Path, image: Image, in_memory: int) -> Content | None:
    try:
        # Without O_NONBLOCK a named pipe that took the file's place would hold us for ever.
        stream = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb")
    except OSError:
        return None
    status = os.fstat(stream.fileno())
    if not stat.S_ISREG(status.st_mode) or status.st_size != image.bytes:
        stream.close()
        return None
    before = written(stream)
    if image.bytes <= in_memory:
        with stream:
            content: Content = BytesIO(stream.read(image.bytes))
    else:
        content = stream
    is_same = hashlib.file_digest(content, "sha256").hexdigest() == image.hash
    if not is_same or (content is stream and written(stream) != before):
        content.close()
        return None
    content.seek(0)
    return content
