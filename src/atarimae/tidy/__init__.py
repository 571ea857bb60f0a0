"""Keep a workspace sound and small: `doctor` finds what is wrong, `gc` what can go."""

from atarimae.tidy.findings import Finding, doctor
from atarimae.tidy.garbage import Garbage, Item, gc

__all__ = ["Finding", "Garbage", "Item", "doctor", "gc"]
