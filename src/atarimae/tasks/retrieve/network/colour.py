"""Random light, contrast, saturation and hue: one matrix for a picture, not four passes over it."""

import math

import torch

LUMA = torch.tensor([0.2989, 0.587, 0.114])  # of red, green and blue, as torchvision weighs them
GREY = torch.full((3, 3), 1 / 3)  # what is left of a colour that is turned about the grey axis
TURN = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)


class Colour:
    """Of (3, h, w) uint8 pixels; each factor is drawn from 1 ± `strength`.

    Hue turns by up to `strength` / 5 of a full circle, about the axis of greys, so that greys stay
    what they are. Unlike torchvision's ColorJitter it rounds and clips once, at the end.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Drawn by PyTorch's own generator."""
        drawn = self.strength * (2 * torch.rand(4) - 1)
        light, contrast, saturation = (1 + drawn[:3]).tolist()
        return recoloured(image, light, contrast, saturation, float(drawn[3]) / 5)


def recoloured(
    image: torch.Tensor, light: float, contrast: float, saturation: float, turn: float
) -> torch.Tensor:
    """The picture with all four changed: 1, 1, 1 and 0 leave it as it is."""
    flat = image.reshape(3, -1).float()
    matrix = light * contrast * (_turned(turn) @ _saturated(saturation))
    offset = light * (1 - contrast) * float(LUMA @ flat.mean(1))
    return (matrix @ flat).add_(offset).round_().clamp_(0, 255).byte().reshape(image.shape)


def _saturated(factor: float) -> torch.Tensor:
    return factor * torch.eye(3) + (1 - factor) * LUMA.expand(3, 3)


def _turned(turn: float) -> torch.Tensor:
    """Rodrigues' rotation by `turn` of a circle about (1, 1, 1)."""
    angle = 2 * math.pi * turn
    return math.cos(angle) * (torch.eye(3) - GREY) + GREY + math.sin(angle) * TURN
