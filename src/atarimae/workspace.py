"""Find and open a workspace: a folder with `atarimae.toml`."""

import getpass
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from atarimae import files
from atarimae.errors import AtarimaeError, UsageError

SETTINGS = "atarimae.toml"
MAX_PIXELS = 2_000_000_000  # what a file may declare: 2 gigapixels


@dataclass(frozen=True)
class Workspace:
    """The folder and its settings. All paths that it stores are relative to `root`."""

    root: Path
    task: str
    max_pixels: int = MAX_PIXELS
    # [submission] as it stands there, see submission/settings.py
    submission: Mapping[str, object] = field(default_factory=dict, compare=False)

    @property
    def store_url(self) -> str:
        """Where the store is: `ATARIMAE_STORE`, or SQLite in the workspace."""
        return os.environ.get("ATARIMAE_STORE") or f"sqlite:///{self.root / 'store.sqlite'}"

    @property
    def runs(self) -> Path:
        """The folder of the runs, one folder each."""
        return self.root / "runs"

    @property
    def cache(self) -> Path:
        """What can be deleted at any time and is then computed again."""
        return self.root / "cache"

    @property
    def images(self) -> Path:
        """Where `add --copy` puts its copies."""
        return self.root / "images"

    @property
    def archives(self) -> Path:
        """Where `add` unpacks archives, a folder each."""
        return self.root / "archives"


def person() -> str:
    """Who works here, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def create(root: Path, task: str) -> Workspace:
    """A new workspace in `root`, which may hold other things already but no workspace."""
    settings = root / SETTINGS
    with files.writing(str(root)):
        if settings.exists():
            raise AtarimaeError(
                f"There is a workspace in {root} already.",
                f"Found {settings}.",
                "Use it as it is, or choose another folder.",
            )
        try:
            root.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise AtarimaeError(
                f"{root} can't be a workspace.", "It is a file, or lies in one.", "Name a folder."
            ) from None
    files.write(
        settings,
        f'task = "{task}"\n\n[add]\nmax_pixels = {MAX_PIXELS}  # what one file may declare\n',
    )
    return open_(root)


def open_(start: Path) -> Workspace:
    """The workspace in `start` or the nearest folder above it."""
    start = start.resolve()
    if not start.is_dir():
        raise UsageError(
            f"No workspace in {start}.",
            "It is a file." if start.exists() else "There is no such folder.",
            "Name the workspace's folder, or one inside it.",
        )
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file():
            return _read(folder)
    raise UsageError(
        f"No workspace in {start} or above it.",
        f"None of these folders holds {SETTINGS}.",
        "Make one with 'atarimae init DIR --task retrieve', or name one with -C DIR.",
    )


def _read(root: Path) -> Workspace:
    try:
        settings = tomllib.loads((root / SETTINGS).read_text(encoding="utf-8"))
        limit = int(settings.get("add", {}).get("max_pixels", MAX_PIXELS))
        return Workspace(root, str(settings["task"]), limit, dict(settings.get("submission", {})))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{root / SETTINGS} can't be read.",
            f"{type(error).__name__}: {error}.",
            'Write it as TOML with at least task = "retrieve".',
        ) from None
