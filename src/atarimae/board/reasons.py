"""What explains a gap, for the terminal."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from atarimae.board.explain import EXPLAINED, NOISE, Explanation, Hypothesis
from atarimae.runlog import mark_of

SHOWN = 8  # ways to count


def explanation_table(found: Explanation) -> Group:
    """A sentence, then the likeliest ways to count, then what could not be looked at."""
    return Group(Text(sentence(found)), Text(), _ways(found), Text(_rest(found)))


def sentence(found: Explanation) -> str:
    """What was found, in words."""
    gap = f"CV of {mark_of(found.runs[0])} is {found.cv[0]:.4f}, its LB {found.lb[0]:.4f}"
    others = len(found.runs) - 1
    beside = f" ({others} more run{'s' if others > 1 else ''} looked at)" if others else ""
    if found.verdict == NOISE:
        return f"{gap}{beside}: within the noise, so there is nothing to explain."
    if found.verdict == EXPLAINED:
        first = found.hypotheses[0]
        return f"{gap}{beside}. Likeliest: {_name(first)}. {first.check}"
    return f"{gap}{beside}. Nothing that is known explains it; the nearest ways are below."


def _ways(found: Explanation) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("as", no_wrap=True, justify="right")
    table.add_column("off by", no_wrap=True, justify="right")
    table.add_column("explains", no_wrap=True)
    table.add_column("if the board counts like this", ratio=1)
    for way in found.hypotheses[:SHOWN]:
        name = Text(_name(way))
        if way.check:
            name.append(f"  {way.check}", "dim")
        yes = "yes" if way.explains else "no"
        table.add_row(f"{way.values[0]:.4f}", f"{way.distance:.1f} σ", yes, name)
    return table


def _name(way: Hypothesis) -> str:
    same = f" (the same here: {'; '.join(map(_words, way.same[:2]))})" if way.same else ""
    return _words(way.changes) + same


def _words(changes: tuple[str, ...]) -> str:
    return " and ".join(changes) or "as CV does"


def _rest(found: Explanation) -> str:
    explaining = sum(way.explains for way in found.hypotheses)
    assumed = ", as many as CV has: say --queries and --public-share" if found.assumed else ""
    lines = [
        "",
        f"{len(found.hypotheses)} ways to count, {explaining} explain it; "
        f"σ is of {found.public_queries:,.0f} public queries{assumed}.",
    ]
    if found.by_chance is not None:
        lines.append(
            f"One change would explain {found.by_chance:.0%} of all scores from 0 to 1: "
            "record another run's LB, and far fewer remain."
        )
    lines += [f"What was sent: {odd}" for odd in found.submission]
    reasons: dict[str, list[str]] = {}
    for change, why in found.could_not.items():
        reasons.setdefault(why, []).append(change)
    lines += [f"Not recomputed: {'; '.join(names)}. {why}" for why, names in reasons.items()]
    return "\n".join(lines)
