"""A comparison as a piece of HTML, for notebooks and pages; pictures are the `look` step's."""

from html import escape

from atarimae.compare.comparison import Comparison
from atarimae.compare.table import (
    moved_rows,
    number,
    score_text,
    seeds_line,
    setting,
    verdict_line,
)
from atarimae.runlog.costs import cost_name


def comparison_html(found: Comparison) -> str:
    """Tables without script or style; every name that a user chose is escaped."""
    sides = (found.first, found.second)
    costs = [(cost_name(c.key), number(c.first), number(c.second)) for c in found.costs]
    settings = [(c.key, setting(c.first), setting(c.second)) for c in found.recipe]
    scores = [(name, score_text(first), score_text(second)) for name, first, second in found.scores]
    parts = [
        f"<p><strong>{escape(verdict_line(found).plain)}</strong></p>",
        f"<p>{escape(seeds_line(found))}</p>",
        _table("", sides, [("because", *found.because), *scores]),
        _table("cost", sides, costs),
        _table("setting", sides, settings),
        _table("better", sides, moved_rows(found.improved)),
        _table("worse", sides, moved_rows(found.worsened)),
    ]
    return f'<div class="comparison">{"".join(parts)}</div>'


def _table(title: str, sides: tuple[str, str], rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in (title, *sides))
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
