"""What is searched: images of the workspace that still lack labels, or files that are not in it."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from atarimae.errors import AtarimaeError
from atarimae.predict.graph import cores
from atarimae.predict.source import glimpse
from atarimae.types import BOX, POLYGON, TEXT, Data, File, Image, Progress, Version, silent
from atarimae.workspace import MAX_PIXELS

LABELLED = ("class", BOX, POLYGON, TEXT)  # kinds that say what an image shows


def unlabelled(data: Data, name: str = "", but: Iterable[str] = ()) -> Data:
    """The files whose images nobody has labelled; `but` are images that are left out as well.

    With a class an image also counts that has boxes of other classes only: a round of labelling
    may have been about those; not one that was looked through for the class. What models said
    doesn't count.
    """
    out = set(but)
    is_done = _has_any if not name else _has_class(name)
    return data.where(lambda file: file.image not in out and not is_done(data, file.image))


def of_files(
    paths: Sequence[Path],
    root: Path,
    known: Iterable[str] = (),
    *,
    max_pixels: int = MAX_PIXELS,
    progress: Progress = silent,
) -> tuple[Data, dict[str, str]]:
    """Pictures on the disk as data that no store has; and what was found of unreadable ones.

    Images in `known`, by hash, are left out, and of equal files the first counts. Of most
    only headers are read, and all bytes for the hash: other damage shows when they are embedded.
    """
    there, failed = set(known), dict[str, str]()
    files, images = list[File](), dict[str, Image]()

    def read(path: Path) -> Image | str:
        try:
            path.as_posix().encode()
            return glimpse(path, max_pixels)
        except UnicodeEncodeError:
            return "Its name is no UTF-8."
        except AtarimaeError as error:
            return error.found

    with ThreadPoolExecutor(cores()) as pool:
        for done, (path, image) in enumerate(zip(paths, pool.map(read, paths), strict=True), 1):
            progress(done, len(paths), "reading")
            if isinstance(image, str):
                failed[str(path).encode(errors="replace").decode()] = image
            elif image.hash not in there:
                there.add(image.hash)
                images[image.hash] = image
                files.append(File(os.path.relpath(path, root).replace(os.sep, "/"), image.hash))
    return Data(root, Version(0, ""), tuple(files), images, {}), failed


def _has_any(data: Data, image: str) -> bool:
    return bool(data.said(image, *LABELLED))


def _has_class(name: str) -> Callable[[Data, str], bool]:
    def has(data: Data, image: str) -> bool:
        boxes = data.said(image, BOX, POLYGON)
        looked = name in data.covered.get(image, ())
        return looked or bool(data.said(image, "class")) or any(b.value == name for b in boxes)

    return has
