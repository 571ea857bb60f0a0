"""Ask git about a work tree: plumbing only, with a time limit, and without running its hooks."""

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# No pager, no lock on the index, no file monitor: a repository's settings may name programs.
SAFE = ("--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotepath=off")  # fmt: skip  # noqa: E501
DIFF = (
    "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--submodule=short",
    "--ignore-submodules=dirty", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # of a repository without a commit


class GitError(Exception):
    """What git, or the lack of it, answered instead."""


@dataclass(frozen=True)
class Deadline:
    """The moment after which nothing more is begun."""

    at: float  # of time.monotonic()

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """That many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds; 0 where it is over."""
        return max(0.0, self.at - time.monotonic())


def ask(
    root: Path,
    *words: str,
    deadline: Deadline,
    variables: Mapping[str, str] | None = None,
    given: bytes | None = None,
) -> bytes:
    """What git prints. Raises `GitError` where it fails, is not installed, or takes too long."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *SAFE, *words],
            input=b"" if given is None else given, capture_output=True, check=False,
            timeout=max(0.001, deadline.left), env={**_plain(), **(variables or {})},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise GitError(f"git {words[0]} took too long") from None
    except OSError as error:
        raise GitError(f"git can't be started: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["without a word"]
        raise GitError(f"git {words[0]} failed: {said[0]}")
    return done.stdout


def names(listed: bytes) -> list[str]:
    """The paths of a list that was asked for with -z."""
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _plain() -> dict[str, str]:
    """The variables of this process without those that lead git elsewhere, as hooks have them."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
