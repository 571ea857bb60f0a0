"""A snapshot in the terminal, once or live."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, cast

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from atarimae.errors import UsageError
from atarimae.watch.replica import Reading, read_all
from atarimae.watch.snapshot import QUANTILES, describe, require_one

WINDOW = 60  # seconds that the live view looks back
LONGEST = 86_400  # seconds between two looks

Numbers = Mapping[str, Any]  # values of a snapshot: JSON


def live(urls: Sequence[str], every: float = 2, console: Console | None = None) -> None:
    """Show the last minute, read anew `every` seconds, until Ctrl-C."""
    if not 0 < every <= LONGEST:
        raise UsageError(
            "The servers can't be read that often.",
            f"Found --every {every:g}.",
            f"Give seconds above 0, at most {LONGEST:,}.",
        )
    seen: deque[list[Reading]] = deque([read_all(urls)])
    require_one(seen[0])
    with Live(console=console, auto_refresh=False, transient=False) as screen:
        try:
            while True:
                now = seen[-1]
                before = _window(seen) if len(seen) > 1 else None
                screen.update(table(describe(before, now)), refresh=True)
                time.sleep(every)
                seen.append(read_all(urls))
        except KeyboardInterrupt:
            return


def table(snapshot: Mapping[str, object]) -> RenderableType:
    """A row for each replica and their sum, and below it where the sum's time goes."""
    seconds = cast(float | None, snapshot["seconds"])
    replicas = cast(Sequence[Numbers], snapshot["replicas"])
    summed = cast(Numbers, snapshot["sum"])
    span = f"The last {seconds:.0f} s" if seconds else "Since the start"
    rows = Table(box=box.SIMPLE_HEAD)
    rows.add_column("server", overflow="fold")
    for name in ("requests", "per s", "errors", "unknown", *QUANTILES):
        rows.add_column(name, justify="right", no_wrap=True)
    for replica in replicas:
        rows.add_row(
            replica["url"].removeprefix("http://"), *(_cells(replica) if replica["up"] else _DOWN)
        )
    if len(replicas) > 1:
        rows.add_section()
        rows.add_row("sum", *_cells(summed), style="bold")
    return Group(Text(f"{span}, latency in ms"), rows, _functions(summed), *_remarks(summed))


_DOWN = (Text("down", style="bold red"),)


def _cells(numbers: Numbers) -> list[str | Text]:
    errors = sum(numbers["errors"].values())
    unknown, rate = numbers["unknown"], numbers["rate"]
    total = numbers["latency"].get("total", {})
    return [
        f"{numbers['requests']:,}",
        "–" if rate is None else f"{rate:.1f}",
        Text(f"{errors:,}", style="red" if errors else ""),
        "–" if unknown is None else f"{unknown:.1%}",
        *(_milliseconds(total.get(name)) for name in QUANTILES),
    ]


def _functions(numbers: Numbers) -> Table:
    rows = Table(box=box.SIMPLE_HEAD)
    rows.add_column("function")
    for name in QUANTILES:
        rows.add_column(name, justify="right")
    for function, quantiles in numbers["latency"].items():
        rows.add_row(function, *(_milliseconds(quantiles[name]) for name in QUANTILES))
    return rows


def _remarks(numbers: Numbers) -> list[Text]:
    remarks = []
    if numbers["errors"]:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in numbers["errors"].items())
        remarks.append(Text(f"Errors: {kinds}."))
    if len(numbers["runs"]) > 1:
        served = ", ".join(numbers["runs"])
        remarks.append(Text(f"The replicas serve different runs: {served}.", style="bold red"))
    return remarks


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _window(seen: deque[list[Reading]]) -> list[Reading]:
    """For each replica its earliest reading of the last `WINDOW` seconds, older ones dropped."""
    while len(seen) > 2 and seen[-1][0].at - seen[1][0].at >= WINDOW:
        seen.popleft()
    return [
        next((row[place] for row in seen if row[place].counters), seen[0][place])
        for place in range(len(seen[-1]))
    ]
