"""Runs and comparisons as tables for the terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from atarimae.compare.comparison import Change, Comparison, recipe_changes
from atarimae.compare.expectation import outcome
from atarimae.runlog import Run
from atarimae.runlog.costs import by_cost, cost_name
from atarimae.score.leaks import told
from atarimae.score.verdict import UNKNOWN, UNSEEN, Verdict
from atarimae.types import Score

COLOURS = {"helped": "green", "hurt": "red"}
NONE = "No run."
BECAUSE = 3  # the column that gives way
ROOM = 100  # columns of a terminal from which on a run's time and speed are shown too


@dataclass(frozen=True)
class RunsTable:
    """One line a run: its mark, how good, the verdict, why; what it took where there is room.

    A run goes by its mark, the end of its id, which every command takes for it. In a terminal long
    reasons are cut; elsewhere they are whole, and a line is as long as it must be.
    """

    runs: Sequence[Run]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self.runs:
            yield NONE
            return
        if console.is_terminal:
            yield self._table(wide=options.max_width >= ROOM)
            return
        whole = self._table(wide=True)
        needed = Measurement.get(console, options.update(max_width=1 << 20), whole).maximum
        yield from console.render(whole, options.update(width=max(needed, 1)))

    def _table(self, *, wide: bool) -> Table:
        metrics = dict.fromkeys(run.score.metric for run in self.runs if run.score)
        one = next(iter(metrics)) if len(metrics) == 1 else None
        table = _table("run", one or "score", "verdict", "because", "stage")
        if wide:
            table.add_column("s", justify="right")
            table.add_column("ms/image", justify="right")
        for place, column in enumerate(table.columns):
            column.no_wrap = place != BECAUSE
        for run in self.runs:
            score = score_text(run.score) if run.score else run.status
            cost = "" if run.seconds is None else f"{run.seconds:.1f}"
            table.add_row(
                Text(run.mark),
                score if one or not run.score else f"{run.score.metric} {score}",
                _verdict_text(run, short=True),
                _reason(run),
                run.stage,
                *((cost, number(run.costs.get("ms_per_image"))) if wide else ()),
            )
        return table


def runs_table(runs: Sequence[Run]) -> RunsTable:
    """The runs in the order given."""
    return RunsTable(runs)


def _reason(run: Run) -> Text:
    """Tags, then why, on one line, which is cut where the room ends."""
    tags = "".join(f"#{tag} " for tag in run.tags)
    line = Text(tags, "cyan", no_wrap=True, overflow="ellipsis")
    return line.append(" ".join(run.because.split()), "default")


def comparison_table(found: Comparison) -> Group:
    """The verdict, then scores, costs and settings side by side, then the images that moved."""
    costs = [(cost_name(c.key), number(c.first), number(c.second)) for c in found.costs]
    settings = [(c.key, setting(c.first), setting(c.second)) for c in found.recipe]
    return Group(
        verdict_line(found),
        seeds_line(found),
        Text(""),
        _scores(found),
        *_side_by_side("cost", costs, found),
        *_side_by_side("setting", settings, found),
        *_side_by_side(f"better by {found.metric}", moved_rows(found.improved), found),
        *_side_by_side(f"worse by {found.metric}", moved_rows(found.worsened), found),
    )


def run_view(run: Run, parent: Run | None = None) -> Group:
    """One run: what was changed against its parent, scores, costs, verdict, where its files are."""
    head = Text.assemble((run.id, "bold"), f"  {run.because}\n")
    seed = "" if run.seed is None else f", seed {run.seed}"
    version = "" if run.data is None else f", data at edit {run.data.edit}"
    head.append(f"{run.task}, {run.stage}{seed}{version}, {run.created}, {run.status}")
    parts: list[RenderableType] = [head]
    if run.recipe:
        parts.append(_settings(run, parent))
    if run.scores:
        parts.append(_score_list(run.scores))
    if run.costs:
        parts.append(_cost_list(run))
    if run.verdict:
        noise = run.verdict.get("seed_noise", UNKNOWN)
        parts.append(
            Text(f"{_verdict_text(run).plain} against {run.verdict.get('against')}; {noise}")
        )
    if run.leaks is not None:
        parts.append(Text(told(run.leaks)))
    came = outcome(run)
    if came:
        parts.append(Text(str(came)))
    if run.error:
        parts.append(Text(run.error, style="red"))
    if run.notes:
        parts.append(_notes(run))
    return Group(*(item for part in parts for item in (part, Text(""))), f"files: {run.folder}")


def verdict_line(found: Comparison) -> Text:
    """The verdict in one sentence, with how sure it is and what it rests on."""
    of = "" if found.shared == found.of else f" of {found.of}, those that both were judged by"
    if found.low != found.low:
        sure = "too few classes to resample"
    else:
        bounds = f"95 % [{found.low:+.4f}, {found.high:+.4f}]"
        sure = f"{bounds}, better with probability {found.better:.2f}"
    return Text.assemble(
        (found.verdict, f"bold {COLOURS.get(found.verdict, 'yellow')}"),
        f": {found.metric} {found.difference:+.4f} ({sure}; {found.stage}, "
        f"{found.shared:,} queries{of})",
    )


def seeds_line(found: Comparison | Verdict) -> str:
    """What is known of seed noise, and how many seeds would tell what was not seen."""
    first, second = found.seeds
    said = f"{found.seed_noise}."
    if found.rescored:
        said = f"Data differ: both judged anew on the {found.rescored:,} images of both. {said}"
    if found.seed_noise == UNKNOWN:
        said += " 'atarimae noise RUN' measures it."
    if (first, second) != (1, 1):
        said += f" The mean of {_seeds(first)} against that of {_seeds(second)}."
    if found.verdict != UNSEEN or found.low != found.low or found.seed_noise == UNKNOWN:
        return said
    wanted = found.difference if found.expected is None else found.expected
    if not wanted:
        return said
    if found.seeds_needed is None:
        return f"{said} No number of seeds would show {wanted:+.4f} here: more images might."
    if found.seeds_needed <= min(found.seeds):
        return f"{said} {wanted:+.4f} would have been seen, four times in five."
    return (
        f"{said} {_seeds(found.seeds_needed)} of each would show {wanted:+.4f}, four times in five."
    )


def _seeds(number: int) -> str:
    return f"{number} seed{'' if number == 1 else 's'}"


def score_text(score: Score | None) -> str:
    """Value and interval, as in `0.812 [0.801, 0.824]`."""
    if score is None:
        return ""
    if score.low != score.low:
        return f"{score.value:.3f}"
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def number(value: object) -> str:
    """A number as people read it: thousands set apart, four digits at most below that."""
    if not isinstance(value, int | float):
        return setting(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def setting(value: object) -> str:
    """A setting as the recipe has it, nothing where it has none."""
    return "" if value is None else str(value)


def _scores(found: Comparison) -> Table:
    table = _table("metric", found.first, found.second)
    for metric, first, second in found.scores:
        table.add_row(metric, score_text(first), score_text(second))
    return table


def moved_rows(changes: Sequence[Change]) -> list[tuple[str, str, str]]:
    """Images that moved, with their parts in both runs."""
    return [(change.key, number(change.first), number(change.second)) for change in changes]


def _side_by_side(
    title: str, rows: Sequence[tuple[str, str, str]], found: Comparison
) -> Iterator[RenderableType]:
    """An empty line and a table; nothing at all without rows."""
    if rows:
        table = _table(title, found.first, found.second)
        for row in rows:
            table.add_row(*map(Text, row))
        yield Text("")
        yield table


def _settings(run: Run, parent: Run | None) -> Table:
    """Settings that differ from the parent's first; without a parent, all of them."""
    changed = recipe_changes(parent.recipe, run.recipe) if parent else ()
    table = _table("setting", *([parent.id] if parent else []), run.id)
    for change in changed:
        table.add_row(
            Text(change.key, "bold"),
            Text(number(change.first)),
            Text(number(change.second), "bold"),
        )
    same = {change.key for change in changed}
    for change in recipe_changes({}, run.recipe):
        if change.key not in same:
            value = Text(setting(change.second), "dim" if parent else "")
            table.add_row(Text(change.key), *([value] if parent else []), value)
    return table


