"""Small pictures of numbers, as inline SVG; colours come from the page's style sheet."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 340, 150, 18  # of a curve, in the SVG's own units


def bar(value: float, most: float) -> Markup:
    """A horizontal bar of the share `value` / `most`."""
    share = 100 * value / most if most > 0 else 0
    return Markup(
        '<svg class="bar-chart" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rest" width="100" height="8"/><rect width="{:.2f}" height="8"/></svg>'
    ).format(max(share, 0.6 if value else 0))


def interval(value: float, low: float, high: float, bottom: float, top: float) -> Markup:
    """A dot with its interval as a line, on the scale from `bottom` to `top`."""
    span = top - bottom or 1.0

    def at(number: float) -> float:
        return 4 + 112 * min(1.0, max(0.0, (number - bottom) / span))

    whisker = (
        Markup('<line x1="{:.1f}" x2="{:.1f}" y1="7" y2="7"/>').format(at(low), at(high))
        if math.isfinite(low) and math.isfinite(high)
        else Markup("")
    )
    return Markup(
        '<svg class="interval" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true">'
        '{}<circle cx="{:.1f}" cy="7" r="4"/></svg>'
    ).format(whisker, at(value))


def whisker(
    value: float, low: float, high: float, bottom: float, top: float, line: int = 0
) -> Markup:
    """The same as wide as there is room, in the colour of a curve's line."""
    span = top - bottom or 1.0

    def at(number: float) -> float:
        return 100 * min(1.0, max(0.0, (number - bottom) / span))

    known = math.isfinite(low) and math.isfinite(high)
    left, right = (at(low), at(high)) if known else (at(value), at(value))
    return Markup(
        '<span class="whisker" style="--colour: var(--line-{})" aria-hidden="true">'
        '<i class="range" style="left: {:.2f}%; width: {:.2f}%"></i>'
        '<i class="point" style="left: {:.2f}%"></i></span>'
    ).format(line, left, right - left, at(value))


def curve(name: str, lines: Sequence[npt.NDArray[np.float64]]) -> Markup:
    """Lines of n × 2 points on one scale: the first strong, the others faint behind it.

    The ends of both scales are written beside them; values that are no numbers are left out.
    """
    finite = [points[np.isfinite(points).all(axis=1)] for points in lines]
    every = np.concatenate([*finite, np.zeros((0, 2))])
    if not len(every):
        return Markup("")
    (left, low), (right, high) = every.min(0), every.max(0)
    scale = np.array([right - left or 1, -(high - low or 1)])
    size = np.array([WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE])

    def drawn(number: int) -> Markup:
        at = (finite[number] - [left, high]) / scale * size + EDGE
        return Markup(
            '<polyline class="curve{}" style="stroke: var(--line-{})" points="{}"/>'
        ).format(
            " faint" if number else "", min(number, 1), " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        )

    words = [
        (EDGE, 12, "start", f"{high:.4g}"),
        (EDGE, HEIGHT - 4, "start", f"{low:.4g}"),
        (WIDTH - EDGE, HEIGHT - 4, "end", f"{left:.4g} – {right:.4g}"),
    ]
    text = Markup("").join(
        Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(*word) for word in words
    )
    shapes = Markup("").join(drawn(i) for i in reversed(range(len(finite))) if len(finite[i]))
    return Markup(
        '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>'
    ).format(WIDTH, HEIGHT, name, shapes, text)
