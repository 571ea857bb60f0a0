"""Freed memory stays with the process while it trains, and no longer."""

import ctypes
import sys
from pathlib import Path

import numpy as np
import pytest

from atarimae.fit import memory

MEGABYTES = 200
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc alone")


def _resident() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _used_and_freed() -> None:
    np.ones(MEGABYTES << 17)  # eight bytes each


def test_memory_is_kept_inside_and_given_back_after() -> None:
    if not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"):
        pytest.skip("another C library")
    _used_and_freed()
    before = _resident()
    with memory.kept("cpu"):
        _used_and_freed()
        assert _resident() > before + MEGABYTES / 2
    assert _resident() < before + MEGABYTES / 2


def test_another_device_is_left_alone() -> None:
    before = _resident()
    with memory.kept("cuda"):
        _used_and_freed()
        assert _resident() < before + MEGABYTES / 2
