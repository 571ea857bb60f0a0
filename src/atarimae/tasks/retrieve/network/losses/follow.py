"""A student's similarities drawn to those of a teacher."""

import torch
from torch import nn
from torch.nn import functional

from atarimae.types import Floats


class Following(nn.Module):
    """Kullback and Leibler's divergence between what a batch's images are near, of both.

    For each image the softmax of its cosines to the others, divided by `temperature`: Fang et al.,
    SEED, ICLR 2021, with the batch in place of a queue. Cosines alone are compared, so that the
    student's embedding may have another length than the teacher's.
    """

    rows: torch.Tensor

    def __init__(self, rows: Floats, temperature: float) -> None:
        super().__init__()
        unit = functional.normalize(torch.from_numpy(rows).float(), dim=1)
        self.register_buffer("rows", unit, persistent=False)  # they are had again from the teacher
        self.temperature = temperature

    def forward(self, embeddings: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """(n, d) embeddings of any length, and which of the teacher's rows each belongs to."""
        student = functional.normalize(embeddings.float(), dim=1)
        teacher = self.rows[numbers]
        wanted, found = (self._near(rows, numbers) for rows in (teacher, student))
        return functional.kl_div(found, wanted, reduction="batchmean", log_target=True)

    def _near(self, rows: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """Log-probabilities (n, n); an image is near to itself and its repetitions by no merit."""
        cosines = rows @ rows.T / self.temperature
        own = numbers[:, None] == numbers[None, :]
        return functional.log_softmax(cosines.masked_fill(own, -1e4), dim=1)
