"""What can be said on the command line or in a recipe is explained in docs/."""

import argparse
from pathlib import Path

import pytest

from atarimae import task
from atarimae.cli import COMMANDS

DOCS = Path(__file__).parents[1] / "docs"
RECIPE = task.load("retrieve").recipe


def options(name: str) -> list[str]:
    """The options of a command's own, as they are written."""
    parser = argparse.ArgumentParser(add_help=False)
    COMMANDS[name].words(parser)
    return [word for action in parser._actions for word in action.option_strings]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_explained(name: str) -> None:
    assert f"atarimae {name}" in (DOCS / "commands.md").read_text("utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    page = (DOCS / "commands.md").read_text("utf-8")
    assert [option for option in options(name) if option not in page] == []


@pytest.mark.parametrize("key", RECIPE.model_fields)
def test_every_recipe_key_is_explained(key: str) -> None:
    assert f"`{key}`" in (DOCS / "fit.md").read_text("utf-8")


@pytest.mark.parametrize("key", RECIPE.model_fields)
def test_every_recipe_key_has_a_default_and_a_description(key: str) -> None:
    field = RECIPE.model_fields[key]
    assert not field.is_required()
    assert field.description


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    COMMANDS[name].words(parser)
    dumb = [a.option_strings for a in parser._actions if a.option_strings and not a.help]
    # --out DIR says it by itself.
    assert [words for words in dumb if words not in (["--out"],)] == []
