"""A sweep in the terminal: its ideas by score, what mattered, what to try next."""

from rich.console import Group, RenderableType
from rich.text import Text

from atarimae.compare.table import COLOURS, score_text
from atarimae.sweep.advice import matters, next_steps
from atarimae.sweep.ideas import Idea, told
from atarimae.sweep.sweep import Sweep

SHOWN = 20  # of the best ideas


def view(found: Sweep) -> Group:
    """All that a sweep has found."""
    lines = [f"Sweep {found.id}: {found.ended}, {found.seconds:.0f} s."]
    shares = matters(found)
    if shares:
        listed = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        lines.append(f"What told the best from the others: {listed}.")
    steps = [Text(f"- {step}") for step in next_steps(found)]
    return Group(_ideas(found), Text("\n" + "\n".join(lines)), Text("Next:"), *steps)


def _ideas(found: Sweep) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("idea", justify="right")
    table.add_column("settings", ratio=1)
    table.add_column("stage", no_wrap=True)
    table.add_column("score", no_wrap=True)
    table.add_column("verdict", max_width=13)
    table.add_column("run", no_wrap=True)
    for idea in found.ranked[:SHOWN]:
        table.add_row(*_row(idea, idea.state(found.stages)))
    left = len(found.ideas) - SHOWN
    return Group(table, Text(f"and {left} more", "dim")) if left > 0 else table


def _row(idea: Idea, state: str) -> tuple[str | Text, ...]:
    run = idea.judged
    settings = told(idea.settings)
    if not idea.number:
        settings = f"as it is: {settings}"
    if run is None:
        return str(idea.number), Text(settings), "", state, "", ""
    word = str((run.verdict or {}).get("verdict") or "") if idea.number else ""
    word = state if state in ("rejected", "failed") else word
    score = score_text(run.score) if run.score else state
    colour = COLOURS.get("hurt" if word == "rejected" else word, "")
    return str(idea.number), Text(settings), run.stage, score, Text(word, colour), run.mark
