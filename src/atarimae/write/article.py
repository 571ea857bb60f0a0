"""A draft in Markdown of what was tried, what helped and what it cost.

Nothing in it is invented: every figure has a footnote that names its run and folder, and what only
a person can say stands in brackets, to be written.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import tomli_w

from atarimae import runlog
from atarimae.runlog import Run
from atarimae.runlog.costs import by_cost, cost_name
from atarimae.runlog.settings import differing
from atarimae.store import Store
from atarimae.types import SPLITS, Score
from atarimae.workspace import Workspace

HELPED = "helped"
ESCAPED = str.maketrans({mark: f"\\{mark}" for mark in "\\|[]*_`#"} | {"<": "&lt;", ">": "&gt;"})


def draft(workspace: Workspace) -> str:
    """The article about the best run and all that were tried; refused where no run has a score."""
    runs = runlog.runs(workspace)
    best = runlog.find(workspace, "best")
    notes = _Notes(runs)
    line = _lineage(runs, best)
    parts = (
        _head(workspace, runs, best),
        _data(workspace, best, notes),
        _result(line, notes),
        _tried(runs, notes),
        _led(line, notes),
        _not(runs, line, notes),
        _cost(runs, best, notes),
        _settings(best, notes),
        _questions(runs, best, notes),
    )
    text = "\n\n".join("\n".join(part) for part in parts)
    return text + "\n\n" + "\n".join(notes.written()) + "\n"


class _Notes:
    """Footnotes: a run by the end of its id, or by all of it where two share that."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._marks = Counter(run.mark for run in runs)
        self._used: dict[str, Run] = {}

    def of(self, run: Run) -> str:
        """The mark of the run's footnote."""
        self._used[run.id] = run
        return f"[^{run.mark if self._marks[run.mark] == 1 else run.id}]"

    def written(self) -> Iterator[str]:
        """The footnotes of the runs that were spoken of."""
        for run in self._used.values():
            where = "" if run.data is None else f", data at edit {run.data.edit}"
            seed = "" if run.seed is None else f", seed {run.seed}"
            origin = ", imported from a table" if run.origin == "import" else ""
            when = run.created[:16].replace("T", " ")
            yield f"{self.of(run)}: `runs/{run.id}`, {run.stage}{seed}{where}, {when} UTC{origin}."


def _head(workspace: Workspace, runs: Sequence[Run], best: Run) -> Iterator[str]:
    yield f"# {_words(workspace.root.name)}: {_words(best.because)}"
    yield ""
    yield (
        f"Drafted by `atarimae write` from {len(runs)} runs on {datetime.now(UTC):%Y-%m-%d}. Each "
        "figure names its run below. What stands in [brackets] is yours to write."
    )


def _data(workspace: Workspace, best: Run, notes: _Notes) -> Iterator[str]:
    yield "## The problem and the data"
    yield ""
    yield f"Task `{best.task}`. [What is it for, and who uses it?]"
    if best.data is not None:
        data = Store(workspace).data(best.data.edit)
        splits = Counter(file.split or "no split" for file in data.files)
        order = [name for name in (*SPLITS, "no split") if splits[name]]
        told = ", ".join(f"{splits[name]:,} in {name}" for name in order)
        yield ""
        yield (
            f"{len(data):,} files of {len({file.image for file in data.files}):,} images in "
            f"{len(data.class_names):,} classes: {told}. [Where do they come from?]{notes.of(best)}"
        )
    rules = cast(Score, best.score).convention
    if rules:
        yield ""
        yield f"How {_metric(best)} is counted: " + "; ".join(
            f"{_words(key)}: {_words(str(value))}" for key, value in rules.items()
        ) + "."  # fmt: skip


def _result(line: Sequence[Run], notes: _Notes) -> Iterator[str]:
    first, best = line[0], line[-1]
    yield "## The result"
    yield ""
    yield f"{_scored(best, notes)}, at stage {best.stage}."
    if first.id != best.id and first.score and _alike(first, best):
        gained = cast(Score, best.score).value - first.score.value
        yield ""
        yield (
            f"It began at {_scored(first, notes)}: {gained:+.3f} over {len(line) - 1} "
            f"step{'s' if len(line) > 2 else ''}."
        )
    if best.conclusion:
        yield ""
        yield f"{_words(best.conclusion)}{notes.of(best)}"


def _tried(runs: Sequence[Run], notes: _Notes) -> Iterator[str]:
    yield "## What was tried, in order"
    yield ""
    yield "| | why | stage | score | verdict |"
    yield "|---|---|---|---|---|"
    for number, run in enumerate(runs, 1):
        score = _scored(run, notes) if run.score else f"{run.status}{notes.of(run)}"
        yield f"| {number} | {_words(run.because)} | {run.stage} | {score} | {_verdict(run)} |"


def _led(line: Sequence[Run], notes: _Notes) -> Iterator[str]:
    yield "## What led to the best run"
    for number, run in enumerate(line):
        parent = line[number - 1] if number else None
        yield ""
        yield f"**{number + 1}. {_words(run.because)}**{notes.of(run)}"
        yield ""
        if parent is None:
            yield f"The start: {_scored(run, notes)}."
            continue
        changed = differing([parent.recipe, run.recipe])
        if changed:
            told = (f"`{name}` {_value(a)} → {_value(b)}" for name, (a, b) in changed.items())
            yield f"Changed: {', '.join(told)}."
        yield f"{_verdict(run) or 'No verdict'}; {_scored(run, notes)}."
        if run.conclusion:
            yield ""
            yield _words(run.conclusion)


