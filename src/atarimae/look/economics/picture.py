"""The learning curve as a small SVG, made on the server."""

from atarimae.look.economics.more import MORE, More

WIDE, HIGH = 460.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 12.0, 34.0


def picture(told: More) -> str:
    """Error by number of labels: what was measured with its interval, and the law beyond it.

    Empty where nothing was measured. The text in it is numbers alone.
    """
    found = told.curve
    if found is None:
        return ""
    last = told.labelled + MORE if told.gain else found.sizes[-1]
    most = max(error.high for error in found.errors) * 1.05 or 1.0
    across = (WIDE - LEFT - RIGHT) / last
    down = (HIGH - TOP - BOTTOM) / most

    def x(number: float) -> float:
        return LEFT + number * across

    def y(error: float) -> float:
        return HIGH - BOTTOM - error * down

    parts = [
        f'<line class="rule" x1="{LEFT}" y1="{y(0):.1f}" x2="{WIDE - RIGHT}" y2="{y(0):.1f}"/>',
        f'<text x="{LEFT - 6}" y="{y(most) + 10:.1f}" text-anchor="end">{most:.2f}</text>',
        f'<text x="{LEFT - 6}" y="{y(0):.1f}" text-anchor="end">0</text>',
    ]
    for size, error in zip(found.sizes, found.errors, strict=True):
        parts += [
            f'<line class="whole" x1="{x(size):.1f}" x2="{x(size):.1f}" y1="{y(error.low):.1f}" '
            f'y2="{y(error.high):.1f}"/>',
            f'<circle class="point" cx="{x(size):.1f}" cy="{y(error.value):.1f}" r="4"/>',
        ]
    ends = {found.sizes[0], found.sizes[-1], last}
    parts += [
        f'<text x="{x(size):.1f}" y="{HIGH - 12}" text-anchor="middle">{size:,}</text>'
        for size in sorted(ends)
    ]
    if told.gain is not None:
        then = found.now.value - told.gain.value
        low, high = found.now.value - told.gain.high, found.now.value - told.gain.low
        parts += [
            f'<polyline class="beyond" points="{x(found.sizes[-1]):.1f},'
            f"{y(found.errors[-1].value):.1f} {x(told.labelled):.1f},{y(found.now.value):.1f} "
            f'{x(last):.1f},{y(then):.1f}"/>',
            f'<line class="whole" x1="{x(last):.1f}" x2="{x(last):.1f}" y1="{y(max(low, 0)):.1f}" '
            f'y2="{y(high):.1f}"/>',
            f'<circle class="guess" cx="{x(last):.1f}" cy="{y(then):.1f}" r="4"/>',
        ]
    return f'<svg class="law" viewBox="0 0 {WIDE:.0f} {HIGH:.0f}" role="img">{"".join(parts)}</svg>'
