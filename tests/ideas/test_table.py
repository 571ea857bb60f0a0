"""What a climb looks like in a terminal."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from atarimae.ideas.ladder import Climb, Rung
from atarimae.ideas.table import climb_table
from atarimae.runlog import Run
from atarimae.types import Score, Version


def run(mark: str, stage: str, value: float) -> Run:
    return Run(
        folder=Path(mark), id=f"261125-120000-{mark}", task="t", because="理由", stage=stage,
        seed=0, parent=None, created="", status="done", data=Version(1, "h"), recipe={},
        scores=(Score("m", value, {}, low=value - 0.05, high=value + 0.05),), costs={},
        verdict=None, seconds=1234.5, error=None,
    )  # fmt: skip


def test_a_climb_is_told_whole_in_80_columns() -> None:
    rungs = [
        Rung("smoke", "not judged here"),
        Rung(
            "holdout", "promoted anyway", run("new2", "holdout", 0.8), run("old2", "x", 0.9), 0.03
        ),
        Rung("folds", "not accepted", run("new3", "folds", 0.7), run("old3", "x", 0.8), 0.01),
    ]
    console = Console(file=StringIO(), width=80, color_system=None)
    console.print(climb_table(Climb(tuple(rungs), 2469.0, 100.0, 1234.5, measured=True)))
    said = console.file.getvalue()

    assert "…" not in said
    assert [line.split() for line in said.splitlines()[1:4]] == [
        ["smoke", "not", "judged", "here"],
        ["holdout", "new2", "0.800", "[0.750,", "0.850]", "0.900", "old2", "0.03",
         "promoted", "anyway", "1234"],
        ["folds", "new3", "0.700", "[0.650,", "0.750]", "0.800", "old3", "0.01",
         "not", "accepted", "1234"],
    ]  # fmt: skip
    assert "full validation was 1234 s of the idea's." in " ".join(said.split())
