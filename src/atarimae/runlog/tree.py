"""The files that a run's code is made of: a git work tree, or a folder."""

import os
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from atarimae.runlog import git
from atarimae.runlog.git import Deadline, GitError
from atarimae.workspace import SETTINGS, Workspace

CODE = {
    ".py", ".pyi", ".pyx", ".pxd", ".ipynb", ".toml", ".yaml", ".yml", ".cfg", ".ini", ".sh", ".c",
    ".cc", ".cpp", ".cu", ".cuh", ".h", ".hpp", ".rs", ".sql", ".lock",
}  # fmt: skip
SOURCES = CODE | {".json", ".jsonl", ".csv", ".tsv", ".txt", ".md", ".rst", ".jinja", ".html"}
SKIPPED = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
OWN = ("runs", "cache", "images")  # folders of a workspace
MOST = 5_000  # names looked at in a folder without git


@dataclass
class Tree:
    """What lies under `root`, by path relative to it with forward slashes."""

    root: Path
    repository: bool = False
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    tracked: dict[str, str] = field(default_factory=dict)  # path: mode
    changed: list[str] = field(default_factory=list)  # tracked ones that are not as in the commit
    untracked: list[str] = field(default_factory=list)
    missed: list[tuple[str, str]] = field(default_factory=list)  # what could not be told, and why


def look(workspace: Workspace, deadline: Deadline) -> Tree:
    """The work tree of the main script, or of the current folder where there is none."""
    start = _start()
    try:
        return _repository(start, workspace, deadline)
    except GitError as error:
        tree = _folder(start, workspace, deadline)
        tree.missed.append(("git", str(error)))
        return tree


def _start() -> Path:
    """Where the code is: a console script, pytest or a notebook's kernel are not it."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if main:
        path = Path(main).resolve()
        foreign = {Path(place).resolve() for place in sysconfig.get_paths().values()}
        foreign.add(Path(__file__).resolve().parents[1])  # atarimae's own code
        if path.is_file() and foreign.isdisjoint(path.parents):
            return path.parent
    return Path.cwd()


def _repository(start: Path, workspace: Workspace, deadline: Deadline) -> Tree:
    try:
        asked = ("rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD")
        said = git.ask(start, *asked, deadline=deadline)
    except GitError:  # it may have no commit yet
        said = git.ask(start, "rev-parse", "--show-toplevel", deadline=deadline)
    top, commit, branch, *_ = [*os.fsdecode(said).splitlines(), None, None]
    tree = Tree(Path(str(top)), repository=True, commit=commit, branch=branch)
    for entry in _listed(tree, "tracked files", deadline, "ls-files", "-s", "-z"):
        about, _, path = entry.partition("\t")
        tree.tracked[path] = about.split(" ")[0]
    words = (*git.DIFF, "--name-only", "-z", commit or git.EMPTY_TREE)
    tree.changed = _listed(tree, "changes", deadline, *words)
    tree.untracked = _untracked(tree, workspace, deadline)
    try:
        address = git.ask(tree.root, "config", "remote.origin.url", deadline=deadline)
        tree.remote = _without_password(os.fsdecode(address).strip())
    except GitError:
        tree.remote = None
    return tree


def _untracked(tree: Tree, workspace: Workspace, deadline: Deadline) -> list[str]:
    without = [
        f":(exclude,top,literal){os.path.relpath(workspace.root / name, tree.root)}"
        for name in OWN
        if (workspace.root / name).is_relative_to(tree.root)
    ]
    words = ("ls-files", "-o", "--exclude-standard", "-z", "--", ".", *without)
    found = _listed(tree, "untracked files", deadline, *words)
    tree.missed += [(path, "another repository") for path in found if path.endswith("/")]
    return [path for path in found if not path.endswith("/")]


def _listed(tree: Tree, what: str, deadline: Deadline, *words: str) -> list[str]:
    try:
        return git.names(git.ask(tree.root, *words, deadline=deadline))
    except GitError as error:
        tree.missed.append((what, str(error)))
        return []


def _without_password(address: str) -> str:
    scheme, slashes, rest = address.partition("://")
    return scheme + slashes + rest.rpartition("@")[2] if slashes else address


def _folder(start: Path, workspace: Workspace, deadline: Deadline) -> Tree:
    """A folder without git: its sources. Of a home or root folder only what lies in it itself."""
    tree = Tree(start)
    broad = start in (Path.home(), Path(start.anchor))
    if broad:
        tree.missed.append((f"{start}/*/", "folders in a home or root folder are not looked into"))
    seen = 0
    for place, folders, names in os.walk(start):
        here = Path(place)
        folders[:] = [] if broad else sorted(f for f in folders if _is_walked(workspace, here / f))
        seen += len(names) + len(folders)
        if seen > MOST or not deadline.left:
            tree.missed.append((str(here), f"more than {seen:,} files, or too slow to list"))
            break
        below = here.relative_to(start).as_posix().removeprefix(".")
        tree.untracked += [f"{below}/{name}".removeprefix("/") for name in names]
    return tree


def _is_walked(workspace: Workspace, folder: Path) -> bool:
    name = folder.name
    if name.startswith(".") or name in SKIPPED:
        return False
    # Also another workspace's.
    own = folder.parent == workspace.root or (folder.parent / SETTINGS).is_file()
    if name in OWN and own:
        return False
    return not folder.is_symlink() and not (folder / "pyvenv.cfg").is_file()
