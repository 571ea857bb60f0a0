"""What is copied of a run, in no tracker's own terms."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from atarimae import files
from atarimae.runlog import Run
from atarimae.runlog.settings import flat

# Of a run's folder; the model's come with `models`, and checkpoints never.
FILES = (
    "run.json", "recipe.toml", "result.json", "parts.parquet", "predictions.parquet",
    "notes.jsonl", "lb.jsonl", "noise.json",
)  # fmt: skip
FOLDERS = ("pictures",)


@dataclass(frozen=True)
class Point:
    """One value of a metric."""

    name: str
    value: float  # may be NaN or infinite
    step: int
    at: int  # milliseconds since 1970


@dataclass(frozen=True)
class Record:
    """A run as other trackers see it."""

    run: Run
    settings: Mapping[str, str]  # the recipe, flat: keys with dots, values as text
    points: tuple[Point, ...]  # as they were logged; one line of metrics.jsonl each
    results: tuple[Point, ...]  # scores, their bounds and costs, once the run is done
    tags: Mapping[str, str]
    story: str  # Markdown: the reason, the verdict, the notes
    files: Mapping[str, str]  # SHA-256 by path in the run's folder
    began: int  # milliseconds since 1970
    ended: int | None  # None while it runs

    @property
    def digest(self) -> str:
        """Hash of all that is copied: equal where nothing is new."""
        told = (
            self.run.status, dict(self.settings), len(self.points), dict(self.tags), self.story,
            [(point.name, point.value) for point in self.results], sorted(self.files.items()),
        )  # fmt: skip
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def record(run: Run, *, models: bool = False) -> Record:
    """Read a run's folder."""
    began = _milliseconds(run.created)
    points = tuple(_points(run.folder / "metrics.jsonl", began))
    ended = _ended(run, points)
    return Record(
        run=run,
        settings={key: _text(value) for key, value in flat(run.recipe).items()},
        points=points,
        results=tuple(_results(run, max((p.step for p in points), default=0), ended or began)),
        tags=_tags(run),
        story=_story(run),
        files=dict(_files(run.folder, models)),
        began=began,
        ended=ended,
    )


def _points(path: Path, began: int) -> Iterator[Point]:
    """One a line; lines that a crash or a disk broke are left out.

    A value without a step takes its epoch, or else its number among the values of its name.
    """
    text = path.read_bytes() if path.is_file() else b""
    seen: dict[str, int] = {}
    for line in text[: text.rfind(b"\n") + 1].splitlines():
        try:
            found = json.loads(line)
            name, value = str(found["name"]), float(found["value"])
        except (ValueError, KeyError, TypeError):
            continue
        step = found.get("step", found.get("epoch", seen.get(name, 0)))
        seen[name] = seen.get(name, 0) + 1
        at = round(1000 * found["at"]) if "at" in found else began
        yield Point(name, value, int(step), at)


def _results(run: Run, step: int, at: int) -> Iterator[Point]:
    """At the last step, so that a tracker that shows a metric's last value shows the score."""
    for score in run.scores:
        yield Point(score.metric, score.value, step, at)
        for bound, value in (("low", score.low), ("high", score.high)):
            if value == value:
                yield Point(f"{score.metric}/{bound}", value, step, at)
    for name, cost in run.costs.items():
        yield Point(f"cost/{name}", float(cost), step, at)


def _text(value: object) -> str:
    """Lists and truths as JSON has them."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _tags(run: Run) -> dict[str, str]:
    """What is known of the run, each once; keys are those of `runs`."""
    known = {
        "because": run.because,
        "stage": run.stage,
        "seed": run.seed,
        "task": run.task,
        "status": run.status,
        "verdict": (run.verdict or {}).get("verdict"),
        "parent": run.parent,
        "expect": run.expect,
        "data": f"edit {run.data.edit} {run.data.hash[:12]}" if run.data else None,
        "device": run.device,
        "conclusion": run.conclusion,
        "tags": ", ".join(run.tags) or None,
        "error": run.error,
    }
    return {key: str(value) for key, value in known.items() if value is not None}


def _story(run: Run) -> str:
    lines = [run.because]
    if run.verdict:
        told, by = run.verdict.get("verdict"), run.verdict.get("difference")
        amount = f" {run.verdict.get('metric')} {by:+.4f}" if isinstance(by, float) else ""
        lines.append(f"**{told}**:{amount} against {run.verdict.get('against')}")
    lines += [f"{note.kind}: {note.text}" for note in run.notes]
    return "\n\n".join(lines)


def _files(folder: Path, models: bool) -> Iterator[tuple[str, str]]:
    wanted = [folder / name for name in FILES]
    for name in (*FOLDERS, "model") if models else FOLDERS:
        wanted += sorted((folder / name).rglob("*"))
    for path in wanted:
        if path.is_file() and not path.name.startswith("."):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            yield path.relative_to(folder).as_posix(), digest


def _ended(run: Run, points: tuple[Point, ...]) -> int | None:
    if run.status == "running":
        return None
    result = run.folder / "result.json"
    if result.is_file():
        return _milliseconds(str(files.read_json(result)["finished"]))
    return max((point.at for point in points), default=_milliseconds(run.created))


def _milliseconds(moment: str) -> int:
    return round(1000 * datetime.fromisoformat(moment).timestamp())
