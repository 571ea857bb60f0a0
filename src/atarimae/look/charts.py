"""Small pictures of numbers, as inline SVG; colours come from the page's style sheet."""

import math

from markupsafe import Markup


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
