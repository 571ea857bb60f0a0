"""An MLflow store, through mlflow-skinny: a SQLite file, or a server.

A run there is known by its tag `atarimae.run`. Two more say how far it was copied:
`atarimae.points` counts the lines of metrics.jsonl, `atarimae.digest` is of all that was copied
and is written last, so that a copy that was broken off is taken up again. Files are told apart by
`atarimae/files.json` among the run's artifacts.
"""

import json
import logging
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from atarimae.errors import AtarimaeError, UsageError
from atarimae.mirror.mirror import NEW, UNCHANGED, UPDATED, Copied
from atarimae.mirror.names import allowed, cut
from atarimae.mirror.record import Point, Record

if TYPE_CHECKING:
    from mlflow.entities import Metric
    from mlflow.entities import Run as Theirs
    from mlflow.tracking import MlflowClient

T = TypeVar("T")

RUN, POINTS, DIGEST, RENAMED = (
    "atarimae.run", "atarimae.points", "atarimae.digest", "atarimae.renamed",
)  # fmt: skip
MARKS = "atarimae/files.json"
STATUS = {
    "running": "RUNNING", "done": "FINISHED", "done early": "FINISHED", "failed": "FAILED",
    "stopped": "KILLED", "interrupted": "KILLED",
}  # fmt: skip
# MLflow's limits: entities in one call of log_batch, parameters or tags in it, characters.
METRICS, SETTINGS, PARAM, TAG = 999, 100, 6000, 8000
TIMEOUT = 10  # seconds for a server's first word
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # stdout is for the command's own result
}


class Mlflow:
    """One experiment of a store."""

    def __init__(self, url: str, experiment: str) -> None:
        self.url = url
        os.environ.update(ENVIRONMENT)
        _answers(url)
        with _told(url):
            self.client = _client(url)
            self.experiment = self._experiment(experiment)
            self.there = {run.data.tags[RUN]: run for run in self._runs()}

    def copy(self, record: Record) -> Copied:
        """Bring the run there up to date; one that was deleted there stays so."""
        theirs = self.there.get(record.run.id)
        if theirs and (
            theirs.info.lifecycle_stage == "deleted"
            or theirs.data.tags.get(DIGEST) == record.digest
        ):
            return Copied(UNCHANGED)
        with _told(self.url):
            what = UPDATED if theirs else NEW
            run = theirs or self._created(record)
            forms = allowed(p.name for p in (*record.points, *record.results))
            self._settings(run, record)
            metrics = self._points(run, record, forms)
            files = self._files(run.info.run_id, record)
            self._close(run.info.run_id, record, forms)
        return Copied(what, metrics, files)

    def _experiment(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        if found is None:
            return self.client.create_experiment(name, _beside(self.url, name))
        if found.lifecycle_stage == "deleted":
            raise AtarimaeError(
                f"Experiment '{name}' was deleted in {self.url}.",
                "MLflow keeps its name until it is gone for good.",
                "Restore it there, or name another with --experiment.",
            )
        return found.experiment_id

    def _runs(self) -> Iterator["Theirs"]:
        from mlflow.entities import ViewType

        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment], run_view_type=ViewType.ALL, max_results=1000, page_token=token
            )
            yield from (run for run in page if RUN in run.data.tags)
            token = page.token
            if not token:
                return

    def _created(self, record: Record) -> "Theirs":
        run = record.run
        name = cut(f"{run.mark} {run.because}", 100)
        # Its parent is a plain tag: MLflow's page folds the children of `mlflow.parentRunId` away,
        # and of a line of ideas only the first would be seen.
        made = self.client.create_run(self.experiment, record.began, {RUN: run.id}, name)
        self.there[run.id] = made
        return made

    def _settings(self, run: "Theirs", record: Record) -> None:
        """MLflow keeps a parameter as it was first said; what it is now is then a tag."""
        from mlflow.entities import Param, RunTag

        forms = allowed(record.settings)
        params = {forms[key]: cut(value, PARAM) for key, value in record.settings.items()}
        there = run.data.params
        new = [Param(key, value) for key, value in params.items() if key not in there]
        changed = {
            f"now.{key}": value for key, value in params.items() if there.get(key, value) != value
        }
        tags = {**record.tags, **changed} | {"mlflow.note.content": record.story}
        for some in _batches(new, SETTINGS):
            self.client.log_batch(run.info.run_id, params=some)
        told = [RunTag(key, cut(value, TAG)) for key, value in tags.items()]
        for texts in _batches(told, SETTINGS):
            self.client.log_batch(run.info.run_id, tags=texts)

    def _points(self, run: "Theirs", record: Record, forms: Mapping[str, str]) -> int:
        """Copy the lines that came since the last time, and the results that are new."""
        from mlflow.entities import RunTag

        done = int(run.data.tags.get(POINTS, 0))
        for some in _batches(record.points[done:], METRICS):
            done += len(some)
            mark = RunTag(POINTS, str(done))  # in the same call
            self.client.log_batch(run.info.run_id, _metrics(some, forms), tags=[mark])
        there = run.data.metrics
        new = [p for p in record.results if there.get(forms[p.name]) != p.value]
        for some in _batches(new, METRICS):
            self.client.log_batch(run.info.run_id, _metrics(some, forms))
        return len(record.points) - int(run.data.tags.get(POINTS, 0)) + len(new)

    def _files(self, run: str, record: Record) -> int:
        known = self._known(run)
        new = {path: mark for path, mark in record.files.items() if known.get(path) != mark}
        for path in new:
            above = Path(path).parent.as_posix()
            local = str(record.run.folder / path)
            self.client.log_artifact(run, local, None if above == "." else above)
        if new:
            self.client.log_text(run, json.dumps(known | new, ensure_ascii=False), MARKS)
        return len(new)

    def _known(self, run: str) -> dict[str, str]:
        """The hash of each file that is there."""
        if MARKS not in [item.path for item in self.client.list_artifacts(run, "atarimae")]:
            return {}
        with tempfile.TemporaryDirectory() as folder:
            path = self.client.download_artifacts(run, MARKS, folder)
            found: dict[str, str] = json.loads(Path(path).read_text(encoding="utf-8"))
        return found

    def _close(self, run: str, record: Record, forms: Mapping[str, str]) -> None:
        """Status and end, and last of all the sign that nothing is missing."""
        status = STATUS[record.run.status]
        if record.ended is None:
            self.client.update_run(run, status)
        else:
            self.client.set_terminated(run, status, record.ended)
        renamed = {form: name for name, form in forms.items() if form != name}
        if renamed:
            self.client.set_tag(run, RENAMED, cut(json.dumps(renamed, ensure_ascii=False), TAG))
        self.client.set_tag(run, DIGEST, record.digest)


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _metrics(points: Sequence[Point], forms: Mapping[str, str]) -> "list[Metric]":
    from mlflow.entities import Metric

    return [Metric(forms[point.name], point.value, point.at, point.step) for point in points]


