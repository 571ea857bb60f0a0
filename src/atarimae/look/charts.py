"""Small pictures of numbers, as inline SVG; colours come from the page's style sheet."""

import math
from collections.abc import Sequence

from markupsafe import Markup

MOST_POINTS = 240
WIDTH, HEIGHT = 240, 72  # of a curve, in the SVG's own units


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


def curve(points: Sequence[tuple[float, float]], title: str) -> Markup:
    """A line through (x, y) points in order of x; values that are no numbers leave gaps out."""
    finite = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    if not finite:
        return Markup("")
    step = math.ceil(len(finite) / MOST_POINTS)
    kept = finite[::step] if finite[-1] in finite[::step] else [*finite[::step], finite[-1]]
    left, right = min(x for x, _ in kept), max(x for x, _ in kept)
    low, high = min(y for _, y in kept), max(y for _, y in kept)
    line = " ".join(
        f"{4 + (WIDTH - 8) * (x - left) / (right - left or 1):.1f},"
        f"{HEIGHT - 4 - (HEIGHT - 8) * ((y - low) / (high - low) if high > low else 0.5):.1f}"
        for x, y in kept
    )
    last_x, last_y = line.rsplit(" ", 1)[-1].split(",")
    return Markup(
        '<svg class="curve" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="3"/></svg>'
    ).format(WIDTH, HEIGHT, title, line, last_x, last_y)
