"""All rows as a Markdown table, and what was chosen among them."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from bench.contest.grid import OURS, Row

FEWER = 0.25  # of the best peer's errors
Found = Mapping[str, Any]
Setting = tuple[str, str, float]


def row_of(found: Found) -> Row:
    """The row that was written."""
    return Row(found["side"], found["recipe"], found["lr"], found["seed"], found["settings"])


def settings(rows: Sequence[Found]) -> dict[Setting, list[Found]]:
    """The rows of each setting, a seed each."""
    made: dict[Setting, list[Found]] = {}
    for found in rows:
        made.setdefault(row_of(found).setting, []).append(found)
    return made


def chosen(rows: Sequence[Found]) -> dict[str, Setting]:
    """For each side the setting with the best mean on val."""
    means = {setting: mean_val(found) for setting, found in settings(rows).items()}
    sides = dict.fromkeys(setting[0] for setting in means)
    return {side: max((s for s in means if s[0] == side), key=lambda s: means[s]) for side in sides}


def in_order(rows: Sequence[Found]) -> list[Found]:
    """What was chosen first."""
    first = set(chosen(rows).values())
    return sorted(rows, key=lambda found: row_of(found).setting not in first)


def mean_val(found: Sequence[Found]) -> float:
    """Mean over seeds of the best of what may follow the network."""
    return float(statistics.mean(max(one["val"].values()) for one in found))


def lines(rows: Sequence[Found], minutes: float, precision: Mapping[str, object]) -> list[str]:
    """The table, and below it the verdict."""
    best = chosen(rows)
    return [*_table(rows, best), "", *_verdict(rows, best), "", _conditions(minutes, precision)]


def _table(rows: Sequence[Found], best: Mapping[str, Setting]) -> list[str]:
    made = [
        "| side | recipe | lr | val of each seed (what follows) | val | test of each seed | test |",
        "|---|---|---:|---|---:|---|---:|",
    ]
    for setting, found in settings(rows).items():
        side, recipe, lr = setting
        val = ", ".join(_value(one) for one in found)
        test = [one["test"] for one in found if "test" in one]
        tests = ", ".join(f"{value:.3f}" for value in test)
        mean = f"{statistics.mean(test):.3f}" if test else ""
        name = f"**{recipe}**" if setting == best[side] else recipe
        made.append(
            f"| {side} | {name} | {lr:g} | {val} | {mean_val(found):.3f} | {tests} | {mean} |"
        )
    return made


def _value(found: Found) -> str:
    after = max(found["val"], key=lambda name: found["val"][name])
    said = "" if after == "none" else f" ({after})"
    return f"{found['val'][after]:.3f}{said}"


def _verdict(rows: Sequence[Found], best: Mapping[str, Setting]) -> list[str]:
    errors = {
        side: 1 - statistics.mean(one["test"] for one in settings(rows)[setting])
        for side, setting in best.items()
        if all("test" in one for one in settings(rows)[setting])
    }
    peers = {side: error for side, error in errors.items() if side != OURS}
    if OURS not in errors or not peers:
        return ["Not all sides have been judged on test yet."]
    peer = min(peers, key=lambda side: peers[side])
    fewer = 1 - errors[OURS] / peers[peer]
    return [
        f"Errors (1 − MRR@20) on test: ours {errors[OURS]:.4f}, {peer} {peers[peer]:.4f}: "
        f"{100 * fewer:.0f} % fewer; asked for: {100 * FEWER:.0f} %: "
        f"{'met' if fewer >= FEWER else 'not met'}."
    ]


def _conditions(minutes: float, precision: Mapping[str, object]) -> str:
    taken = ", ".join(f"{name} {float(str(value)):.2f} s" for name, value in precision.items())
    return (
        f"{minutes:g} minutes of the processor for each row, in one thread and one process: other "
        f"work on the machine does not shorten them, and on an idle one they are wall time. "
        f"A step of 16 images takes {taken}: the quicker was used. Bold: chosen on val."
    )
