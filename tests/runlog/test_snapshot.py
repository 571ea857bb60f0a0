"""What a run was started from can be rebuilt, byte for byte; secrets are not part of it."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from atarimae import runlog, workspace
from atarimae.cli import main
from atarimae.errors import AtarimaeError
from atarimae.runlog import Run, snapshot, writer
from atarimae.runlog.confidential import why_content, why_name
from atarimae.runlog.restore import restore
from atarimae.workspace import Workspace


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with one commit, in which a workspace lies, and which we stand in."""
    root = tmp_path / "研究 code"
    (root / "pkg").mkdir(parents=True)
    (root / "train.py").write_text("print('v1')\n")
    (root / "pkg" / "モデル 🍶.py").write_text("x = 1\n" * 50)
    (root / "pkg" / "old.py").write_text("gone = 1\n")
    (root / "logo.bin").write_bytes(bytes(range(256)) * 4)
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link.py").symlink_to("train.py")
    (root / ".gitignore").write_text("ignored/\n")
    workspace.create(root / "sake", "retrieve")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def ws(repository: Path) -> Workspace:
    return workspace.open_(repository / "sake")


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(root), *who, *words], capture_output=True, text=True, check=True
    )
    return done.stdout


def log(ws: Workspace) -> Run:
    with runlog.start(ws, because="理由") as run:
        pass
    return runlog.read(run.folder)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def left_out(run: Run) -> dict[str, str]:
    told = json.loads((run.folder / "snapshot" / "left_out.json").read_text("utf-8"))
    return {one["path"]: one["why"] for one in told["left_out"]}


def same(first: Path, second: Path, paths: list[str]) -> bool:
    return all((first / path).read_bytes() == (second / path).read_bytes() for path in paths)


def change(root: Path) -> list[str]:
    """Changes of every kind: staged, unstaged, binary, deleted, mode, untracked."""
    (root / "train.py").write_bytes(b"print('v2')\r\nno line end")
    (root / "pkg" / "モデル 🍶.py").write_text("x = 1\n" * 25 + "y = 2\n" + "x = 1\n" * 25)
    (root / "logo.bin").write_bytes(bytes(reversed(range(256))) * 8)
    (root / "pkg" / "old.py").unlink()
    (root / "staged.py").write_text("staged = True\n")
    git(root, "add", "staged.py", "logo.bin")
    (root / "staged.py").write_text("staged = 'and changed'\n")
    (root / "run.sh").chmod(0o644)
    (root / "pkg" / "新しい new.py").write_text("new = 1\n")
    (root / "tool.sh").write_text("#!/bin/sh\nexit 0\n")
    (root / "tool.sh").chmod(0o755)
    return ["train.py", "pkg/モデル 🍶.py", "logo.bin", "staged.py", "run.sh", "link.py",
            "pkg/新しい new.py", "tool.sh", ".gitignore"]  # fmt: skip


def test_tree_is_rebuilt_byte_for_byte(ws: Workspace, repository: Path, tmp_path: Path) -> None:
    paths = change(repository)
    run = log(ws)
    shutil.copytree(repository, tmp_path / "then", symlinks=True)
    (repository / "train.py").write_text("print('much later')\n")
    git(repository, "commit", "-qam", "two")
    found = restore(ws, run, tmp_path / "again")
    assert (found.differs, found.by_git) == ((), 0)
    assert found.proven == len(paths) + 1  # and the workspace's atarimae.toml
    assert same(tmp_path / "then", tmp_path / "again", paths)
    assert not (tmp_path / "again" / "pkg" / "old.py").exists()
    assert (tmp_path / "again" / "link.py").readlink() == Path("train.py")
    modes = {name: (tmp_path / "again" / name).stat().st_mode & 0o111 for name in paths}
    assert modes["tool.sh"]
    assert not modes["run.sh"]
    assert not (tmp_path / "again" / ".git").exists()


