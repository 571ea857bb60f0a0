"""A fit at holdout ends in a submission where the workspace has a sample to follow.

submission.csv     what can be sent
submission.json    what is to be known of it, or the error that it failed with
"""

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.runlog import Run
from atarimae.submission.settings import Settings
from atarimae.submission.submit import of_run
from atarimae.task import Task
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace

TABLE, RECORD = "submission.csv", "submission.json"


def after_fit(workspace: Workspace, chosen: Task, run: Run, progress: Progress = silent) -> None:
    """Write both files into the run's folder. A sample that can't be followed fails no fit."""
    if run.stage != "holdout" or not run.is_done:
        return
    try:
        settings = Settings.of(workspace.root, workspace.submission)
        if not settings.sample.is_file():
            return
        out = run.folder / TABLE
        record = of_run(workspace, chosen, run, settings, out, progress=progress).as_dict()
        record["path"] = TABLE
    except AtarimaeError as error:
        record = {"error": error.as_dict()}
    files.write_json(run.folder / RECORD, record)


def told(run: Run) -> str:
    """What came of it, in a line or two; empty where there was no sample."""
    if not (run.folder / RECORD).is_file():
        return ""
    record = files.read_json(run.folder / RECORD)
    error = record.get("error")
    if isinstance(error, dict):
        return "\n  ".join(["No submission: " + error["what"], error["found"], error["fix"]])
    notes = record["notes"]
    lines = [str(note) for note in notes] if isinstance(notes, list) else []
    where = f"Submission: {run.folder / TABLE} ({record['queries']:,} queries)."
    return "\n  ".join([where, *lines])