def _client(url: str) -> "MlflowClient":
    try:
        if url.startswith("sqlite"):
            import alembic  # noqa: F401  MLflow makes its tables with it
        from mlflow.tracking import MlflowClient
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mlflow", "alembic"):
            raise
        raise AtarimaeError(
            "Mirroring to MLflow needs more than the base install.",
            f"There is no {error.name} here.",
            "Install it with: pip install 'atarimae[mlflow]'",
        ) from None
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)  # a first call tells of each table
    return MlflowClient(url)


def _answers(url: str) -> None:
    """A server that is not there is told at once: MLflow would try for minutes."""
    if url.startswith("sqlite"):
        _database(url)
        return
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/version", timeout=TIMEOUT):
            return
    except urllib.error.HTTPError:
        return  # something answers; MLflow's client knows how to log in
    except (OSError, ValueError) as error:
        raise AtarimaeError(
            f"No MLflow server answers at {url}.",
            f"{getattr(error, 'reason', error)}.",
            "Start it with 'mlflow server', or check the address.",
        ) from None


def _database(url: str) -> Path:
    """The file of a SQLite URL, whose folder must be there."""
    name = url.removeprefix("sqlite:///")
    if name in ("", url):
        raise UsageError(f"'{url}' names no file.", "", "Write sqlite:///mlflow.db, say.")
    path = Path(name).resolve()
    if not path.parent.is_dir():
        raise UsageError(
            f"{path} can't be made.", f"There is no folder {path.parent}.", "Make it first."
        )
    return path


def _beside(url: str, experiment: str) -> str | None:
    """Artifacts lie beside a SQLite file, wherever one is called from; a server knows its own."""
    if not url.startswith("sqlite"):
        return None
    return (_database(url).parent / "mlartifacts" / experiment.replace("/", "_")).as_uri()


@contextmanager
def _told(url: str) -> Iterator[None]:
    """MLflow's errors in three parts."""
    try:
        yield
    except AtarimaeError:
        raise
    except Exception as error:
        if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in (
            "mlflow", "sqlalchemy", "alembic", "requests", "urllib3", "sqlite3",
        ):  # fmt: skip
            raise
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise AtarimaeError(
            f"MLflow's store {url} refused.",
            cut(said, 300),
            "What was copied stays; mend it and call again, and the rest is copied.",
        ) from error
