"""Inverses that take less time where a matrix is triangular, or symmetric and positive."""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

SMALL = 64  # rows, below which halving gains nothing


def positive(matrix: Numbers) -> Numbers:
    """The inverse of a symmetric matrix whose eigenvalues are all above 0."""
    root = lower(cholesky(matrix))
    return np.asarray(root.T @ root)


def cholesky(matrix: Numbers) -> Numbers:
    """The lower triangular matrix whose square is the matrix."""
    return np.asarray(np.linalg.cholesky(matrix), np.float64)


def lower(matrix: Numbers) -> Numbers:
    """The inverse of a lower triangular matrix, by halves."""
    if len(matrix) <= SMALL:
        return np.asarray(np.linalg.inv(matrix), np.float64)
    half = len(matrix) // 2
    made = np.zeros_like(matrix)
    made[:half, :half] = first = lower(matrix[:half, :half])
    made[half:, half:] = second = lower(matrix[half:, half:])
    made[half:, :half] = -(second @ (matrix[half:, :half] @ first))
    return made