@pytest.mark.parametrize("changed", [False, True])
def test_resumed_run_keeps_the_code_that_it_went_on_with(
    ws: Workspace, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    changed: bool,
) -> None:  # fmt: skip
    (repository / "new.py").write_text("new = 1\n")
    run = log(ws)
    if changed:
        (repository / "new.py").write_text("new = 2\n")
    with writer.resume(run.folder, ws):
        pass
    (start,) = json.loads((run.folder / "run.json").read_text())["resumed"]
    assert (start["name"], start["same_code"]) == ("snapshot-2", not changed)
    kept = run.folder / "snapshot-2" / "files" / "new.py"
    assert kept.read_text() == ("new = 2\n" if changed else "new = 1\n")
    assert main(["-C", str(ws.root), "restore", run.id, str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "new.py").read_text() == "new = 1\n"
    assert ("other code" in capsys.readouterr().out) == changed


def test_restoring_writes_nothing_into_the_repository(
    ws: Workspace, repository: Path, tmp_path: Path
) -> None:
    change(repository)
    run = log(ws)
    before = contents(repository / ".git")
    restore(ws, run, tmp_path / "again")
    assert contents(repository / ".git") == before


def test_snapshot_touches_nothing_in_the_repository(ws: Workspace, repository: Path) -> None:
    change(repository)
    before = contents(repository / ".git")
    log(ws)
    assert contents(repository / ".git") == before


def test_manifest_is_what_sha256sum_reads(ws: Workspace, repository: Path, tmp_path: Path) -> None:
    change(repository)
    (repository / "link.py").unlink()  # sha256sum follows links, the manifest does not
    run = log(ws)
    restore(ws, run, tmp_path / "again")
    words = ["sha256sum", "--check", "--quiet", str(run.folder / "snapshot" / "manifest.sha256")]
    assert subprocess.run(words, cwd=tmp_path / "again", check=False).returncode == 0


def test_tree_that_differs_is_told(
    ws: Workspace, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "new.py").write_text("a = 1\n")
    run = log(ws)
    (run.folder / "snapshot" / "files" / "new.py").write_text("tampered = 1\n")
    words = ["-C", str(ws.root), "restore", run.id, str(tmp_path / "again")]
    assert main(words) == 1
    assert "new.py: its content is another" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["file", "full"])
def test_only_an_empty_folder_is_restored_into(
    ws: Workspace, repository: Path, tmp_path: Path, kind: str
) -> None:
    run = log(ws)
    to = tmp_path / "to"
    if kind == "file":
        to.touch()
    else:
        to.mkdir()
        (to / "mine.txt").touch()
    with pytest.raises(AtarimaeError, match="can't be restored into"):
        restore(ws, run, to)
    assert kind == "file" or [path.name for path in to.iterdir()] == ["mine.txt"]


def test_run_from_another_machine_needs_a_clone(
    ws: Workspace, repository: Path, tmp_path: Path
) -> None:
    change(repository)
    run = log(ws)
    git(tmp_path, "clone", "-q", "--bare", str(repository), "clone.git")
    elsewhere = workspace.create(tmp_path / "elsewhere" / "ws", "retrieve")
    shutil.copytree(run.folder, elsewhere.runs / run.id)
    run = runlog.find(elsewhere, run.id)
    with pytest.raises(AtarimaeError, match=r"Name a repository that has the commit with --from"):
        restore(elsewhere, run, tmp_path / "again")
    shutil.rmtree(tmp_path / "again", ignore_errors=True)
    assert restore(elsewhere, run, tmp_path / "again", tmp_path / "clone.git").differs == ()


def test_repository_without_a_commit_is_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "first"
    root.mkdir()
    monkeypatch.chdir(root)
    git(root, "init", "-q")
    (root / "a.py").write_text("a = 1\n")
    git(root, "add", "a.py")
    (root / "b.py").write_text("b = 1\n")
    ws = workspace.create(root / "ws", "retrieve")
    found = restore(ws, log(ws), tmp_path / "again")
    assert (found.proven, found.differs) == (3, ())
    assert same(root, tmp_path / "again", ["a.py", "b.py"])


