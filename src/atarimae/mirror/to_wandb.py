"""W&B's offline files, which `wandb sync` sends when one wants: no network and no login here.

W&B's files can't be added to: a run that changed is written anew under its id, and the older files
are taken away. `atarimae.json` beside them holds the digest of each run that was written whole.
"""

import glob
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.mirror.mirror import NEW, UNCHANGED, UPDATED, Copied
from atarimae.mirror.names import cut
from atarimae.mirror.record import Point, Record

if TYPE_CHECKING:
    from wandb import Run as Theirs

ENVIRONMENT = {"WANDB_ERROR_REPORTING": "false", "DO_NOT_TRACK": "true"}
LONGEST_TAG = 64  # characters
HEADER = 7  # bytes of a file without a record
LONGEST_WAIT, PAUSE = 10.0, 0.02  # seconds, for a file to be whole, and between two looks at it


class Wandb:
    """The folder `wandb` in a folder, for one project."""

    def __init__(self, folder: Path, project: str) -> None:
        os.environ.update(ENVIRONMENT)
        self.wandb = _wandb()
        self.above = folder
        self.project = project
        self.marks_file = folder / "wandb" / "atarimae.json"
        self.marks = files.read_json(self.marks_file) if self.marks_file.is_file() else {}
        with files.writing(str(folder)):
            self.marks_file.parent.mkdir(parents=True, exist_ok=True)

    def copy(self, record: Record) -> Copied:
        """Write the run, unless it is there as it is."""
        mark = f"{self.project}/{record.run.id}"
        known = self.marks.get(mark)
        if known == record.digest:
            return Copied(UNCHANGED)
        for older in self.marks_file.parent.glob(_pattern(record.run.id)):
            shutil.rmtree(older)
        self._write(record)
        self.marks[mark] = record.digest
        files.write_json(self.marks_file, self.marks)
        count = len(record.points) + len(record.results)
        return Copied(UPDATED if known else NEW, count, len(record.files))

    def _write(self, record: Record) -> None:
        run = record.run
        opened: Theirs = self.wandb.init(
            project=self.project,
            id=run.id,
            name=cut(f"{run.mark} {run.because}", 100),
            dir=str(self.above),
            config={**run.recipe, "atarimae": dict(record.tags)},
            notes=record.story,
            tags=[cut(tag, LONGEST_TAG) for tag in run.tags],
            job_type=run.stage,
            reinit="create_new",  # a run that the caller has open is left alone
            settings=self.wandb.Settings(
                mode="offline", console="off", silent=True, disable_git=True, disable_code=True,
                save_code=False, disable_job_creation=True, x_disable_stats=True,
                x_disable_meta=True, x_disable_machine_info=True, x_save_requirements=False,
            ),
        )  # fmt: skip
        opened.define_metric("*", step_metric="step")
        for row in _rows(record.points):
            opened.log(row)
        for point in record.results:
            opened.summary[point.name] = point.value
        for path in record.files:
            copied = Path(opened.dir) / path
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(run.folder / path, copied)
            opened.save(str(copied), base_path=opened.dir, policy="end")
        opened.finish(0 if run.status in ("done", "running") else 1)
        for written in self.marks_file.parent.glob(f"{_pattern(run.id)}/*.wandb"):
            _wait_for(written)


def _pattern(id: str) -> str:
    return f"offline-run-*-{glob.escape(id)}"


def _wait_for(written: Path) -> None:
    """Until its last block is on the disk: W&B's `finish` returns a little before that."""
    until = time.monotonic() + LONGEST_WAIT
    size = HEADER
    while time.monotonic() < until:
        time.sleep(PAUSE)
        before, size = size, written.stat().st_size
        if size == before > HEADER:
            return


def _rows(points: Sequence[Point]) -> Iterator[dict[str, float]]:
    """Values of one step that were logged one after another are one row, with the last's time."""
    row: dict[str, float] = {}
    for point in points:
        if row and (row["step"] != point.step or point.name in row):
            yield row
            row = {}
        row |= {point.name: point.value, "step": point.step, "_timestamp": point.at / 1000}
    if row:
        yield row


def _wandb() -> ModuleType:
    try:
        import wandb
    except ModuleNotFoundError as error:
        if error.name != "wandb":
            raise
        raise AtarimaeError(
            "Mirroring to W&B needs more than the base install.",
            f"There is no {error.name} here.",
            "Install it with: pip install 'atarimae[wandb]'",
        ) from None
    return wandb
