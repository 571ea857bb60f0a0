"""Local features beside the pooled ones, as far as they say something else: DOLG.

Yang et al., ICCV 2021. Their widths and their three dilations; the last linear layer is the head's.
"""

import torch
from torch import nn
from torch.nn import functional

DILATIONS = (3, 6, 9)


class Fusion(nn.Module):
    """(n, d) pooled features and a map (n, channels, h, w) to (n, 2 × width), at unit length."""

    def __init__(self, dimension: int, channels: int, width: int) -> None:
        super().__init__()
        self.whole = nn.Linear(dimension, width)
        self.views = nn.ModuleList(
            nn.Conv2d(channels, width, 3, padding=rate, dilation=rate) for rate in DILATIONS
        )
        self.average = nn.Conv2d(channels, width, 1)
        self.joined = nn.Conv2d(width * (len(DILATIONS) + 1), width, 1)
        self.local = nn.Sequential(nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width))
        self.attention = nn.Conv2d(width, 1, 1)

    def forward(self, pooled: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """The pooled features, and the mean of what is orthogonal to them at each place."""
        whole = self.whole(pooled)
        across = orthogonal(self._local(features), whole).mean((2, 3))
        return functional.normalize(torch.cat([whole, across], 1).float(), dim=1)

    def _local(self, features: torch.Tensor) -> torch.Tensor:
        """(n, width, h, w): at each place a direction, times how much it matters."""
        views = [view(features) for view in self.views]
        mean = functional.relu(self.average(features.mean((2, 3), keepdim=True)))
        joined = torch.cat([*views, mean.expand_as(views[0])], 1)
        found = self.local(functional.relu(self.joined(joined)))
        matters = functional.softplus(self.attention(functional.relu(found)))
        return functional.normalize(found, dim=1) * matters


def orthogonal(local: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """(n, width, h, w) less its projection on (n, width), at each place."""
    line = whole[:, :, None, None]
    along = (local * line).sum(1, keepdim=True) / line.square().sum(1, keepdim=True).clamp(min=1e-6)
    return local - along * line
