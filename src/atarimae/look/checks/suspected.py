"""What is suspected of labels, kept in the workspace's cache: judging thousands takes seconds.

It is kept by a hash of all that it rests on, so what is found is never that of other labels.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from atarimae import files
from atarimae.score.labels import VERSION, Suspicions, suspicions
from atarimae.types import Floats

MOST = 16  # judgements that are kept, the newest: each edit of a label makes another
PARTS = ("wrong", "rather", "own", "other")


def suspected(
    cache: Path,
    rows: Floats,
    labels: Sequence[str],
    groups: Sequence[str | None],
    asked: Sequence[str],
) -> Suspicions:
    """As `suspicions` says it, from the cache where it was said before."""
    said = json.dumps([labels, groups, asked]).encode()
    digest = hashlib.sha256(np.ascontiguousarray(rows).data)
    digest.update(said)
    place = cache / "labels" / f"{VERSION}-{digest.hexdigest()}.npz"
    with suppress(OSError, ValueError, EOFError, BadZipFile), np.load(place) as kept:
        names = tuple(json.loads(kept["classes"].tobytes()))
        return Suspicions(names, *(kept[part] for part in PARTS))
    found = suspicions(rows, labels, groups, asked=asked)
    _keep(place, found)
    return found


def _keep(place: Path, found: Suspicions) -> None:
    stream = BytesIO()
    names = np.frombuffer(json.dumps(found.classes).encode(), np.uint8)
    np.savez(stream, classes=names, **{part: getattr(found, part) for part in PARTS})
    files.write(place, stream.getvalue())
    with suppress(OSError):  # another process deletes them as well
        for old in sorted(place.parent.glob("*.npz"), key=_age)[MOST:]:
            old.unlink(missing_ok=True)


def _age(place: Path) -> float:
    return -place.stat().st_mtime
