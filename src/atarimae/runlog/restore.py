"""Rebuild the tree that a run was started from, and prove that it is the same."""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.runlog import git
from atarimae.runlog.git import Deadline, GitError
from atarimae.runlog.reader import Run
from atarimae.runlog.snapshot import NAME, sha256
from atarimae.workspace import Workspace

SECONDS = 3600.0  # a large repository is written out in minutes; none is waited for for ever


@dataclass(frozen=True)
class Restored:
    """What was rebuilt, and whether it is what was there."""

    run: str
    folder: Path
    proven: int  # files whose SHA-256 is that of the start
    by_git: int  # files that were too many or too large to hash: git's object names prove them
    differs: tuple[tuple[str, str], ...]  # path, why
    left_out: tuple[tuple[str, str], ...]  # what the snapshot never held: path, why
    went_on: tuple[str, ...] = ()  # snapshots of later starts whose code is another, or not known

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        pairs = {"differs": self.differs, "left_out": self.left_out}
        told = {
            name: [{"path": path, "why": why} for path, why in found]
            for name, found in pairs.items()
        }
        return {
            "run": self.run, "folder": str(self.folder), "proven": self.proven,
            "by_git": self.by_git, **told, "went_on": list(self.went_on),
        }  # fmt: skip


def restore(workspace: Workspace, run: Run, to: Path, source: Path | None = None) -> Restored:
    """Write the commit, the diff and the untracked files into `to`, which must be empty.

    The commit is looked for in `source`, else in the repository that the run was started in; that
    is only read. Where the outcome differs it is left for a look, and `differs` says what.
    """
    kept = run.folder / NAME
    if not (kept / "git.json").is_file():
        raise AtarimaeError(
            f"Run {run.id} can't be restored.",
            f"It has no {NAME}/git.json: it is of an older version, or its snapshot failed.",
            f"See {kept / 'left_out.json'} if there is one.",
        )
    about = files.read_json(kept / "git.json")
    _refuse_full(to)
    with files.writing(str(to)), tempfile.TemporaryDirectory(prefix=".restore-") as scratch:
        to.mkdir(parents=True, exist_ok=True)
        if about["repository"]:
            repository = source or workspace.root / str(about["root"])
            _from_git(run.id, repository, about, kept, to.resolve(), Path(scratch))
        if (kept / "files").is_dir():
            shutil.copytree(kept / "files", to, dirs_exist_ok=True)
    return _proof(run, about, kept, to)


def _refuse_full(to: Path) -> None:
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise AtarimaeError(
            f"{to} can't be restored into.",
            "It is not empty." if to.is_dir() else "It is a file.",
            "Name a folder that is empty or not there.",
        )


def _from_git(
    id: str, repository: Path, about: dict[str, object], kept: Path, to: Path, scratch: Path
) -> None:
    """The commit and the diff, through an index and objects of our own."""
    deadline = Deadline.after(SECONDS)
    try:
        store = git.ask(repository, "rev-parse", "--absolute-git-dir", deadline=deadline)
        place = Path(os.fsdecode(store.rstrip(b"\n")))
        common = git.ask(place, "rev-parse", "--git-path", "objects", deadline=deadline)
        own = {
            "GIT_DIR": str(place),
            "GIT_WORK_TREE": str(to),
            "GIT_INDEX_FILE": str(scratch / "index"),
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(place / os.fsdecode(common.rstrip(b"\n"))),
        }
        (scratch / "objects").mkdir()
        if about["commit"]:
            tree = str(about["commit"])
            git.ask(to, "read-tree", tree, deadline=deadline, variables=own)
        if (kept / "diff.patch").is_file():
            words = ("apply", "--cached", "--binary", "--whitespace=nowarn", "-")
            patch = (kept / "diff.patch").read_bytes()
            git.ask(to, *words, deadline=deadline, variables=own, given=patch)
        git.ask(to, "checkout-index", "-a", "-f", deadline=deadline, variables=own)
    except GitError as error:
        remote = f" It was cloned from {about['remote']}." if about.get("remote") else ""
        raise AtarimaeError(
            f"Run {id} can't be restored from {repository}.",
            f"{error}; commit {about['commit']} is needed.{remote}",
            "Name a repository that has the commit with --from.",
        ) from None


def _proof(run: Run, about: dict[str, object], kept: Path, to: Path) -> Restored:
    """Hash every file, and compare with the manifest of the start."""
    differs = list(cast(dict[str, str], about["not in the diff"]).items())
    manifest = os.fsdecode((kept / "manifest.sha256").read_bytes())
    wanted = {line[66:]: line[:64] for line in manifest.splitlines()}
    there = {path.relative_to(to).as_posix() for path in to.rglob("*") if _is_file(path)}
    for path, expected in wanted.items():
        if path not in there:
            differs.append((path, "it is missing"))
        elif sha256(to / path) != expected:
            differs.append((path, "its content is another"))
    by_git = cast(int, about["known by git alone"])
    known = {path for path, _ in differs}
    more = there - wanted.keys() - known
    if len(more) != by_git:
        differs.append(("*", f"{len(more)} files are there beside, {by_git} were"))
    proven = len(wanted.keys() - known)
    left_out = json.loads((kept / "left_out.json").read_text(encoding="utf-8"))
    beside = [(one["path"], one["why"]) for one in left_out["left_out"] if one["path"] not in known]
    beside += [(f"{one['files']} more", one["why"]) for one in left_out["more"]]
    return Restored(run.id, to, proven, by_git, tuple(differs), tuple(beside), _went_on(run))


def _went_on(run: Run) -> tuple[str, ...]:
    starts = files.read_json(run.folder / "run.json").get("resumed", [])
    assert isinstance(starts, list)
    return tuple(start["name"] for start in starts if not start["same_code"])


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()
