"""Run folders: plain files that any text editor and pandas can read in ten years."""

from atarimae.runlog.curves import Points, curves
from atarimae.runlog.index import remove as remove_index
from atarimae.runlog.reader import (
    COLUMNS,
    Run,
    best_of,
    find,
    find_best,
    find_parent,
    find_trained,
    fold_scores,
    get,
    holdout_of,
    judged_paths,
    mark_of,
    parts,
    read,
    runs,
)
from atarimae.runlog.writer import Log, start

__all__ = [
    "COLUMNS", "Log", "Points", "Run", "best_of", "curves", "find", "find_best", "find_parent",
    "find_trained", "fold_scores", "get", "holdout_of", "judged_paths", "mark_of", "parts", "read",
    "remove_index", "runs", "start",
]  # fmt: skip
