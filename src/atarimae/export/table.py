"""A CSV, UTF-8, with the columns that `add` reads: one row a label."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from atarimae.export.format import ALL, PAIRS, Format, all_in
from atarimae.export.frame import COLUMNS, rows
from atarimae.export.item import Item

NAME = "labels.csv"


def write(folder: Path, items: Sequence[Item]) -> None:
    """`labels.csv`, with files relative to it."""
    text = io.StringIO()
    # As RFC 4180 has it; with \n alone Python would not quote a label with a carriage return.
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(items))
    (folder / NAME).write_bytes(text.getvalue().encode())


FORMAT = Format(
    "csv", "one row a label: labels.csv", write, ALL | PAIRS, all_in("images"), again=NAME
)
