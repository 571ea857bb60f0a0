"""TensorFlow's "same" padding, in an exported graph as an attribute of the convolution.

timm works the padding out while it runs, because it depends on the input's size. Traced as it is,
that becomes a dozen nodes and a `Pad` before each strided convolution, and ONNX Runtime leaves its
blocked layout for it and comes back. A graph reads inputs of one size, so the padding is known.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.padding import pad_same_arg
from torch import nn
from torch.nn import functional


@contextmanager
def fixed_padding(module: nn.Module) -> Iterator[None]:
    """Trace the module's "same" convolutions with the padding of the inputs they are given."""
    convolutions = [part for part in module.modules() if isinstance(part, Conv2dSame)]
    for convolution in convolutions:
        convolution.__dict__["forward"] = partial(_convolved, convolution)
    try:
        yield
    finally:
        for convolution in convolutions:
            del convolution.__dict__["forward"]


def _convolved(convolution: nn.Conv2d, images: torch.Tensor) -> torch.Tensor:
    size = [int(side) for side in images.shape[-2:]]  # numbers, so that nothing of it is traced
    kernel, stride, dilation = convolution.kernel_size, convolution.stride, convolution.dilation
    pads = pad_same_arg(size, list(kernel), list(stride), list(dilation))
    given = (images, convolution.weight, convolution.bias, pads, stride, dilation)
    return cast(torch.Tensor, _Padded.apply(*given, convolution.groups))


class _Padded(torch.autograd.Function):
    """A convolution with its own padding on each side: left, right, top, bottom."""

    @staticmethod
    def forward(
        _context: object,
        images: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        pads: list[int],
        stride: Sequence[int],
        dilation: Sequence[int],
        groups: int,
    ) -> torch.Tensor:
        padded = functional.pad(images, pads)
        return functional.conv2d(
            padded, weight, bias, tuple(stride), (0, 0), tuple(dilation), groups
        )

    @staticmethod
    def symbolic(
        graph: Any,
        images: Any,
        weight: Any,
        bias: Any,
        pads: list[int],
        stride: Sequence[int],
        dilation: Sequence[int],
        groups: int,
    ) -> Any:
        left, right, top, bottom = pads
        inputs = [images, weight] if bias is None else [images, weight, bias]
        return graph.op(
            "Conv", *inputs, pads_i=[top, left, bottom, right], strides_i=list(stride),
            dilations_i=list(dilation), group_i=groups, kernel_shape_i=weight.type().sizes()[2:],
        )  # fmt: skip
