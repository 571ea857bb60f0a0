"""SPACE.toml: which settings are tried, between which bounds, and why."""

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from atarimae.errors import UsageError, unknown_name
from atarimae.task import Recipe

PARTS = ("because", "recipe", "space")
OF_A_RANGE = ("low", "high", "log", "step")
Settings = Mapping[str, object]  # plain JSON values, as a run's recipe has them
Read = dict[str, object]


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both of them included."""

    low: float
    high: float
    log: bool = False  # tried evenly by factor, not by difference
    step: float | None = None  # from low on
    whole: bool = False

    def holds(self, value: object) -> bool:
        """Whether the sampler could have proposed the value."""
        if not isinstance(value, int | float) or not self.low <= value <= self.high:
            return False
        steps = (value - self.low) / self.step if self.step else 0.0
        return math.isclose(steps, round(steps), abs_tol=1e-6)

    def ends(self) -> tuple[object, ...]:
        """The values that must be valid for all between them to be."""
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)


@dataclass(frozen=True)
class Choices:
    """Values without an order."""

    values: tuple[object, ...]

    def holds(self, value: object) -> bool:
        """Whether it is one of them."""
        return value in self.values

    def ends(self) -> tuple[object, ...]:
        """All of them."""
        return self.values


Dimension = Range | Choices


@dataclass(frozen=True)
class Space:
    """What a sweep tries, validated against a task's recipe."""

    because: str
    recipe: Recipe  # where it begins, and what it doesn't vary
    dimensions: Mapping[str, Dimension]

    @classmethod
    def read(cls, given: "str | Path | Settings", kind: type[Recipe]) -> "Space":
        """The space of a TOML file, or of a dict of the same shape.

        All that is wrong with it is told by one `UsageError`.
        """
        told = given if isinstance(given, Mapping) else _toml(Path(given))
        wrong = [str(unknown_name("part", k, PARTS)) for k in told if k not in PARTS]
        because = told.get("because")
        if not isinstance(because, str) or not because.strip():
            wrong.append('It has no reason: write because = "…".')
        recipe = _recipe(told.get("recipe", {}), kind, wrong)
        entries = told.get("space")
        dimensions: dict[str, Dimension] = {}
        if not isinstance(entries, Mapping) or not entries:
            wrong.append("It has no table [space] with a setting to vary.")
        else:
            dimensions = _dimensions(entries, recipe, wrong)
        if wrong:
            name = "The space" if isinstance(given, Mapping) else str(given)
            raise UsageError(
                f"{name} can't be used.", " ".join(wrong), "See docs/sweep.md for what it may say."
            )
        return cls(str(because).strip(), recipe, dimensions)

    def settings(self, recipe: Settings) -> Settings:
        """Of a recipe, what the sweep varies."""
        return {key: recipe[key] for key in self.dimensions}

    @property
    def start(self) -> Settings:
        """What it varies, as the recipe has it."""
        return self.settings(self.recipe.model_dump(mode="json"))

    @property
    def mark(self) -> str:
        """A hash of all that the file says; not of how it says it."""
        said = [
            self.because,
            self.recipe.model_dump(mode="json"),
            {key: [type(d).__name__, vars(d)] for key, d in self.dimensions.items()},
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _toml(path: Path) -> Read:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"The space {path} can't be read.", f"{error}.", "Write it as plain TOML."
        ) from None


def _recipe(given: object, kind: type[Recipe], wrong: list[str]) -> Recipe:
    """The recipe; the defaults where it is wrong, so that the space can be looked at as well."""
    try:
        return kind.of(cast(Settings, given) if isinstance(given, Mapping) else {"recipe": given})
    except UsageError as error:
        wrong.append(f"[recipe]: {error}")
        return kind.of({})


def _dimensions(entries: Settings, recipe: Recipe, wrong: list[str]) -> dict[str, Dimension]:
    found: dict[str, Dimension] = {}
    for key, entry in entries.items():
        try:
            if key not in type(recipe).model_fields:
                raise unknown_name("recipe key", key, type(recipe).model_fields)
            found[key] = _dimension(key, entry, recipe)
        except UsageError as error:
            wrong.append(f"{key}: {error}")
    return found


def _dimension(key: str, entry: object, recipe: Recipe) -> Dimension:
    if isinstance(entry, Mapping) and "choices" in entry:
        _known(entry, ("choices",))
        entry = entry["choices"]
    if isinstance(entry, Mapping):
        return _range(key, entry, recipe)
    if isinstance(entry, list | tuple):
        return _choices(key, entry, recipe)
    raise UsageError(
        "It is no range and no choices.",
        f"Found {entry!r}.",
        "Write {low = …, high = …} or a list; what is fixed belongs into [recipe].",
    )


def _range(key: str, entry: Settings, recipe: Recipe) -> Range:
    _known(entry, OF_A_RANGE)
    if type(recipe).model_fields[key].annotation not in (int, float):
        raise UsageError("It is no number.", "", "Write a list of choices.")
    whole = type(recipe).model_fields[key].annotation is int
    low, high = _number(entry, "low", whole), _number(entry, "high", whole)
    step = _number(entry, "step", whole) if "step" in entry else None
    log = entry.get("log", False)
    if not isinstance(log, bool):
        raise UsageError("log is true or false.", f"Found {log!r}.", "")
    if not low < high:
        raise UsageError(f"low is {low:g} and high is {high:g}.", "", "Let low be less than high.")
    if log and (low <= 0 or step is not None):
        raise UsageError("log needs low above 0, and no step.", f"low is {low:g}.", "")
    if step is not None and not 0 < step <= high - low:
        raise UsageError(f"step is {step:g}.", "", "Let it be above 0, and at most high − low.")
    if step is not None:  # the last value that steps reach
        high = round(low + math.floor((high - low) / step + 1e-9) * step, 12)
    found = Range(low, high, log, step, whole)
    for value in found.ends():
        _value(key, value, recipe)
    return found


def _choices(key: str, entry: Sequence[object], recipe: Recipe) -> Choices:
    values = tuple(_value(key, value, recipe) for value in entry)
    if len({json.dumps(value) for value in values}) != len(entry) or len(entry) < 2:
        raise UsageError("A choice needs two values or more, each once.", f"Found {entry!r}.", "")
    return Choices(values)


def _value(key: str, value: object, recipe: Recipe) -> object:
    """The value as a recipe has it; with the others as they are it must be valid."""
    return changed(recipe, {key: value}).model_dump(mode="json")[key]


def changed(recipe: Recipe, settings: Settings) -> Recipe:
    """The recipe with some settings changed, validated as a whole."""
    return type(recipe).of(recipe.model_dump() | dict(settings))


def _number(entry: Settings, name: str, whole: bool) -> float:
    value = entry.get(name)
    good = isinstance(value, int) if whole else isinstance(value, int | float)
    if not good or isinstance(value, bool) or not math.isfinite(cast(float, value)):
        kind = "a whole number" if whole else "a number"
        raise UsageError(f"{name} is {kind}.", f"Found {value!r}.", "")
    return cast(float, value)


def _known(entry: Settings, names: Sequence[str]) -> None:
    for name in entry:
        if name not in names:
            raise unknown_name("part of an entry", name, ("choices", *OF_A_RANGE))
