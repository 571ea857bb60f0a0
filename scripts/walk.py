"""Pages of the docs that are written by running what they tell: steps, and the page they make."""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

WIDTH = "96"  # columns of the terminal that is written down
MADE = ("runs", "store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "atarimae.toml")


@dataclass(frozen=True)
class Step:
    """A few words, and the command that follows; `name` keeps the id of the run it made."""

    words: str
    command: str = ""
    name: str = ""


def arguments_of(about: str | None) -> argparse.Namespace:
    """The command line of a walk: `workspace`, and `out`, where the page goes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def page(workspace: Path, steps: Sequence[Step]) -> Iterator[str]:
    """The page's lines; the commands run in the workspace."""
    runs: dict[str, str] = {}
    for step in steps:
        if step.words:
            yield from (step.words, "")
        if step.command:
            command = step.command.format(**runs)
            yield from ("```", f"$ {command}", *run(workspace, command), "```", "")
        if step.name:
            runs[step.name] = last(workspace)


def prepare(workspace: Path) -> None:
    """A workspace anew, but for its cache, with the demo's pictures in `emoji`."""
    for name in MADE:
        old = workspace / name
        shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
    run(Path(), f"atarimae init {workspace}")
    if not (workspace / "emoji").is_dir():
        with zipfile.ZipFile(Path(str(files("atarimae.demo"))) / "emoji.zip") as packed:
            packed.extractall(workspace / "emoji")


def run(workspace: Path, command: str) -> list[str]:
    """What the command printed on stdout; raises where it fails."""
    words = shlex.split(command)
    if words[0] == "atarimae":
        words = [sys.executable, "-m", "atarimae", *words[1:]]
    place = os.environ | {"COLUMNS": WIDTH, "TERM": "dumb"}
    done = subprocess.run(words, cwd=workspace, env=place, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout}{done.stderr}")
    told = done.stdout or done.stderr
    return [line.rstrip() for line in told.rstrip().splitlines()]


def last(workspace: Path) -> str:
    """The mark of the newest run."""
    told = json.loads("\n".join(run(workspace, "atarimae runs --json")))
    return str(told["runs"][-1]["id"]).rpartition("-")[2]
