"""Low-rank adapters beside a transformer's linear layers, through peft (extra `lora`).

Hu et al., ICLR 2022; alpha is the rank, so the product of both matrices is added as it is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import nn

from atarimae.errors import UsageError, unknown_name


def adapt(backbone: nn.Module, rank: int, layers: Sequence[str]) -> None:
    """Freeze the backbone but for adapters beside the layers whose names end like one of these.

    They start at zero: the outputs are what they were.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model  # it imports transformers: seconds
    except ImportError:
        raise UsageError(
            "lora_rank needs peft.", "It is not installed.", "pip install 'atarimae[lora]'"
        ) from None
    known = dict(backbone.named_modules())
    for layer in layers:
        if not any(f".{name}".endswith(f".{layer}") for name in known):
            raise unknown_name("layer", layer, filter(None, known), " in the backbone")
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=list(layers))
    inject_adapter_in_model(config, backbone)


@contextmanager
def merged(module: nn.Module) -> Iterator[None]:
    """Adapters are part of the weights, as they are exported; afterwards all is as it was."""
    from peft.tuners.lora import LoraLayer

    adapted = [cast(Any, one) for one in module.modules() if isinstance(one, LoraLayer)]
    before = [one.base_layer.weight.detach().clone() for one in adapted]
    for one in adapted:
        one.merge()
    try:
        yield
    finally:
        for one, weight in zip(adapted, before, strict=True):
            one.unmerge()
            with torch.no_grad():  # taking away what was added leaves a rounding error
                one.base_layer.weight.copy_(weight)