def test_folder_without_git_is_rebuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "plain"
    for name in ("train.py", "深い/deep.py", ".venv/x.py", "env/pyvenv.cfg", "env/lib.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("a = 1\n")
    monkeypatch.chdir(root)
    ws = workspace.create(root / "ws", "retrieve")
    for name in ("runs/r/x.py", "cache/x.py", "images/x.py"):
        (ws.root / name).parent.mkdir(parents=True)
        (ws.root / name).write_text("not part of it")
    found = restore(ws, log(ws), tmp_path / "again")
    assert found.differs == ()
    again = {path.relative_to(tmp_path / "again").as_posix()
             for path in (tmp_path / "again").rglob("*") if path.is_file()}  # fmt: skip
    assert again == {"train.py", "深い/deep.py", "ws/atarimae.toml"}


def test_run_is_logged_where_git_is_not(
    ws: Workspace, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    run = log(ws)
    assert run.status == "done"
    assert "can't be started" in left_out(run)["git"]
    assert (run.folder / "snapshot" / "files" / "train.py").is_file()


def test_run_is_logged_whatever_happens_to_its_snapshot(
    ws: Workspace, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("of any kind")

    monkeypatch.setattr(snapshot, "look", fail)
    run = log(ws)
    assert run.status == "done"
    assert left_out(run)["the rest"] == "RuntimeError: of any kind"
    with pytest.raises(AtarimaeError, match="can't be restored"):
        restore(ws, run, repository.parent / "again")


def test_slow_git_does_not_stall_a_run(
    ws: Workspace, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git that never answers is left after the limit, and the folder is taken without it."""
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(snapshot, "SECONDS", 0.3)
    assert "took too long" in left_out(log(ws))["git"]


def test_large_and_many_files_are_left_out_and_listed(
    ws: Workspace, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "FILE_BYTES", 1000)
    monkeypatch.setattr(snapshot, "ALL_BYTES", 1500)
    (repository / "a.json").write_text("1" * 900)
    (repository / "b.json").write_text("1" * 901)
    (repository / "c.py").write_text("1" * 300)  # code comes first
    (repository / "d.py").write_text("1" * 1001)
    (repository / "logo.bin").write_bytes(os.urandom(1001))  # tracked
    for number in range(3):
        (repository / f"{number}.png").touch()
    run = log(ws)
    files = {path.name for path in (run.folder / "snapshot" / "files").rglob("*")}
    assert files == {"a.json", "c.py"}
    assert left_out(run) == {
        "b.json": "the snapshot would be larger than 1,500 bytes",
        "d.py": "larger than 1,000 bytes",
        "logo.bin": "larger than 1,000 bytes",
        "*.png (3 files)": "not a source",
    }


def test_changed_file_that_is_left_out_makes_the_tree_differ(
    ws: Workspace, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "FILE_BYTES", 500)
    (repository / "train.py").write_text("#" * 501)
    (repository / "run.sh").write_text("exit 1\n")
    found = restore(ws, log(ws), tmp_path / "again")
    assert found.differs == (("train.py", "larger than 500 bytes"),)
    assert (tmp_path / "again" / "run.sh").read_text() == "exit 1\n"


TOKENS = {
    "aws.py": "key = 'AKIA" + "ABCDEFGHIJKLMNOP'",
    "github.py": "x = 'ghp_" + "a1" * 18 + "'",
    "hf.py": "login('hf_" + "aB" * 17 + "')",
    "generic.py": "db(password='" + "correct-horse')",
    "settings.yaml": "user: me\napi_key: " + "1234567890abcdef",
    "config.json": '{"api_key": "' + '1234567890abcdef"}',
    "key.txt": "-----BEGIN RSA " + "PRIVATE KEY-----\nabc",
    "url.toml": "store = 'postgresql://me:" + "hunter22@host/db'",
    ".env": "ANYTHING=1",
    "server.pem": "x",
    "kaggle.json": "{}",
}


def test_secrets_are_left_out_of_copies_and_of_the_diff(ws: Workspace, repository: Path) -> None:
    for name, text in TOKENS.items():
        (repository / name).write_text(text)
    (repository / "train.py").write_text("fine = 1\n" + TOKENS["aws.py"])  # tracked
    (repository / "run.sh").write_text("exit 2\n")
    run = log(ws)
    told = left_out(run)
    assert told.keys() >= {*TOKENS, "train.py"}
    assert told["train.py"].endswith("looks like an AWS key")
    assert b"exit 2" in (run.folder / "snapshot" / "diff.patch").read_bytes()
    everything = b"".join(p.read_bytes() for p in run.folder.rglob("*") if p.is_file())
    for secret in (b"AKIA", b"ghp_", b"hf_aB", b"correct-horse", b"1234567890abcdef", b"hunter22"):
        assert secret not in everything


def test_secret_that_a_change_took_away_is_not_in_the_diff(ws: Workspace, repository: Path) -> None:
    (repository / "train.py").write_text(TOKENS["aws.py"])
    git(repository, "commit", "-qam", "oops")
    (repository / "train.py").write_text("clean = 1\n")
    assert "train.py" in left_out(log(ws))


@pytest.mark.parametrize(
    "text",
    ["token = tokenizer(text)", "password = os.environ['PASSWORD']", "key = cache_key(a, b)",
     "password: ${PASSWORD}", "api_key = '<your key>'", "secret = None", "tokens: int = 512",
     "max_token = 'auto'"],
)  # fmt: skip
def test_ordinary_code_is_no_secret(text: str) -> None:
    assert why_content(text.encode(), ".py") is None
    assert why_name("tokenizer.py") is None


def test_secret_variables_are_not_recorded(
    ws: Workspace, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("HF_TOKEN", "abc")
    monkeypatch.setenv("ATARIMAE_STORE", "postgresql://me:hunter22@host/db")
    monkeypatch.setenv("MY_PRIVATE_THING", "unrelated")
    run = log(ws)
    told = json.loads((run.folder / "snapshot" / "environment.json").read_text("utf-8"))
    assert told["variables"]["OMP_NUM_THREADS"] == "1"
    assert not {"HF_TOKEN", "ATARIMAE_STORE", "MY_PRIVATE_THING"} & told["variables"].keys()
    assert {"$HF_TOKEN", "$ATARIMAE_STORE"} <= left_out(run).keys()
    assert told["packages"]["numpy"] == __import__("numpy").__version__
    assert told["cpu"]["model"]


def test_remote_is_told_without_its_password(ws: Workspace, repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://me:hunter22@example.org/code.git")
    run = log(ws)
    told = json.loads((run.folder / "snapshot" / "git.json").read_text("utf-8"))
    assert told["remote"] == "https://example.org/code.git"
    assert told["commit"] == git(repository, "rev-parse", "HEAD").strip()
    settings = json.loads((run.folder / "run.json").read_text("utf-8"))
    assert settings["snapshot"]["commit"] == told["commit"]


SOURCE = Path(snapshot.__file__).parents[2]
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import atarimae as at
with at.log(because="from a script") as run:
    pass
print(run.folder)
"""


def test_script_outside_the_current_folder_brings_its_own(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "code" / "train.py").write_text(SCRIPT)
    (tmp_path / "code" / "losses.py").write_text("x = 1\n")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "code" / "train.py"), str(SOURCE)],
        cwd=tmp_path / "here", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip()) / "snapshot" / "files"
    assert {path.name for path in folder.iterdir()} == {"train.py", "losses.py"}


def test_cells_of_a_notebook_are_kept(
    ws: Workspace, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shell:
        def __init__(self) -> None:
            self.user_ns = {"In": ["", "x = 1", TOKENS["aws.py"], "at.log(because='絵')"]}

    ipython = type(sys)("IPython")
    ipython.get_ipython = Shell
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    run = log(ws)
    told = json.loads((run.folder / "snapshot" / "notebook.json").read_text("utf-8"))
    assert told == {"cells": ["x = 1", "", "at.log(because='絵')"]}
    assert "AWS" in left_out(run)["cell 2"]


def test_recipe_and_snapshot_are_plain_text(ws: Workspace, repository: Path) -> None:
    change(repository)
    with runlog.start(ws, because="a", recipe={"lr": 0.1}) as run:
        pass
    assert tomllib.loads((run.folder / "recipe.toml").read_text("utf-8")) == {"lr": 0.1}
    assert "+print('v2')" in (run.folder / "snapshot" / "diff.patch").read_text("utf-8")
