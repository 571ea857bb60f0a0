"""Settings of runs, side by side."""

from collections.abc import Mapping, Sequence


def flat(settings: Mapping[str, object], above: str = "") -> dict[str, object]:
    """Settings by name, those of tables within tables as `table.key`."""
    found: dict[str, object] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{above}{key}.")
        else:
            found[f"{above}{key}"] = value
    return found


def differing(recipes: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """The settings that are not the same in all recipes, by name: one value a recipe.

    None stands for a setting that a recipe doesn't have.
    """
    known = [flat(recipe) for recipe in recipes]
    names = sorted({name for recipe in known for name in recipe})
    columns = {name: [recipe.get(name) for recipe in known] for name in names}
    return {
        name: values
        for name, values in columns.items()
        if any(value != values[0] for value in values)
    }
