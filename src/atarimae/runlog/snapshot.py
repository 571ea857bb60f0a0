"""The whole state that a run was started from, in `snapshot/` of its folder.

environment.json  packages, Python, processor, threads, CUDA, command line, relevant variables
git.json          commit, branch, remote, and where the repository lies from the workspace
diff.patch        what differs from the commit, staged or not, binary files too (`git apply`)
files/            files that git does not track and that the run could import
manifest.sha256   the tree as it was: `sha256sum -c` reads it
notebook.json     the cells that were run before, where it was started from a notebook
left_out.json     what is not here, and why

A run that is resumed records that start too, in `snapshot-2/` and so on.

It never makes a run fail: what can't be recorded is listed. It is capped in size and time, and
what looks like a secret is left out.
"""

import hashlib
import json
import os
import re
import shutil
import stat
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from atarimae import files
from atarimae.runlog import confidential, git
from atarimae.runlog.environment import environment, hidden
from atarimae.runlog.git import Deadline, GitError
from atarimae.runlog.tree import CODE, SOURCES, Tree, look
from atarimae.workspace import Workspace

NAME = "snapshot"
SECONDS = 3.0  # for all of it; what is not done by then is left out
FILE_BYTES = 1_000_000  # of a file that is copied, or of its part of the diff
ALL_BYTES = 10_000_000
HASHED_BYTES = 20_000_000  # a larger file that git says is unchanged is git's to vouch for
HASHED_SECONDS = 0.3  # and so are the files that are left after that
MOST_FILES = 500
LISTED = 200  # left-out files named one by one; the others are counted by reason


@dataclass
class _Taken:
    """What has been gathered so far."""

    folder: Path
    room: int = field(default_factory=lambda: ALL_BYTES)
    hashes: dict[str, str] = field(default_factory=dict)  # path: SHA-256
    vouched: int = 0  # unchanged files that only git knows the content of
    copied: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)  # path, why


def take(folder: Path, workspace: Workspace, name: str = NAME) -> dict[str, object]:
    """Record the state in the run's folder; what run.json says of it."""
    began = time.perf_counter()
    taken = _Taken(folder / f".{name}")
    tree = None
    try:
        taken.folder.mkdir()
        _write(taken, "environment.json", environment())
        taken.left_out += [
            (f"${name}", "its name or value is that of a secret") for name in hidden()
        ]
        _notebook(taken)
        deadline = Deadline.after(SECONDS)
        tree = look(workspace, deadline)
        _tree(taken, tree, workspace, deadline)
    except Exception as error:  # whatever it is, an experiment is worth more than its snapshot
        taken.left_out.append(("the rest", f"{type(error).__name__}: {error}"))
    told: dict[str, object] = {
        "commit": tree.commit if tree else None,
        "changed": len(tree.changed) if tree else None,
        "files": taken.copied,
        "left_out": len(taken.left_out),
        "milliseconds": round(1000 * (time.perf_counter() - began), 1),
    }
    try:
        _write(taken, "left_out.json", _told(taken.left_out))
        taken.folder.rename(folder / name)
    except OSError as error:
        told["error"] = str(error)
        shutil.rmtree(taken.folder, ignore_errors=True)
    return told


def same_code(first: Path, second: Path) -> bool | None:
    """Whether two snapshots are of one tree; None where they don't hold enough to tell."""
    if not all((kept / "git.json").is_file() for kept in (first, second)):
        return None
    abouts = [files.read_json(kept / "git.json") for kept in (first, second)]
    if abouts[0]["commit"] != abouts[1]["commit"] or _kept(first) != _kept(second):
        return False
    return None if any(about["not in the diff"] for about in abouts) else True


def _kept(snapshot: Path) -> dict[str, bytes]:
    """The diff and the copied files, by path."""
    paths = [snapshot / "diff.patch", *(snapshot / "files").rglob("*")]
    return {str(path.relative_to(snapshot)): path.read_bytes() for path in paths if path.is_file()}


def _tree(taken: _Taken, tree: Tree, workspace: Workspace, deadline: Deadline) -> None:
    taken.left_out += tree.missed
    omitted = _diff(taken, tree, deadline) if tree.repository else {}
    _untracked(taken, tree, deadline)
    _tracked(taken, tree, omitted)
    about: dict[str, object] = {
        "root": os.path.relpath(tree.root, workspace.root),
        "repository": tree.repository,
        "commit": tree.commit,
        "branch": tree.branch,
        "remote": tree.remote,
        "changed": tree.changed,
        "not in the diff": omitted,
        "hashed": len(taken.hashes),
        "known by git alone": taken.vouched,
    }
    _write(taken, "git.json", about)
    lines = "".join(f"{taken.hashes[path]}  {path}\n" for path in sorted(taken.hashes))
    (taken.folder / "manifest.sha256").write_bytes(os.fsencode(lines))


def _diff(taken: _Taken, tree: Tree, deadline: Deadline) -> dict[str, str]:
    """Write the diff to the commit; the changed files that it leaves out, and why."""
    omitted: dict[str, str] = {}
    parts = []
    for path, part in _parts(tree, deadline):
        why = part if isinstance(part, str) else _why_not(path, part, taken.room)
        if why is not None:
            omitted[path] = why
        elif isinstance(part, bytes):
            parts.append(part)
            taken.room -= len(part)
    if parts:
        (taken.folder / "diff.patch").write_bytes(b"".join(parts))
    taken.left_out += omitted.items()
    return omitted


