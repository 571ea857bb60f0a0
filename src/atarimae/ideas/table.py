"""Climbs and the gate as tables for the terminal."""

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from atarimae.compare.table import score_text
from atarimae.score.gate import ACCEPTED, ANYWAY, REJECTED, STAGES, Audit, audit_lines
from atarimae.types import Score

if TYPE_CHECKING:
    from atarimae.ideas.ladder import Climb, Rung  # loads PyTorch

NONE = "No idea was held against another yet: try one with 'atarimae fit --stage auto'."
COLOURS = {ACCEPTED: "green", REJECTED: "red", ANYWAY: "yellow"}


def climb_table(climb: "Climb") -> Group:
    """A line a stage of at most 80 columns, then what the climb cost beside full validation."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("stage", "run", "score", "parent", "better", "decision", "s"):
        table.add_column(name, no_wrap=True, justify="right" if name == "s" else "left")
    for rung in climb.rungs:
        table.add_row(*_cells(rung))
    return Group(table, Text(f"\n{saved(climb)}"))


def saved(climb: "Climb") -> str:
    """What was spent, and what full validation costs."""
    spent = f"{climb.spent:.0f} s spent on this idea"
    if climb.compared:
        spent += f", {climb.compared:.0f} s on runs of its parent to compare with"
    if climb.measured:
        return f"{spent}; full validation was {climb.full:.0f} s of the idea's."
    left = climb.full - climb.spent
    kept = f"about {left:.0f} s saved" if left > 0 else "nothing saved"
    return f"{spent}; full validation would have taken about {climb.full:.0f} s: {kept}."


def audit_table(found: Audit) -> Group:
    """A line an idea, then how often the gate was wrong and what it saved."""
    if not found.ideas:
        return Group(Text(NONE))
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("idea", ratio=1)
    for stage in STAGES:
        table.add_column(stage, no_wrap=True)
    table.add_column("s", no_wrap=True, justify="right")
    for idea in found.ideas:
        said = [
            Text(_said(idea.runs[stage].score, word), COLOURS.get(word, ""))
            if (word := idea.decisions.get(stage, ""))
            else ""
            for stage in STAGES
        ]
        table.add_row(Text(idea.because), *said, f"{idea.seconds:.0f}")
    return Group(table, Text(""), *map(Text, audit_lines(found)))


def _said(score: Score | None, word: str) -> str:
    return f"{score.value:.3f} {word}" if score else word


def _cells(rung: "Rung") -> tuple[str | Text, ...]:
    decision = Text(rung.decision, COLOURS.get(rung.decision, ""))
    if rung.run is None:
        return rung.stage, "", "", "", "", decision, ""
    other = rung.against
    against = f"{other.score.value:.3f} {other.mark}" if other and other.score else ""
    better = "" if rung.better is None else f"{rung.better:.2f}"
    seconds = "" if rung.run.seconds is None else f"{rung.run.seconds:.0f}"
    score = score_text(rung.run.score)
    return rung.stage, rung.run.mark, score, against, better, decision, seconds
