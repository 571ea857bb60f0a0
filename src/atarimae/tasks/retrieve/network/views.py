"""What a picture is judged by: itself, its mirror image, other sizes (test-time augmentation).

All of it is part of the exported graph, so scoring, bundle and server do the same.
"""

import torch
from torch.nn import functional

from atarimae.tasks.retrieve.recipe import RetrieveRecipe


class Views:
    """(n, 3, side, side) pixels to one or more views; `side` is the recipe's `read_size`.

    No module: where a module gives a list, the exporter forgets the sizes of what is in it.
    """

    def __init__(self, recipe: RetrieveRecipe) -> None:
        side = recipe.read_size
        self.flip = recipe.tta_flip
        self.matrices = [None if size == side else resizing(side, size) for size in recipe.sizes]

    def __call__(self, images: torch.Tensor) -> list[torch.Tensor]:
        """The picture at each size, its mirror images after them."""
        seen = [images if one is None else _at(one, images) for one in self.matrices]
        return seen + [view.flip(3) for view in seen] if self.flip else seen


def resizing(side: int, size: int) -> torch.Tensor:
    """(size, side): what makes `size` pixels of `side`, bicubic with antialiasing, as Pillow does.

    As a product, since ONNX's own resizing has no antialiasing before opset 18.
    """
    columns = torch.eye(side)[None, None]
    return functional.interpolate(columns, (size, side), mode="bicubic", antialias=True)[0, 0]


def _at(matrix: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    matrix = matrix.to(images.device)
    return (matrix @ images.float() @ matrix.T).clamp(0, 255)
