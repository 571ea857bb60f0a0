"""What is expected of an idea is written down before it is tried."""

import json

import pytest

from atarimae import files
from atarimae import task as tasks
from atarimae.cli import main
from atarimae.errors import UsageError
from atarimae.fit import fit
from atarimae.fit.expectation import expectation

COLOUR = tasks.load("colour")


@pytest.mark.parametrize(
    ("said", "stored"),
    [("+0.01", 0.01), ("-0.005", -0.005), (".5", 0.5), (" 0 ", 0.0), (0.02, 0.02), (None, None)],
)
def test_a_difference_is_stored_as_it_is(said, stored) -> None:
    assert expectation(said, None) == stored


@pytest.mark.parametrize("said", ["much", "1e-3x", "", "+", "2 %%", "nan", float("inf")])
def test_anything_else_is_refused(said) -> None:
    with pytest.raises(UsageError, match="no difference"):
        expectation(said, None)


def test_a_percentage_is_of_the_parents_score(colours) -> None:
    first = fit(colours, COLOUR, COLOUR.recipe.of({"epochs": 3}), because="a first look")
    second = fit(
        colours, COLOUR, COLOUR.recipe.of({"epochs": 60, "lr": 0.3}), because="longer",
        expect="+20%",
    )  # fmt: skip
    wanted = first.score.value * 0.2
    assert second.expect == pytest.approx(wanted)
    assert files.read_json(second.folder / "run.json")["expect"] == pytest.approx(wanted)


def test_a_percentage_of_no_parent_is_refused_before_the_run_starts(colours) -> None:
    with pytest.raises(UsageError, match="nothing to take"):
        fit(colours, COLOUR, COLOUR.recipe.of({}), because="x", expect="+2%")
    assert not list(colours.runs.glob("*"))


def test_show_tells_what_came_of_it(colours, capsys) -> None:
    def run(*words: str) -> str:
        assert main(["-C", str(colours.root), *words]) == 0
        return capsys.readouterr().out

    run("fit", "--because", "a first look", "--set", "epochs=1", "--set", "lr=0.000001")
    run(
        "fit", "--because", "longer", "--expect=+0.1", "--set", "epochs=80", "--set", "lr=0.3",
        "--json",
    )  # fmt: skip
    told = json.loads(run("show", "last", "--json"))
    assert told["expect"] == 0.1
    assert told["outcome"]["came"] == told["verdict"]["difference"] > 0
    assert told["outcome"]["direction"] is True
    assert told["outcome"]["inside"] == (told["verdict"]["low"] <= 0.1 <= told["verdict"]["high"])
    assert "expected +0.1000, came +0." in run("show", "last")
    assert json.loads(run("show", "best", "--json"))["because"] == "longer"
