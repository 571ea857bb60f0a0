"""Where a competition's files lie, and what its sample can't show: `[submission]` in atarimae.toml.

    [submission]
    test = "test.csv"                  # the queries; the sample alone will do if it names pictures
    sample = "sample_submission.csv"   # whose format is followed
    images = "test"                    # the folder of the queries' pictures
    gallery = "index"                  # answer with files of this folder alone
    answers = "files"                  # files, labels or test
    number = 20                        # answers a query
    unknown = "new_whale"              # what stands for "none of these"

Paths are relative to the workspace. Every key may be left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self, cast

from atarimae.errors import UsageError, unknown_name

SAMPLE, TEST = "sample_submission.csv", "test.csv"
FOLDERS = ("test", "test_images", "images/test", "query", "queries")  # beside the test CSV
PATHS = ("sample", "test", "images")
KINDS = ("files", "labels", "test")


@dataclass(frozen=True, slots=True)
class Settings:
    """Absolute paths, and what was said; None where nothing was."""

    sample: Path
    test: Path | None = None
    images: Path | None = None
    gallery: str = ""
    answers: str | None = None
    number: int | None = None
    unknown: str | None = None

    @classmethod
    def of(cls, root: Path, said: Mapping[str, object]) -> Self:
        """What the workspace in `root` says; the usual names where it says nothing."""
        _check(said)
        sample, test, images = (root / str(said[name]) if name in said else None for name in PATHS)
        usual = root / TEST
        return cls(
            sample or root / SAMPLE,
            test or (usual if usual.is_file() else None),
            images,
            str(said.get("gallery", "")).rstrip("/"),
            cast(str | None, said.get("answers")),
            cast(int | None, said.get("number")),
            cast(str | None, said.get("unknown")),
        )

    def but(self, **changes: object) -> Self:
        """With what is not None put in its place."""
        given = {
            name: str(value) if isinstance(value, Path) else value
            for name, value in changes.items()
            if value is not None
        }
        _check(given)
        made = {n: Path(str(v)) if n in PATHS else v for n, v in given.items()}
        return replace(self, **made)  # type: ignore[arg-type]

    @property
    def folders(self) -> list[Path]:
        """Where the queries' pictures may lie, the likeliest first."""
        if self.images is not None:
            return [self.images]
        beside = (self.test or self.sample).parent
        return [beside / name for name in FOLDERS if (beside / name).is_dir()]


def _check(said: Mapping[str, object]) -> None:
    known = [field.name for field in fields(Settings)]
    for name, value in said.items():
        if name not in known:
            raise unknown_name("key", name, known, " in [submission]")
        right = int if name == "number" else str
        if not isinstance(value, right) or (name == "number" and cast(int, value) < 1):
            raise UsageError(
                f"[submission] {name} can't be used.",
                f"It is {value!r}.",
                "Give a whole number from 1 on." if right is int else "Give a text in quotes.",
            )
    answers = cast(str | None, said.get("answers"))
    if answers is not None and answers not in KINDS:
        raise unknown_name("kind of answers", answers, KINDS, " in [submission]")
