"""Run folders: plain files that any text editor and pandas can read in ten years."""

from atarimae.runlog.reader import COLUMNS, Run, find, find_best, get, parts, read, runs
from atarimae.runlog.writer import Log, start

__all__ = ["COLUMNS", "Log", "Run", "find", "find_best", "get", "parts", "read", "runs", "start"]
