"""Files and labels become images in the workspace: one file per source format."""

from atarimae.add.add import Report, add, entries, load
from atarimae.add.entry import Entry, Found
from atarimae.add.export import write_table
from atarimae.add.table import read_table

__all__ = ["Entry", "Found", "Report", "add", "entries", "load", "read_table", "write_table"]