def _score_list(scores: Sequence[Score]) -> Table:
    table = _table("metric", "value", "convention")
    for score in scores:
        rules = "; ".join(f"{key}: {value}" for key, value in score.convention.items())
        table.add_row(score.metric, Text(score_text(score), no_wrap=True), Text(rules, "dim"))
    return table


def _cost_list(run: Run) -> Table:
    table = _table("cost", run.id)
    for key, (value,) in by_cost([run.costs]).items():
        table.add_row(cost_name(key), number(value))
    return table


def _notes(run: Run) -> Text:
    """The conclusion and the tags as they stand, then every note with who and when."""
    lines = []
    if run.conclusion:
        lines.append(Text.assemble(("conclusion  ", "bold"), run.conclusion))
    if run.tags:
        lines.append(Text.assemble(("tags  ", "bold"), ", ".join(run.tags)))
    for note in run.notes:
        if note.kind == "note":
            when = note.at[:16].replace("T", " ")
            lines.append(Text.assemble((f"{when}  {note.by}  ", "dim"), note.text))
    return Text("\n").join(lines)


def _verdict_text(run: Run, *, short: bool = False) -> Text:
    word = str((run.verdict or {}).get("verdict") or "")
    return Text(word.removesuffix(" seen") if short else word, COLOURS.get(word, ""))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(Text(column))
    return table
