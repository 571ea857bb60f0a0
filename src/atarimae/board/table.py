"""CV against LB, for the terminal."""

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from atarimae.board.chances import Gain, Shake
from atarimae.board.final import Pair
from atarimae.board.overview import Overview, Prediction
from atarimae.board.relation import Fit
from atarimae.runlog import mark_of
from atarimae.score.correlation import Correlation

SHOWN = 5  # of the submissions, the last ones

Line = tuple[str, str]


def overview_table(found: Overview) -> Group:
    """The runs with both scores, then what they say."""
    said = Table.grid(padding=(0, 2, 0, 0))
    said.add_column(no_wrap=True, style="bold")
    said.add_column(ratio=1)
    for name, text in _lines(found):
        said.add_row(name, Text(text))
    return Group(_standings(found), Text(), said)


def _standings(found: Overview) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("run", no_wrap=True)
    table.add_column("because", ratio=1)
    table.add_column(f"CV {found.metric}", justify="right", no_wrap=True)
    table.add_column(Text(f"LB {found.board.name}"), justify="right", no_wrap=True)
    table.add_column("LB − CV", justify="right", no_wrap=True)
    for row in found.standings:
        gap = f"{row.lb - row.cv:+.4f}"
        table.add_row(mark_of(row.run), Text(row.because), f"{row.cv:.4f}", f"{row.lb:.4f}", gap)
    return table


def _lines(found: Overview) -> Iterator[Line]:
    if found.left_out:
        names = ", ".join(map(mark_of, found.left_out))
        yield "left out", f"{names}: metric, stage or data differ, or there is no score"
    if found.too_few:
        yield "too few", found.too_few
    else:
        told = f"Spearman {_said(found.spearman)}, Kendall {_said(found.kendall)}"
        yield "rank correlation", told
    if found.line:
        yield "LB on CV", _line(found.line)
    if found.prediction:
        yield "expected LB", _expected(found.prediction)
    assumed = ", as many as CV has: say --queries and --public-share" if found.assumed else ""
    yield "public queries", f"{found.public_queries:,.0f}{assumed}"
    for gain in found.gains[-SHOWN:]:
        yield "gain", _gain(gain)
    if found.shake:
        yield from _shake(found.shake)
    elif found.board.public_share != 1:
        yield "private score", "can't be told before --queries N and --public-share P are said once"
    if found.final:
        yield "final two", _final(found.final)


def _line(line: Fit) -> str:
    return (
        f"{line.slope:.2f} × CV {line.intercept:+.4f}, from {line.runs} runs that lie "
        f"± {line.scatter:.4f} about it; by sampling alone ± {line.floor:.4f}"
    )


def _expected(told: Prediction) -> str:
    head = f"{mark_of(told.run)} (CV {told.cv:.4f}): "
    if told.lb is None:
        return f"{head}too few runs have both"
    return f"{head}{told.lb:.4f} [{told.low:.4f}, {told.high:.4f}]"


def _gain(gain: Gain) -> str:
    word = "within the noise" if gain.within_noise else "more than the noise"
    pair = f"{mark_of(gain.run)} on {mark_of(gain.against)}"
    return f"{pair}: {gain.gain:+.4f}, {word} of ± {gain.needed:.4f}"


def _shake(shake: Shake) -> Iterator[Line]:
    for run in sorted(shake.runs, key=lambda run: -run.expected):
        told = f"{run.expected:.4f} [{run.low:.4f}, {run.high:.4f}]"
        yield "private score", f"{mark_of(run.run)}: {told}, first of these: {run.leads:.0%}"
    moved = f"a run moves by {shake.places:.2f} places"
    yield "shake-up", f"the first on public stays first: {shake.leader_stays:.0%}; {moved}"


def _final(pair: Pair) -> str:
    alike = "" if pair.correlation is None else f", correlated by {pair.correlation:.2f}"
    first, second = (
        f"{mark_of(run)} ({worth:.4f})"
        for run, worth in zip((pair.first, pair.second), pair.worth, strict=True)
    )
    return (
        f"{first} and {second}{alike}: the better of both adds {pair.gain:.4f} to the first alone"
    )


def _said(told: Correlation) -> str:
    if told.value is None:
        return "can't be told"
    return f"{told.value:.2f} [{told.low:.2f}, {told.high:.2f}]"
