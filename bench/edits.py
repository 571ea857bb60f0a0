"""One more edit, an undo and an older version, after 100,000 edits, beside a plain table of edits.

The plain table is the least that keeps who said what of which image and when: one row an edit,
which is committed by itself, in a SQLite file with the same promises (WAL, synchronous). Both files
are filled before, without waiting for the disk.
"""

import gc
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import event

from atarimae import workspace
from atarimae.store import Row, Store
from atarimae.types import File, Image
from bench.ratio import Ratio

IMAGES = 20_000
EDITS = 100_000  # one label each, by one of three people
TIMED = 300  # edits and undos that are timed at the end
READS = 5
KEY, UNDO, READ = 50.0, 50.0, 2_000.0  # ms that are allowed
SIZE = 4.0  # times the plain file
CLASSES = tuple(f"種類 {number}" for number in range(50))
PEOPLE = ("みどり", "あおい", "花子")

PLAIN = """
CREATE TABLE edits (id INTEGER PRIMARY KEY, at TEXT, who TEXT, image TEXT, class TEXT);
CREATE INDEX by_image ON edits (image);
"""
INSERT = "INSERT INTO edits (at, who, image, class) VALUES (?, ?, ?, ?)"
LATEST = "SELECT image, class, max(id) FROM edits WHERE id <= ? GROUP BY image"


def measure() -> list[Ratio]:
    """Medians in milliseconds, and the files' sizes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        images = [f"{number:064x}" for number in range(IMAGES)]
        store = _filled(root, images)
        with closing(_plain(root / "plain.sqlite", images)) as plain:
            return _ratios(store, plain, images, root)


def _ratios(store: Store, plain: sqlite3.Connection, images: list[str], root: Path) -> list[Ratio]:
    said = [(images[n % IMAGES], CLASSES[(n * 7 + 3) % 50], PEOPLE[n % 3]) for n in range(TIMED)]
    labelled = _median(lambda n: _say(store, *said[n]), TIMED)
    inserted = _median(lambda n: _insert(plain, *said[n]), TIMED)
    last = store.last_edit()
    undone = _median(lambda n: store.undo(last - n), TIMED)
    removed = _median(lambda n: _delete(plain, EDITS + TIMED - n), TIMED)
    middle = EDITS // 2
    read = _median(lambda _: store.data(middle), READS)
    selected = _median(lambda _: plain.execute(LATEST, (middle,)).fetchall(), READS)
    plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ours, theirs = _bytes(store, root), (root / "plain.sqlite").stat().st_size / 2**20
    note = f"{EDITS:,} edits before it, of {IMAGES:,} images; the peer is a plain table of edits"
    return [
        Ratio("one more label", labelled, inserted, "ms", f"ours ≤ {KEY:g} ms", KEY, note),
        Ratio("undo of one edit", undone, removed, "ms", f"ours ≤ {UNDO:g} ms", UNDO,
              f"{note}, which deletes the row"),
        Ratio("data at a version", read, selected, "ms", f"ours ≤ {READ:g} ms", READ,
              f"{note}; ours also reads files and images, and hashes the content"),
        Ratio("size after the edits", ours, theirs, "MiB", f"≤ {SIZE:g}×", SIZE * theirs, note),
    ]  # fmt: skip


def _filled(root: Path, images: list[str]) -> Store:
    """A store after the edits, each made as a key press makes it."""
    store = Store(workspace.create(root / "space", "retrieve"))
    store.record(
        Row(File(f"photos/{image[-8:]}.jpg", image), Image(image, 640, 480, "JPEG", 50_000))
        for image in images
    )
    store.engine.dispose()
    event.listen(store.engine, "connect", _without_waiting)
    for number in range(EDITS - 1):
        _say(store, images[number % IMAGES], CLASSES[_class(number)], PEOPLE[number % 3])
    store.engine.dispose()
    return Store(store.workspace)


def _without_waiting(connection: Any, _record: object) -> None:
    """To fill a store, nobody waits for the disk; what is timed afterwards does."""
    connection.execute("PRAGMA synchronous = OFF")


def _class(number: int) -> int:
    """Another one each time an image's turn comes round."""
    return (number % IMAGES + number // IMAGES) % len(CLASSES)


def _say(store: Store, image: str, name: str, who: str) -> None:
    edit = store.label({image: [name]}, by=who)
    assert edit is not None, "it is another class than before"


def _plain(path: Path, images: list[str]) -> sqlite3.Connection:
    plain = sqlite3.connect(path, isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = FULL")
    plain.executescript(PLAIN)
    plain.execute("BEGIN")
    for number in range(EDITS):
        _insert(plain, images[number % IMAGES], CLASSES[_class(number)], PEOPLE[number % 3])
    plain.execute("COMMIT")
    return plain


def _insert(plain: sqlite3.Connection, image: str, name: str, who: str) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    plain.execute(INSERT, (at, who, image, name))


def _delete(plain: sqlite3.Connection, number: int) -> None:
    plain.execute("DELETE FROM edits WHERE id = ?", (number,))


def _median(run: Callable[[int], object], times: int) -> float:
    gc.collect()
    taken = [time.perf_counter()]
    for number in range(times):
        run(number)
        taken.append(time.perf_counter())
    return 1000 * statistics.median(after - before for before, after in pairwise(taken))


def _bytes(store: Store, root: Path) -> float:
    """MiB of the file with all that was written to it."""
    with closing(sqlite3.connect(root / "space" / "store.sqlite")) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.engine.dispose()
    return (root / "space" / "store.sqlite").stat().st_size / 2**20


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
