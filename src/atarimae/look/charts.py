"""Small pictures of numbers, as inline SVG; colours come from the page's style sheet."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from atarimae.score.coverage import Bin, Coverage

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


POINTS = 400  # of a line, at most
WIDE, HIGH = 360, 220
LEFT, TOP, RIGHT, FOOT = 40, 26, 20, 34  # room for the words of both scales


def risk(curve: Coverage, at: float, low: float | None, high: float | None) -> Markup:
    """Risk over coverage; a dot where `at` of the queries are answered, a band `low` to `high`.

    All three are coverages.
    """
    top = _round_up(float(curve.risk.max(initial=0)))
    kept = np.unique(np.linspace(0, len(curve.risk) - 1, POINTS).astype(int))

    x, y = _across, partial(_up, top=top)
    shapes = [_scale(y, [0, top / 2, top])]
    if low is not None and high is not None:
        shapes.append(
            Markup('<rect class="range" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
                x(low), TOP, max(x(high) - x(low), 1), HIGH - FOOT - TOP
            )
        )
    points = " ".join(f"{x(curve.coverage[i]):.1f},{y(curve.risk[i]):.1f}" for i in kept)
    shapes.append(Markup('<polyline class="curve" points="{}"/>').format(points))
    here = float(np.interp(at, curve.coverage, curve.risk)) if len(curve.risk) else 0.0
    shapes.append(
        Markup(
            '<line class="cut" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>'
            '<circle class="point" cx="{0:.1f}" cy="{3:.1f}" r="4.5"/>'
        ).format(x(at), TOP, HIGH - FOOT, y(here))
    )
    words = _words("queries answered", "first answers wrong")
    name = f"Risk over coverage: {at:.0%} answered, {here:.1%} of them wrongly"
    return _svg(name, [*shapes, words])


def truth(table: Sequence[Bin]) -> Markup:
    """What was told against what was right, a dot a bin; on the line it was told true."""
    x, y = _across, _up
    line = Markup('<line class="even" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        x(0), y(0), x(1), y(1)
    )
    dots = [
        Markup(
            '<circle class="point" cx="{:.1f}" cy="{:.1f}" r="4.5"><title>{}</title></circle>'
        ).format(
            x(one.told), y(one.right),
            f"{one.answers} answers: told {one.told:.0%}, right {one.right:.0%}",
        )
        for one in table
    ]  # fmt: skip
    shapes = [_scale(y, [0, 0.5, 1]), line, *dots]
    words = _words("confidence told", "first answers right")
    return _svg("Confidence told against answers right", [*shapes, words])


def _across(share: float) -> float:
    return LEFT + (WIDE - LEFT - RIGHT) * share


def _up(part: float, top: float = 1.0) -> float:
    return HIGH - FOOT - (HIGH - FOOT - TOP) * part / top


def _svg(name: str, shapes: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="plot shares" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDE, HIGH, name, Markup("").join(shapes))


def _scale(up: Callable[[float], float], parts: Sequence[float]) -> Markup:
    """Rules at `parts` of the upward scale, and shares below."""
    left, right = _across(0), _across(1)
    rules = [
        Markup(
            '<line class="rule" x1="{0:.1f}" x2="{1:.1f}" y1="{2:.1f}" y2="{2:.1f}"/>'
            '<text x="{3:.1f}" y="{4:.1f}" text-anchor="end">{5:.3g}%</text>'
        ).format(left, right, up(part), left - 5, up(part) + 4, 100 * part)
        for part in parts
    ]
    foot = [
        Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{:.0%}</text>').format(
            _across(share), up(0) + 15, share
        )
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    return Markup("").join([*rules, *foot])


def _words(across: str, up: str) -> Markup:
    return Markup(
        '<text x="{}" y="{}" text-anchor="end">{} →</text><text x="2" y="11">↑ {}</text>'
    ).format(WIDE - RIGHT, HIGH - 4, across, up)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten, at most 1."""
    if value <= 0:
        return 0.01
    power = 10.0 ** math.floor(math.log10(value))
    return min(1.0, next(step * power for step in (1, 2, 5, 10) if step * power >= value * 0.999))
