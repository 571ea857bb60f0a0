"""Where an export's pictures lie: where they are, or as links or copies in the export's folder."""

import os
import shutil
import unicodedata
from pathlib import Path

from atarimae.errors import AtarimaeError
from atarimae.export.format import Format
from atarimae.types import Data, File, Image

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
}
_LONGEST = 200  # bytes of a name, so that another suffix has room


class Names:
    """Names of files that are each given once in a folder, whatever their suffix and case.

    Label files take the picture's name with another suffix, and not every disk tells cases apart.
    """

    def __init__(self) -> None:
        self.given: set[tuple[str, str]] = set()
        self.numbers: dict[tuple[str, str], int] = {}  # the last one, by stem: many are 1.jpg

    def of(self, folder: str, file: File, image: Image) -> str:
        """A name that every tool can write: one line, not hidden, with the content's suffix."""
        stem, suffix = os.path.splitext(file.path.rpartition("/")[2])
        known = SUFFIXES.get(image.format, ())
        if suffix.lower() not in known:
            stem, suffix = stem + suffix, known[0] if known else f".{image.format.lower()}"
        return self._once(folder, _safe(stem)) + suffix

    def _once(self, folder: str, stem: str) -> str:
        """The stem, or else stem-2, stem-3 and so on."""
        first, name = _key(folder, stem), stem
        while _key(folder, name) in self.given:
            self.numbers[first] = self.numbers.get(first, 1) + 1
            name = f"{stem}-{self.numbers[first]}"
        self.given.add(_key(folder, name))
        return name


def _key(folder: str, name: str) -> tuple[str, str]:
    return folder, unicodedata.normalize("NFC", name).casefold()


class Placing:
    """Gives each file its place, seen from the export's folder.

    `build` is where the folder is made, `out` where it will lie: beside each other, so that what is
    relative to one is so to the other.
    """

    def __init__(self, format: Format, data: Data, build: Path, out: Path, copy: bool) -> None:
        self.format = format
        self.folder = format.folders(data)
        self.build = build
        self.out = Path(os.path.realpath(out.parent)) / out.name
        self.copy = copy
        self.names = Names()

    def place(self, file: File, image: Image, classes: tuple[str, ...], path: Path) -> str:
        """The file's place; a link or a copy is made where there is to be one."""
        real = os.path.join(os.path.realpath(path.parent), path.name)
        if not (self.format.inside or self.copy):
            name = os.path.relpath(real, self.out).replace(os.sep, "/")
            if self.format.holds(name) and name == name.strip() and "\\" not in name:
                return name
        folder = self.folder(file, classes)
        name = self.names.of("" if self.format.once else folder, file, image)
        place = f"{folder}/{name}".removeprefix("/")
        self._make(real, self.build / place)
        return place

    def _make(self, real: str, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        if self.copy:
            shutil.copyfile(real, place)
            return
        final = self.out / place.parent.relative_to(self.build)
        try:
            place.symlink_to(os.path.relpath(real, final))
        except (NotImplementedError, PermissionError):
            raise AtarimaeError(
                f"No links can be made in {self.out}.",
                "The disk or the system doesn't allow them.",
                "Copy the pictures with --copy.",
            ) from None


def _safe(stem: str) -> str:
    kept = (
        "_" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c == "\\" else c for c in stem
    )
    text = "".join(kept).strip()
    text = text.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore").strip()
    return f"_{text.lstrip('.')}" if not text or text.startswith(".") else text
