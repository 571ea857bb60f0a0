"""Runs in other trackers. Our folders stay the truth."""

from atarimae.mirror.mirror import Mirrored, mirror

__all__ = ["Mirrored", "mirror"]
