"""What sources hold: folders, files of labels, archives and single pictures, each in its format."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from atarimae.add import arrow, formats, huggingface
from atarimae.add.archive import is_archive
from atarimae.add.entry import Entry, Found, is_picture, merged, placed
from atarimae.add.folder import read_folder
from atarimae.add.place import Place
from atarimae.errors import UsageError
from atarimae.store import Refusal

Unpack = Callable[[Path], Path]


def entries(
    *sources: Path,
    labels: Path | None = None,
    format: str | None = None,
    unpack: Unpack | None = None,
) -> Found:
    """What the sources hold, unread; each file once.

    With `labels`, labels come from that file or folder alone and sub-folders name nothing; its
    files are looked for in the sources that are folders, then beside it. `unpack` tells where an
    archive's content lies; archives are refused without it.
    """
    if labels is None:
        found = [_source(Path(source), format, unpack) for source in sources]
    else:
        found = [_pictures(Path(source)) for source in sources]
        roots = [Path(source) for source in sources if Path(source).is_dir()]
        found.append(_read(labels, format, roots) or formats.CSV.read(Place(labels), roots))
    left: Counter[str] = Counter()
    for part in found:
        left.update(part.left)
    return Found(
        tuple(merged(entry for part in found for entry in part.entries)),
        tuple(refusal for part in found for refusal in part.refused),
        sum(part.ignored for part in found),
        left,
        {source: name for part in found for source, name in part.formats.items()},
    )


def _source(source: Path, format: str | None, unpack: Unpack | None) -> Found:
    if is_archive(source) and source.is_file():
        return _archive(source, format, unpack)
    if source.is_dir() and arrow.is_folder(Place(source)):
        found = _read(_unpacked(source, unpack), format, ()) or Found()
        return replace(found, formats={str(source): huggingface.FORMAT.name})
    is_one = is_picture(source.name) and not source.is_dir()
    read = None if is_one or not source.exists() else _read(source, format, ())
    if read is not None:
        return read
    if is_one:  # a missing one is refused when it is read
        return Found((Entry(placed(source.absolute())),))
    raise UsageError(
        f"Nothing to add in {source}.",
        "It is no folder, file of labels or picture."
        if source.exists()
        else "There is no such file or folder.",
        "Name a folder of pictures, a CSV with file,label, or a picture.",
    )


def _read(
    source: Path, format: str | None, roots: Sequence[Path], *, alone: bool = False
) -> Found | None:
    """In the format of that name, or the one that its content tells; None for a file of none."""
    place = Place(source, alone=alone)
    chosen = formats.recognised(place) if format is None else formats.named(format)
    if chosen is None:
        return None
    return replace(chosen.read(place, roots), formats={str(source): chosen.name})


def _pictures(source: Path) -> Found:
    """A folder's pictures, whose labels come from elsewhere."""
    if source.is_dir():
        return read_folder(source.absolute(), labelled=False)
    return _source(source, None, None)


def _archive(source: Path, format: str | None, unpack: Unpack | None) -> Found:
    """What is in it; files that it refers to outside of it are refused."""
    folder = _unpacked(source, unpack)
    found = _read(folder, format, (), alone=True) or Found()
    inside = [entry for entry in found.entries if Path(entry.path).is_relative_to(folder)]
    outside = {entry.path for entry in found.entries} - {entry.path for entry in inside}
    fix = "Pack the pictures together with their labels."
    refused = [Refusal(path, "It lies outside of its archive.", fix) for path in sorted(outside)]
    return replace(
        found,
        entries=tuple(inside),
        refused=(*found.refused, *refused),
        formats={str(source): name for name in found.formats.values()},
    )


def _unpacked(source: Path, unpack: Unpack | None) -> Path:
    if unpack is None:
        raise UsageError(
            f"{source} is packed.", "There is no place to unpack it to.", "Unpack it first."
        )
    return unpack(source)
