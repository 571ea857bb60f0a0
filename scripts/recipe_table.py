"""Print a task's recipe as a Markdown table: `python scripts/recipe_table.py retrieve`."""

import json
import sys
from types import UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from atarimae import task

SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "at least"}


def main(name: str) -> None:
    """One row a key, in the order of the recipe."""
    print("| key | default | range | |")
    print("|---|---|---|---|")
    for key, field in task.load(name).recipe.model_fields.items():
        print(f"| `{key}` | `{_toml(field.default)}` | {_range(field)} | {field.description} |")


def _toml(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _range(field: FieldInfo) -> str:
    """The values that the model takes, as far as it says so."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(map(str, get_args(kind)))
    if kind is bool:
        return "true, false"
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_range(FieldInfo.from_annotation(one)) for one in get_args(kind))
    bounds = [
        f"{sign} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, sign in SIGNS.items()
        if hasattr(rule, name)
    ]
    return ", ".join(filter(None, [_kind(kind), *bounds]))


def _kind(kind: object) -> str:
    names: dict[object, str] = {float: "", int: "whole", str: "text"}
    return names.get(kind, "list")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "retrieve")
