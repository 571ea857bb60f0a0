"""Zips and tars, unpacked into the workspace: whole or not at all, and nothing outside of it.

A name that leads out, a link, a device, or more bytes than an archive of pictures can hold is
refused, before anything is kept. Names are UTF-8, or Shift-JIS as Windows in Japan writes them.
"""

import bz2
import gzip
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from atarimae import bundle
from atarimae.add import arrow
from atarimae.add.place import Place
from atarimae.add.table import all_bad
from atarimae.errors import UsageError
from atarimae.files import writing

_TAR = re.compile(r"\.(tar|tar\.gz|tgz|tar\.bz2|tbz2?|tar\.xz|txz)$", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:")
_CHUNK = 1 << 20
_LONGEST = 255  # bytes of a name
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError,
           NotImplementedError, RuntimeError)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold. Pictures hardly shrink when packed; bombs shrink a thousandfold."""

    bytes: int = 1 << 40
    ratio: int = 200  # unpacked to packed, above `free` bytes
    free: int = 1 << 30
    members: int = 2_000_000

    def allowed(self, packed: int) -> int:
        """How many bytes may come out of an archive of that size."""
        return min(self.bytes, max(self.free, self.ratio * packed))


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    is_folder: bool
    stream: IO[bytes] | None  # of a file
    bad: str | None  # why it is refused


def is_archive(path: Path) -> bool:
    """By its name, which tools never get wrong."""
    return path.suffix.lower() == ".zip" or _TAR.search(path.name) is not None


class Unpacking:
    """Unpacks archives into a folder; what came new is gone again where the block fails."""

    def __init__(self, into: Path, limits: Limits = LIMITS) -> None:
        self.into = into
        self.limits = limits
        self.made: list[Path] = []

    def __enter__(self) -> "Unpacking":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for folder in self.made if kind is not None else []:
            shutil.rmtree(folder, ignore_errors=True)

    def unpack(self, source: Path) -> Path:
        """Where an archive's content lies, or that of Hugging Face's tables: made once, by hash.

        A single folder that holds folders is only the wrapping of what is in it.
        """
        if source.is_dir():
            tables = Place(source.absolute())
            name = f"{tables.path.name}-{arrow.digest(tables)[:8]}"
            return self._made(name, lambda build: arrow.write(tables, build)).resolve()
        name = _TAR.sub("", source.name).removesuffix(".zip").removesuffix(".ZIP")
        name = f"{name}-{bundle.digest(source)[:8]}"
        folder = self._made(name, lambda build: _unpack(source, build, self.limits))
        return _unwrapped(Place(folder)).path.resolve()

    def _made(self, name: str, fill: Callable[[Path], None]) -> Path:
        """The folder of that name, filled whole or not at all."""
        folder = self.into / name
        if folder.exists():
            return folder
        with writing(str(folder)):
            self.into.mkdir(parents=True, exist_ok=True)
            build = Path(tempfile.mkdtemp(dir=self.into, prefix=".unpacking-"))
        try:
            with writing(str(folder)):
                fill(build)
                build.chmod(0o755)
                os.replace(build, folder)
        finally:
            shutil.rmtree(build, ignore_errors=True)
        self.made.append(folder)
        return folder


def _unwrapped(place: Place) -> Place:
    inner = [one for one in place.folders() if one.path.name != "__MACOSX"]
    alone = len(inner) == 1 and not place.named("")
    return _unwrapped(inner[0]) if alone and inner[0].folders() else place


def _unpack(archive: Path, build: Path, limits: Limits) -> None:
    """Every member, in one pass; raises `UsageError` with all that are refused."""
    room = limits.allowed(archive.stat().st_size)
    bad: list[str] = []
    with _members(archive) as members:
        for count, member in enumerate(members, start=1):
            if count > limits.members:
                raise _bomb(archive, f"It has more than {limits.members:,} members")
            try:
                if member.bad:
                    raise UsageError(f"It is {member.bad}.")
                room -= _write(member, build, room)
            except UsageError as error:
                bad.append(f"{member.name!r}: {error}")
            if room < 0:
                allowed = limits.allowed(archive.stat().st_size)
                raise _bomb(archive, f"It holds more than {allowed:,} bytes")
    if bad:
        raise all_bad(f"{archive} is refused: {len(bad)} of its members can't be unpacked.", bad)


def _bomb(archive: Path, found: str) -> UsageError:
    packed = archive.stat().st_size
    return UsageError(
        f"{archive} is refused.",
        f"{found}, packed into {packed:,}: no archive of pictures is like that.",
        "Unpack it yourself if you trust it, and add the folder.",
    )


def _write(member: _Member, build: Path, room: int) -> int:
    """Its bytes into their place; returns how many: more than `room` where that is too little."""
    parts = _parts(member.name)
    if not parts:
        return 0
    path = build.joinpath(*parts)
    try:
        if member.is_folder:
            path.mkdir(parents=True, exist_ok=True)
            return 0
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            return _copy(member.stream, file, room)
    except (FileExistsError, NotADirectoryError):
        raise UsageError("Another member has its place.") from None


def _copy(stream: IO[bytes] | None, file: IO[bytes], room: int) -> int:
    done = 0
    while stream is not None and (chunk := stream.read(min(_CHUNK, room - done + 1))):
        done += len(chunk)
        if done > room:
            break
        file.write(chunk)
    return done


def _parts(name: str) -> list[str]:
    """The folders and the name, from the archive down."""
    if name.startswith("/") or _DRIVE.match(name):
        raise UsageError("Its name is absolute.")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UsageError("Its name leads out of the archive.")
    if "\0" in name or any(len(os.fsencode(part)) > _LONGEST for part in parts):
        raise UsageError("Its name is too long, or has a zero byte.")
    return parts


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[_Member]]:
    try:
        if archive.suffix.lower() == ".zip":
            with zipfile.ZipFile(archive) as opened:
                yield _in_zip(opened)
        else:
            with _tar_stream(archive) as stream, tarfile.open(
                fileobj=stream, mode="r|", tarinfo=_Info, errors="surrogateescape"
            ) as tar:  # fmt: skip
                yield _in_tar(tar)
    except _BROKEN as error:
        raise UsageError(
            f"{archive} can't be unpacked.", f"{error or type(error).__name__}.", "Pack it again."
        ) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise UsageError(f"{archive} can't be unpacked.", f"{error}.", "Pack it again.") from None


def _in_zip(opened: zipfile.ZipFile) -> Iterator[_Member]:
    for info in opened.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        bad = None if kind in (0, stat.S_IFREG, stat.S_IFDIR) else "a link or a device"
        bad = "encrypted" if info.flag_bits & 1 else bad
        name = _zip_name(info)
        if bad or info.is_dir() or name.endswith("/"):
            yield _Member(name, True, None, bad)
            continue
        with opened.open(info) as stream:
            yield _Member(name, False, stream, None)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Without the flag for UTF-8, zipfile reads what Windows in Japan wrote as DOS's letters."""
    name = info.filename
    if not info.flag_bits & 0x800:
        name = _decoded(name.encode("cp437", "replace")) or name
    return name.replace("\\", "/")


def _decoded(raw: bytes) -> str | None:
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


class _Info(tarfile.TarInfo):
    """A member whose long name is a name: tarfile reads that into memory, whatever its size."""

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        kinds = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
                 tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)  # fmt: skip
        if self.type in kinds and self.size > _CHUNK:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        found: tarfile.TarInfo = super()._proc_member(tar)  # type: ignore[misc]
        return found


def _in_tar(tar: tarfile.TarFile) -> Iterator[_Member]:
    for info in tar:
        name = info.name
        if not name.isascii():
            name = _decoded(name.encode("utf-8", "surrogateescape")) or name
        if info.isdir():
            yield _Member(name, True, None, None)
        elif info.isreg() and not info.issparse():
            yield _Member(name, False, tar.extractfile(info), None)
        else:
            yield _Member(name, True, None, "a link or a device")


@contextmanager
def _tar_stream(archive: Path) -> Iterator[IO[bytes]]:
    """Its bytes, unpacked."""
    with archive.open("rb") as file:
        begin = file.read(6)
    opener = next((one for magic, one in _OPENERS.items() if begin.startswith(magic)), _plain)
    with opener(archive) as opened:
        yield opened


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


_OPENERS: Mapping[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