def _parts(tree: Tree, deadline: Deadline) -> list[tuple[str, bytes | str]]:
    """Each changed file's part of the diff, or why it has none."""
    large = [path for path in tree.changed if _size(tree.root, path) > FILE_BYTES]
    told: list[tuple[str, bytes | str]] = [
        (path, f"larger than {FILE_BYTES:,} bytes") for path in large
    ]
    rest = [path for path in tree.changed if path not in {*large}]
    if not rest:
        return told
    without = [f":(exclude,top,literal){path}" for path in large[:MOST_FILES]]
    words = (
        *git.DIFF,
        "--binary",
        "--full-index",
        tree.commit or git.EMPTY_TREE,
        "--",
        ".",
        *without,
    )
    try:
        patch = git.ask(tree.root, *words, deadline=deadline)
    except GitError as error:
        return told + [(path, str(error)) for path in rest]
    begins = [found.start() for found in re.finditer(rb"^diff --git ", patch, re.MULTILINE)]
    if len(begins) != len(rest):  # conflicts of a merge that is not finished
        return told + [(path, "its part of the diff is not found") for path in rest]
    ends = [*begins[1:], len(patch)]
    return told + [
        (path, patch[begin:end]) for path, begin, end in zip(rest, begins, ends, strict=True)
    ]


def _untracked(taken: _Taken, tree: Tree, deadline: Deadline) -> None:
    """Copy the sources among the untracked files: code first, then the smallest."""
    sources, others = [], Counter[str]()
    for path in tree.untracked:
        suffix = PurePosixPath(path).suffix.lower()
        if suffix in SOURCES or confidential.why_name(path):
            sources.append((suffix not in CODE, _size(tree.root, path), path))
        else:
            others[suffix or "no suffix"] += 1
    taken.left_out += [(f"*{suffix} ({n:,} files)", "not a source") for suffix, n in others.items()]
    for _, size, path in sorted(sources):
        why = _copy(taken, tree.root / path, path, size, deadline)
        if why is not None:
            taken.left_out.append((path, why))


def _copy(taken: _Taken, source: Path, path: str, size: int, deadline: Deadline) -> str | None:
    """Copy one file; why it was not, None where it was."""
    if taken.copied >= MOST_FILES or not deadline.left:
        return f"more than {MOST_FILES:,} files" if deadline.left else "out of time"
    if size > FILE_BYTES:
        return f"larger than {FILE_BYTES:,} bytes"
    if source.is_symlink() or not source.is_file() or "\n" in path:
        return "not a plain file"
    try:
        content = source.read_bytes()
    except OSError as error:
        return error.strerror or str(error)
    why = _why_not(path, content, taken.room)
    if why is not None:
        return why
    to = taken.folder / "files" / path
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(content)
    to.chmod(0o755 if source.stat().st_mode & stat.S_IXUSR else 0o644)
    taken.hashes[path] = hashlib.sha256(content).hexdigest()
    taken.room -= len(content)
    taken.copied += 1
    return None


def _why_not(path: str, content: bytes, room: int) -> str | None:
    if len(content) > FILE_BYTES:
        return f"larger than {FILE_BYTES:,} bytes"
    if len(content) > room:
        return f"the snapshot would be larger than {ALL_BYTES:,} bytes"
    suffix = PurePosixPath(path).suffix.lower()
    return confidential.why_name(path) or confidential.why_content(content, suffix)


def _tracked(taken: _Taken, tree: Tree, omitted: dict[str, str]) -> None:
    """Hash what git tracks, as it lies in the work tree: the changed files first."""
    until = Deadline.after(HASHED_SECONDS)
    changed = {*tree.changed}
    for path in sorted(tree.tracked, key=lambda path: path not in changed):
        if path in omitted:
            continue
        if tree.tracked[path] == "160000" or "\n" in path:
            taken.left_out.append((path, "a repository inside it, or a line break in the name"))
        elif path not in changed and (not until.left or _size(tree.root, path) > HASHED_BYTES):
            taken.vouched += 1
        elif (found := sha256(tree.root / path)) is not None:
            taken.hashes[path] = found


def sha256(file: Path) -> str | None:
    """The SHA-256 of a file, of a link's target where it is a link; None where it is gone."""
    try:
        content = os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
    except OSError:
        return None
    return hashlib.sha256(content).hexdigest()


def _size(root: Path, path: str) -> int:
    try:
        return os.lstat(f"{root}/{path}").st_size  # of tens of thousands: pathlib takes its time
    except OSError:
        return 0


def _notebook(taken: _Taken) -> None:
    """The cells so far, where IPython runs this: its history, the current one last."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        return
    cells = [str(cell) for cell in shell.user_ns.get("In", [])][1:]  # In[0] is always empty
    for number, cell in enumerate(cells, 1):
        why = _why_not("", cell.encode(errors="replace"), taken.room)
        if why is not None:
            taken.left_out.append((f"cell {number}", why))
            cells[number - 1] = ""
        taken.room -= len(cells[number - 1])
    _write(taken, "notebook.json", {"cells": cells})


def _told(left_out: list[tuple[str, str]]) -> dict[str, object]:
    more = Counter(why for _, why in left_out[LISTED:])
    return {
        "left_out": [{"path": path, "why": why} for path, why in left_out[:LISTED]],
        "more": [{"files": number, "why": why} for why, number in more.items()],
    }


def _write(taken: _Taken, name: str, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    (taken.folder / name).write_bytes(text.encode(errors="surrogateescape"))
