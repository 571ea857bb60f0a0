"""Change what a shipped bundle looks answers up in: images come and go, in one swap.

Nothing is embedded or learned again. The new index is written beside the old one, and a server
that has the bundle open takes it up by itself.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from atarimae import bundle, cluster, files
from atarimae import task as tasks
from atarimae.bundle import Bundle
from atarimae.errors import AtarimaeError, unknown_name
from atarimae.predict.crowd import embed
from atarimae.predict.index import ROWS, Catalogue, Wish, chosen, measured, sampled, told
from atarimae.predict.run import outputs
from atarimae.ship.thumbnails import write_thumbnails
from atarimae.types import Data, Index, Progress, silent


@dataclass(frozen=True)
class Change:
    """The bundle as it is now, and how many files came, were there already, and went."""

    bundle: Bundle
    added: int = 0
    present: int = 0
    removed: int = 0


def change(
    folder: Path,
    *,
    add: Data | None = None,
    remove: Sequence[str] = (),
    wish: Wish | None = None,
    workers: str | None = None,
    progress: Progress = silent,
) -> Change:
    """Remove files by path or image, then add others; with a `wish`, search them in another way.

    All of it or nothing. Raises `AtarimaeError` for a name that is not there, and for a path
    that is there with another picture. With `workers` (`ray`, `ray:HOST:PORT`) a cluster embeds
    what comes; what it has done is kept beside the bundle until the change is through.
    """
    if workers is not None:
        cluster.address_of(workers)  # wrong words are refused before anything is read
    with _alone(folder):
        shipped = bundle.read(folder)
        catalogue = Catalogue.opened(shipped.index)
        more, present = _fresh(shipped, add, remove)
        _check(shipped, remove, more, wish)
        known = _embedded(shipped, more, workers, progress)
        removed = catalogue.remove(remove)
        if len(known):
            catalogue.add(known)
        if not removed and not len(known) and wish is None:
            return Change(shipped, present=present)
        place = f"index/{shipped.generation + 1}"
        about, catalogue = _measured(catalogue, wish, progress)
        with _room(folder, place):
            catalogue.save(folder / place, about)
            (folder / "thumbnails").mkdir(exist_ok=True)
            written = write_thumbnails(more, known.files, folder / "thumbnails") if more else []
        kept = {file.image for file in catalogue.index.files}
        gone = {f"thumbnails/{file.image}.webp" for file in removed if file.image not in kept}
        now = bundle.swap_index(shipped, place, _new(shipped, known, written), gone)
        shutil.rmtree(_parts(folder), ignore_errors=True)
    return Change(now, len(known), present, len(removed))


def _fresh(shipped: Bundle, add: Data | None, remove: Sequence[str]) -> tuple[Data | None, int]:
    """What is to be added, as the gallery's, without the files that are there and stay."""
    if add is None:
        return None, 0
    stays = {f.path: f.image for f in shipped.index.files if not {f.path, f.image} & {*remove}}
    files = [replace(f, role="gallery") for f in add.files if stays.get(f.path) != f.image]
    if changed := [file.path for file in files if file.path in stays]:
        raise AtarimaeError(
            f"{len(changed)} of the files can't be added.",
            f"The bundle has {', '.join(changed[:5])} with another picture.",
            "Remove them in the same command, or give the new ones other names.",
        )
    return replace(add, files=tuple(files)), len(add) - len(files)


def _check(shipped: Bundle, remove: Sequence[str], more: Data | None, wish: Wish | None) -> None:
    names = {name for file in shipped.index.files for name in (file.path, file.image)}
    for name in remove:
        if name not in names:
            raise unknown_name("file", name, names, f" in {shipped.folder}")
    if wish is not None and len(shipped.index) and ROWS not in shipped.index.arrays:
        raise AtarimaeError(
            "This index can't be made anew here.",
            f"It is of kind {shipped.index.finder.get('kind', 'exact')}: its rows are not in the "
            "bundle.",
            "Ship the run again.",
        )


def _embedded(shipped: Bundle, more: Data | None, workers: str | None, progress: Progress) -> Index:
    if more is None or not len(more):
        return Index()
    task, parts = tasks.load(shipped.task), _parts(shipped.folder)
    if workers is not None:
        embed(task, shipped.folder, more, parts, workers, progress=progress)
    kept = parts if parts.is_dir() else None
    found = outputs(task.predictor(shipped.model), more, cache=kept, progress=progress)
    known = task.index(found, more)
    if not len(known):
        raise AtarimaeError(
            "Nothing can be added to this bundle.",
            f"Task {shipped.task} looks no answers up in known images.",
            "Fit and ship it again with the new images.",
        )
    return known


def _parts(folder: Path) -> Path:
    """Where a cluster's outputs wait, so that a change that was stopped goes on where it was."""
    folder = folder.resolve()
    return folder.with_name(f".{folder.name}.parts")


def _measured(
    catalogue: Catalogue, wish: Wish | None, progress: Progress
) -> tuple[Mapping[str, object], Catalogue]:
    """What the index says of itself, measured now where its rows are here."""
    if wish is not None:
        found = chosen(catalogue.index, wish, progress=progress)
        return found.about(wish), found.catalogue
    if catalogue.finder is None:
        return {}, catalogue
    if ROWS not in catalogue.index.arrays:
        said = str(catalogue.index.finder.get("queries", "")).removesuffix(LATER)
        return {"queries": said + LATER}, catalogue
    _, queries = sampled(catalogue.index, "of the index's own images, each hidden from itself")
    return told(measured(catalogue, queries, progress=progress), queries.said), catalogue


LATER = "; images have come or gone since"


def _new(shipped: Bundle, known: Index, written: Sequence[str]) -> set[str]:
    """The thumbnails that bundle.json doesn't name yet."""
    before = shipped.about["files"]
    assert isinstance(before, dict)
    wanted = {*written, *(f"{file.image}.webp" for file in known.files)}
    return {name for name in (f"thumbnails/{one}" for one in wanted) if name not in before}


@contextmanager
def _room(folder: Path, place: str) -> Iterator[None]:
    """An empty sub-folder, gone again where the block fails."""
    shutil.rmtree(folder / place, ignore_errors=True)  # of a change that was broken off
    try:
        with files.writing(str(folder)):
            (folder / place).mkdir(parents=True)
        with files.having_room(str(folder)):
            yield
    except BaseException:
        shutil.rmtree(folder / place, ignore_errors=True)
        raise


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One change of a bundle at a time; the system lets go when the process ends."""
    handle = os.open(folder, os.O_RDONLY) if folder.is_dir() else None
    try:
        if handle is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise AtarimaeError(
            f"{folder} is being changed.", "Another command holds it.", "Wait for it to end."
        ) from None
    finally:
        if handle is not None:
            os.close(handle)
