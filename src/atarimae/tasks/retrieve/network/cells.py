"""Means of a layer over a grid, which a step of `rank` compares one by one."""

import numpy as np
import torch
from torch.nn import functional

from atarimae.errors import UsageError
from atarimae.tasks.retrieve.recipe import RetrieveRecipe

KEPT = 2  # numbers of a cell in the graph, for each that its whitening leaves of them


class Cells:
    """(n, channels, rows, columns) to (n, side² × numbers), at unit length as a whole.

    No module: nothing of it is trained. Where channels are many they are mixed into fewer by a
    projection that is the same in every run, so that graph and cache stay the same as well.
    """

    def __init__(self, recipe: RetrieveRecipe, example: torch.Tensor) -> None:
        self.side = recipe.cells
        channels, rows, columns = example.shape[1:]
        if self.side > min(rows, columns):
            raise UsageError(
                f"A grid of {self.side} × {self.side} cells is too fine.",
                f"Layer '{recipe.cells_layer}' has {rows} × {columns} places in pictures of "
                f"{recipe.image_size} px.",
                f"Set cells to {min(rows, columns)} at most, or cells_layer to an earlier layer.",
            )
        self.numbers = min(channels, KEPT * recipe.cells_dimension)
        self.rows, self.columns = averaging(rows, self.side), averaging(columns, self.side)
        self.projection = projection(channels, self.numbers)

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """Row by row of the grid, each cell's numbers together."""
        device, places = features.device, self.side**2
        rows, columns = self.rows.to(device), self.columns.to(device)
        means = rows @ features.float() @ columns.T
        cells = means.reshape(-1, self.projection.shape[0], places).transpose(1, 2)
        cells = cells @ self.projection.to(device)
        return functional.normalize(cells.reshape(-1, places * self.numbers), dim=1)


def averaging(size: int, side: int) -> torch.Tensor:
    """(side, size): what averages `size` places into `side`, as adaptive pooling does.

    As a product, since the exporter has no such pooling where one is no multiple of the other.
    """
    matrix = torch.zeros(side, size)
    for place in range(side):
        start, stop = place * size // side, -(-(place + 1) * size // side)
        matrix[place, start:stop] = 1 / (stop - start)
    return matrix


def projection(channels: int, numbers: int) -> torch.Tensor:
    """(channels, numbers): orthogonal directions, drawn by seed 0; all of them where equal."""
    if channels == numbers:
        return torch.eye(channels)
    drawn = np.random.default_rng(0).normal(size=(channels, numbers))
    directions, upper = np.linalg.qr(drawn)
    return torch.from_numpy((directions * np.sign(np.diag(upper))).astype(np.float32))
