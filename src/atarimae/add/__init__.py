"""Files and labels become images in the workspace: one file per source format."""

from atarimae.add.add import Report, Saves, add, add_dataset, add_frame, load
from atarimae.add.entry import Entry, Found
from atarimae.add.sources import entries
from atarimae.add.table import read_table

__all__ = [
    "Entry",
    "Found",
    "Report",
    "Saves",
    "add",
    "add_dataset",
    "add_frame",
    "entries",
    "load",
    "read_table",
]