def _not(runs: Sequence[Run], line: Sequence[Run], notes: _Notes) -> Iterator[str]:
    yield "## What did not help"
    yield ""
    on_line = {run.id for run in line}
    lost = [run for run in runs if run.id not in on_line and run.verdict and _word(run) != HELPED]
    for run in lost:
        said = f" {_words(run.conclusion)}" if run.conclusion else ""
        yield f"- {_words(run.because)}: {_verdict(run)}{notes.of(run)}.{said}"
    unsure = [run for run in line[1:] if _word(run) != HELPED]
    for run in unsure:
        yield f"- Kept without proof: {_words(run.because)}: {_verdict(run) or 'no verdict'}{notes.of(run)}."  # noqa: E501
    if not lost and not unsure:
        yield "No run has such a verdict."
    broken = [run for run in runs if run.status in ("failed", "stopped", "interrupted")]
    if broken:
        marks = "".join(map(notes.of, broken))
        yield ""
        yield f"{len(broken)} of {len(runs)} runs did not end by themselves{marks}."


def _cost(runs: Sequence[Run], best: Run, notes: _Notes) -> Iterator[str]:
    yield "## What it cost"
    yield ""
    timed = [run for run in runs if run.seconds is not None]
    stages = Counter[str]()
    for run in timed:
        stages[run.stage] += cast(float, run.seconds)  # type: ignore[assignment]
    told = ", ".join(f"{seconds:,.0f} s at {stage}" for stage, seconds in stages.most_common())
    yield f"{len(timed)} runs took {sum(stages.values()):,.0f} s in all ({told})."
    if best.costs:
        yield ""
        yield f"| the best run{notes.of(best)} | |"
        yield "|---|---|"
        for key, (cost,) in by_cost([best.costs]).items():
            yield f"| {cost_name(key)} | {_value(cost)} |"


def _settings(best: Run, notes: _Notes) -> Iterator[str]:
    yield "## Final settings"
    yield ""
    if not best.recipe:
        yield f"None were logged{notes.of(best)}."
        return
    yield f"`recipe.toml` of the best run{notes.of(best)}:"
    yield ""
    yield "```toml"
    yield tomli_w.dumps(best.recipe).rstrip()
    yield "```"


def _questions(runs: Sequence[Run], best: Run, notes: _Notes) -> Iterator[str]:
    """What the log itself leaves open, and notes that end in a question mark."""
    yield "## Open questions"
    yield ""
    mark = notes.of(best)
    if best.verdict and _word(best) != HELPED:
        yield f"- The best run's step was not proven: {_verdict(best)}{mark}."
    if best.stage != "folds":
        yield f"- The best run was judged at stage {best.stage}, not on folds{mark}."
    if not (best.folder / "noise.json").is_file():
        yield f"- How far do seeds lie apart? It was not measured for the best run{mark}."
    for run in runs:
        for note in run.notes:
            if note.kind == "note" and note.text.endswith(("?", "？")):
                yield f"- {_words(note.text)}{notes.of(run)}"
    yield "- [What would you try next?]"


def _lineage(runs: Sequence[Run], best: Run) -> list[Run]:
    """From the first ancestor that is still there to the best run."""
    by_id = {run.id: run for run in runs}
    line, seen = [best], {best.id}
    while (parent := by_id.get(line[0].parent or "")) and parent.id not in seen:
        line.insert(0, parent)
        seen.add(parent.id)
    return line


def _alike(first: Run, second: Run) -> bool:
    """Whether the two scores speak of one question, so that one may be taken from the other."""
    a, b = cast(Score, first.score), cast(Score, second.score)
    same = first.stage == second.stage and first.data == second.data
    return same and a.metric == b.metric and dict(a.convention) == dict(b.convention)


def _metric(run: Run) -> str:
    return _words(cast(Score, run.score).metric)


def _scored(run: Run, notes: _Notes) -> str:
    score = run.score
    if score is None:
        return f"no score{notes.of(run)}"
    bounds = "" if math.isnan(score.low) else f" ({score.low:.3f} to {score.high:.3f})"
    return f"{_words(score.metric)} {score.value:.3f}{bounds}{notes.of(run)}"


def _verdict(run: Run) -> str:
    """As in "helped: +0.0123 (+0.0034 to +0.0211)", empty without one."""
    told: Mapping[str, object] = run.verdict or {}
    difference, low, high = (told.get(name) for name in ("difference", "low", "high"))
    if not isinstance(difference, int | float):
        return _word(run)
    sure = isinstance(low, int | float) and isinstance(high, int | float)
    return f"{_word(run)}: {difference:+.4f}" + (f" ({low:+.4f} to {high:+.4f})" if sure else "")


def _word(run: Run) -> str:
    return str((run.verdict or {}).get("verdict") or "")


def _value(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"`{value}`"
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def _words(text: str) -> str:
    """What a person wrote, on one line and as it is, whatever Markdown would make of it."""
    return " ".join(text.split()).translate(ESCAPED)
