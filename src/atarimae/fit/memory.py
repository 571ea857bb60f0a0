"""What a training on the processor frees stays with the process until its end.

A step's tensors are of tens of megabytes. glibc takes such from the system and gives them back one
by one, and the system fills each with zeros anew, which is a good part of a step's time.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # glibc's malloc.h
KEEP = {MMAP_MAX: 0, TRIM_THRESHOLD: 2**31 - 1}
USUAL = {MMAP_MAX: 65536, TRIM_THRESHOLD: 128 * 1024}  # glibc's own


@contextmanager
def kept(device: str) -> Iterator[None]:
    """Freed memory is kept inside, and given back at the end; does nothing without glibc."""
    libc = _glibc() if device == "cpu" else None
    if libc is None:
        yield
        return
    _set(libc, KEEP)
    try:
        yield
    finally:
        _set(libc, USUAL)
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None


def _set(libc: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        libc.mallopt(option, value)
