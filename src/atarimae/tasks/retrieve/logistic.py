"""A logistic model of a few named numbers, as constants: `<prefix>bias` and `<prefix><name>`."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from atarimae.types import Bools

Numbers = npt.NDArray[np.float64]

FEWEST = 20  # right rows, and wrong ones, below which nothing is fitted
RIDGE = 1.0  # half of it times the squares of the weights, of columns of unit deviation


def fitted(rows: Numbers, right: Bools, prefix: str, names: Sequence[str]) -> dict[str, float]:
    """The constants for rows (n, d), a name a column; none where right or wrong are too few."""
    if min(right.sum(), (~right).sum()) < FEWEST:
        return {}
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(deviation > 1e-9, deviation, 1.0)
    weights = _weights((rows - mean) / scale, right)
    slopes = weights[1:] / scale
    told = (float(weights[0] - slopes @ mean), *slopes.tolist())
    return {prefix + name: value for name, value in zip(("bias", *names), told, strict=True)}


def is_fitted(constants: Mapping[str, float], prefix: str) -> bool:
    """Whether the constants hold such a model."""
    return prefix + "bias" in constants


def probabilities(
    rows: Numbers, constants: Mapping[str, float], prefix: str, names: Sequence[str]
) -> Numbers:
    """That each of (n, d) rows is right, (n)."""
    return _sigmoid(log_odds(rows, constants, prefix, names))


def log_odds(
    rows: Numbers, constants: Mapping[str, float], prefix: str, names: Sequence[str]
) -> Numbers:
    """Of that: its natural logarithm, 0 where right and wrong are as likely, (n)."""
    slopes = np.array([constants[prefix + name] for name in names])
    return np.asarray(constants[prefix + "bias"] + rows @ slopes)


def _weights(rows: Numbers, right: Bools) -> Numbers:
    """Bias and weights of the most probable logistic model, by Newton's method."""
    rows = np.column_stack([np.ones(len(rows)), rows])
    ridge = np.diag(np.r_[0.0, np.full(rows.shape[1] - 1, RIDGE)])
    weights = np.zeros(rows.shape[1])
    for _ in range(100):
        told = _sigmoid(rows @ weights)
        slope = rows.T @ (told - right) + ridge @ weights
        curve = (rows * (told * (1 - told))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    return np.asarray(weights)


def _sigmoid(values: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -500, 500))))
