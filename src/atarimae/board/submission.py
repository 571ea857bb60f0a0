"""What is odd about a file that was sent: CSV with a header, a query, and its answers by spaces."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from atarimae.board.entries import Entry
from atarimae.errors import UsageError

Rows = Sequence[tuple[str, list[str]]]

ALIKE = 0.5  # share of the rows with one and the same list that is more than chance


def oddities(entry: Entry) -> tuple[str, ...]:
    """Sentences on the file of a score; none where no file was named, or nothing is odd.

    A file that is gone or has changed since says so, and is not looked at.
    """
    if entry.submission is None:
        return ()
    path = Path(entry.submission["path"])
    if not path.is_file():
        return (f"{path} is gone, so it was not looked at.",)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != entry.submission["sha256"]:
        return (f"{path} has changed since the score was recorded, so it was not looked at.",)
    return tuple(_odd(read(path, content)))


def read(path: Path, content: bytes) -> Rows:
    """Queries and their answers, in the order of the file; spaces in a name are written %20."""
    try:
        rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))[1:]
        return [(row[0].strip(), row[1].split()) for row in rows if row]
    except (UnicodeDecodeError, csv.Error, IndexError) as error:
        raise UsageError(
            f"The submission {path} can't be read.",
            f"{error}.",
            "It needs a header and two columns: the query, and its answers parted by spaces.",
        ) from None


def _odd(rows: Rows) -> Iterator[str]:
    if not rows:
        yield "It has no rows."
        return
    count = len(rows)
    queries = Counter(query for query, _ in rows)
    told = {
        "rows ask about a query that another row asks about too": [
            row for row in rows if queries[row[0]] > 1
        ],
        "rows have no answer": [row for row in rows if not row[1]],
        "rows hold one answer twice": [row for row in rows if len({*row[1]}) < len(row[1])],
        "rows answer with the query itself": [row for row in rows if _written(row[0]) in row[1]],
        "rows answer with the query itself in first place": [
            row for row in rows if row[1][:1] == [_written(row[0])]
        ],
    }
    for text, found in told.items():
        if found:
            yield f"{len(found)} of {count} {text}, '{found[0][0]}' for one."
    lengths = {len(answers) for _, answers in rows}
    if len(lengths) > 1:
        yield f"Its lists are {min(lengths)} to {max(lengths)} answers long."
    _, most = Counter(tuple(answers) for _, answers in rows).most_common(1)[0]
    if count > 1 and most > ALIKE * count:
        yield f"{most} of {count} rows have one and the same list."


def _written(query: str) -> str:
    return query.replace(" ", "%20")
