"""The network: a timm backbone with pooled layers, and a head; and its export to ONNX."""

import math
import uuid
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from atarimae.errors import UsageError, unknown_name
from atarimae.tasks.retrieve.network import lora
from atarimae.tasks.retrieve.network.backbone import backbone, one_size
from atarimae.tasks.retrieve.network.cells import Cells
from atarimae.tasks.retrieve.network.fusion import Fusion
from atarimae.tasks.retrieve.network.layers import freeze, still
from atarimae.tasks.retrieve.network.padding import fixed_padding
from atarimae.tasks.retrieve.network.views import Views
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Array

OPSET = 17
Found = Mapping[str, torch.Tensor]  # what layers give, by name


class Features(nn.Module):
    """(n, size, size, 3) uint8 pixels to (n, d) pooled features, each pooled block at unit length.

    GeM is the generalised mean of Radenović et al., TPAMI 2019; p = 1 is the mean.
    """

    def __init__(self, recipe: RetrieveRecipe) -> None:
        super().__init__()
        self.mean: torch.Tensor
        self.std: torch.Tensor
        self.backbone, mean, std = backbone(recipe)
        if (recipe.start_size or len(recipe.sizes) > 1) and one_size(recipe.backbone):
            raise UsageError(
                f"{recipe.backbone} reads pictures of one size.",
                f"tta_scales is {list(recipe.tta_scales)}, start_size {recipe.start_size}.",
                "Leave tta_scales empty and start_size at 0; tta_flip can be set.",
            )
        if recipe.lora_rank:
            lora.adapt(self.backbone, recipe.lora_rank, recipe.lora_layers)
        if recipe.freeze_layers:
            freeze(self.backbone, recipe.freeze_layers)
        self._frozen = still(self.backbone)
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.p = nn.Parameter(torch.tensor(recipe.gem_p), requires_grad=recipe.train_gem_p)
        self.power = recipe.power
        self.pooling = [(layer, kind) for layer, _, kind in map(_parted, recipe.pooling)]
        self.local = recipe.local_layer
        self.views = Views(recipe)
        self._seen: dict[str, torch.Tensor] = {}
        self.cells_layer = recipe.cells_layer if recipe.cells else "last"
        read = [*(layer for layer, _ in self.pooling), self.local or "last", self.cells_layer]
        for layer in dict.fromkeys(read):
            if layer != "last":
                self._watch(layer)
        self.fusion = self._fusion(recipe) if self.local else None
        self.cells = self._cells(recipe) if recipe.cells else None

    @property
    def behind(self) -> int:
        """How many numbers of local features stand behind the pooled ones."""
        return self.cells.side**2 * self.cells.numbers if self.cells else 0

    def train(self, mode: bool = True) -> Self:
        """Set the mode of all but the frozen layers."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Uint8 pixels, channels last, of the recipe's `read_size`; the mean over all views.

        Where there are cells, those of the first view stand behind that.
        """
        first, *others = self.views(pixels.permute(0, 3, 1, 2))
        found = self._found(first)
        seen = [self._pooled(found), *map(self.pooled, others)]
        mean = seen[0] if len(seen) == 1 else torch.stack(seen).mean(0)
        if self.cells is None:
            return mean
        return torch.cat([mean, self.cells(self._as_map(found, self.cells_layer))], 1)

    def pooled(self, pixels: torch.Tensor) -> torch.Tensor:
        """The features of one view, (n, 3, size, size)."""
        return self._pooled(self._found(pixels))

    def _pooled(self, found: Found) -> torch.Tensor:
        joined = self._joined(found)
        if self.fusion:
            joined = self.fusion(joined, self._as_map(found, self.local))
        return joined

    def _joined(self, found: Found) -> torch.Tensor:
        blocks = [self._pool(found, layer, kind).float() for layer, kind in self.pooling]
        if self.power != 1:
            blocks = [block.sign() * block.abs().pow(self.power) for block in blocks]
        return torch.cat([functional.normalize(block, dim=1) for block in blocks], 1)

    def _found(self, pixels: torch.Tensor) -> Found:
        """What the layers give, by name, as the backbone orders it."""
        images = (pixels.float() - self.mean) / self.std
        try:
            last = cast(Any, self.backbone).forward_features(images)
        except AssertionError as error:  # timm's way to refuse a size
            raise UsageError(
                f"The backbone can't read pictures of {images.shape[-1]} px.",
                f"{error}",
                "Set another image_size.",
            ) from None
        found = {**self._seen, "last": last}
        self._seen.clear()
        return found

    @torch.no_grad()
    def _fusion(self, recipe: RetrieveRecipe) -> Fusion:
        """As wide as what one picture gives."""
        self.eval()
        found = self._found(torch.zeros(1, 3, recipe.image_size, recipe.image_size))
        width, channels = self._joined(found).shape[1], self._as_map(found, self.local).shape[1]
        return Fusion(width, channels, recipe.local_dimension)

    @torch.no_grad()
    def _cells(self, recipe: RetrieveRecipe) -> Cells:
        """For maps as one picture gives them."""
        self.eval()
        found = self._found(torch.zeros(1, 3, recipe.image_size, recipe.image_size))
        return Cells(recipe, self._as_map(found, self.cells_layer))

    def _watch(self, layer: str) -> None:
        """Keep what a module gives, each time the backbone runs."""
        known = dict(self.backbone.named_modules())
        if layer not in known:
            raise unknown_name("layer", layer, [*filter(None, known), "last"], " in the backbone")

        def keep(_module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
            self._seen[layer] = output

        known[layer].register_forward_hook(keep)

    def _as_map(self, found: Found, layer: str) -> torch.Tensor:
        """(n, channels, rows, columns), whatever the backbone's own order."""
        features = found[layer]
        if features.ndim == 3:  # tokens of a transformer
            tokens = features[:, self._prefix(found, layer) :]
            side = math.isqrt(tokens.shape[1])
            rows = side if side**2 == tokens.shape[1] else 1
            return tokens.transpose(1, 2).reshape(
                -1, tokens.shape[2], rows, tokens.shape[1] // rows
            )
        if getattr(self.backbone, "output_fmt", "NCHW") == "NHWC":
            return features.permute(0, 3, 1, 2)
        return features

    def _prefix(self, found: Found, layer: str) -> int:
        """How many tokens come before those of patches; they may join after the first layers."""
        all_here = found[layer].shape[1] == found["last"].shape[1]
        return getattr(self.backbone, "num_prefix_tokens", 0) if all_here else 0

    def _pool(self, found: Found, layer: str, kind: str) -> torch.Tensor:
        if kind == "cls":
            return self._class_token(found, layer)
        features = self._as_map(found, layer)
        if kind == "mean":
            return features.mean((2, 3))
        if kind == "max":
            return features.amax((2, 3))
        return features.float().clamp(min=1e-6).pow(self.p).mean((2, 3)).pow(1 / self.p)

    def _class_token(self, found: Found, layer: str) -> torch.Tensor:
        has_one = getattr(self.backbone, "cls_token", None) is not None
        if not has_one or found[layer].ndim != 3 or not self._prefix(found, layer):
            raise UsageError(
                f"There is no class token in layer '{layer}'.",
                f"The backbone is a {type(self.backbone).__name__}.",
                f"Pool it as {layer}:mean, or take a vision transformer with such a token.",
            )
        return found[layer][:, 0]


class Whitening(nn.Module):
    """The whitening of frozen features, which a head is trained on.

    In buffers, so that a checkpoint keeps it: computed anew with another number of threads, its
    axes may point elsewhere, and a head that was trained on the old ones is worth nothing.
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        super().__init__()
        for name, array in arrays.items():
            self.register_buffer(name, torch.from_numpy(np.array(array)))

    @property
    def arrays(self) -> dict[str, Array]:
        """By name, as `whitened` takes them."""
        return {name: buffer.cpu().numpy() for name, buffer in self.named_buffers()}


class Head(nn.Module):
    """(n, d) features to (n, projection) embeddings: a linear layer, at unit length after."""

    def __init__(self, dimension: int, recipe: RetrieveRecipe) -> None:
        super().__init__()
        self.dropout = nn.Dropout(recipe.dropout)
        self.linear = nn.Linear(dimension, recipe.projection, bias=False)
        # At the start similarities are those of the features themselves.
        start = nn.init.eye_ if dimension == recipe.projection else nn.init.orthogonal_
        start(self.linear.weight)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Float32 features, of any length."""
        return functional.normalize(self.projected(features), dim=1)

    def projected(self, features: torch.Tensor) -> torch.Tensor:
        """Embeddings of the length that they come out with, as the losses take them."""
        projected: torch.Tensor = self.linear(self.dropout(features))
        return projected


def export(module: nn.Module, example: torch.Tensor, path: Path) -> Path:
    """Write a module as ONNX; the first dimension of its one input is free.

    `example` is an input on the module's device.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{uuid.uuid4().hex}.part")
    training, device = module.training, example.device
    module.eval().cpu()
    try:
        with warnings.catch_warnings(), torch.no_grad(), fixed_padding(module):
            warnings.simplefilter("ignore")  # the tracing exporter's own deprecation, see below
            # dynamo=False: for a plain feed-forward graph it gives the same nodes 4 times faster.
            torch.onnx.export(
                module, (example.cpu(),), str(part), dynamo=False, opset_version=OPSET,
                input_names=["input"], output_names=["output"], dynamic_axes={"input": {0: "n"}},
            )  # fmt: skip
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    module.train(training).to(device)
    return path


def trainable(module: nn.Module) -> Iterator[nn.Parameter]:
    """The parameters that training moves."""
    return (parameter for parameter in module.parameters() if parameter.requires_grad)


def _parted(name: str) -> tuple[str, str, str]:
    return name.rpartition(":")
