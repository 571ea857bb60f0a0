"""A backbone's layers, from the input on: which stay as they are, and how fast the others learn.

What a layer is, timm says for each model: the stem, and each block. What comes after the last
block belongs to it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from timm.models import group_parameters
from torch import nn

from atarimae.errors import UsageError, unknown_name
from atarimae.tasks.retrieve.recipe import RetrieveRecipe

Group = dict[str, Any]  # of an optimiser's parameters, with their learning rate


def depths(backbone: nn.Module) -> Mapping[str, int]:
    """The layer of each parameter by name: 0 is the stem."""
    matcher = getattr(backbone, "group_matcher", None)
    if matcher is None:
        raise UsageError(
            f"timm does not say what the layers of {type(backbone).__name__} are.",
            "freeze_layers and lr_layer_factor count them.",
            "Leave both at their defaults, or use another backbone.",
        )
    found: Mapping[str, int] = group_parameters(backbone, matcher(coarse=False), reverse=True)
    return found


def freeze(backbone: nn.Module, first: int | str) -> None:
    """Freeze the first layers, by number or up to the named one."""
    layer = depths(backbone)
    number = first if isinstance(first, int) else _through(first, layer)
    there = max(layer.values()) + 1
    if number > there:
        raise UsageError(
            f"freeze_layers is {number}.", f"The backbone has {there} layers.", "Give fewer."
        )
    for name, parameter in backbone.named_parameters():
        if layer[name] < number:
            parameter.requires_grad_(False)


def still(backbone: nn.Module) -> list[nn.Module]:
    """The modules of which nothing is trained.

    They stay in eval mode, or their statistics of normalisation and their dropout would go on.
    """
    return [module for module in backbone.modules() if _frozen([*module.parameters()])]


def groups(features: nn.Module, head: nn.Module, recipe: RetrieveRecipe) -> list[Group]:
    """What is trained of both, by learning rate; of equal rates there is one group."""
    rates = _rates(features, recipe)
    found: dict[float, list[nn.Parameter]] = {}
    for part in (head, features):
        for name, parameter in part.named_parameters():
            if parameter.requires_grad:
                rate = rates.get(name, recipe.lr) if part is features else recipe.lr
                found.setdefault(rate, []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": recipe.weight_decay}
        for rate, parameters in found.items()
    ]


def _rates(features: nn.Module, recipe: RetrieveRecipe) -> Mapping[str, float]:
    """The learning rate of each of the backbone's parameters, by its name among all features."""
    backbone = getattr(features, "backbone", None)
    if backbone is None:  # frozen as a whole
        return {}
    rate = recipe.lr * recipe.lr_backbone_factor
    if recipe.lr_layer_factor == 1:
        return {f"backbone.{name}": rate for name, _ in backbone.named_parameters()}
    layer = depths(backbone)
    last = max(layer.values())
    return {
        f"backbone.{name}": rate * recipe.lr_layer_factor ** (last - depth)
        for name, depth in layer.items()
    }


def _through(name: str, layer: Mapping[str, int]) -> int:
    """How many layers there are up to the module of that name and with it."""
    inside = [depth for known, depth in layer.items() if f"{known}.".startswith(f"{name}.")]
    if not inside:
        raise unknown_name("layer", name, _modules(layer), " with parameters in the backbone")
    return max(inside) + 1


def _modules(parameters: Iterable[str]) -> set[str]:
    """The names of all modules that hold a parameter, directly or further down."""
    parts = [name.split(".") for name in parameters]
    return {".".join(one[:end]) for one in parts for end in range(1, len(one))}


def _frozen(parameters: list[nn.Parameter]) -> bool:
    return bool(parameters) and not any(one.requires_grad for one in parameters)
