"""Student's t, chi-square and beta: what intervals need of them, without SciPy (35 MB).

Regularised incomplete functions by continued fraction and series, as in Press et al., Numerical
Recipes, 3rd edition, 6.2 and 6.4; quantiles by bisection. Good to about 1e-9.
"""

import math
from collections.abc import Callable
from functools import lru_cache

TINY = 1e-300
TERMS = 10_000


def normal_cdf(value: float) -> float:
    """The chance that a standard normal number is lower."""
    return 0.5 * math.erfc(-value / math.sqrt(2))


def t_cdf(value: float, freedom: float) -> float:
    """The chance that Student's t with that many degrees of freedom (inf: normal) is lower."""
    if math.isinf(freedom) or freedom > 1e7:
        return normal_cdf(value)
    tail = 0.5 * beta_cdf(freedom / (freedom + value * value), freedom / 2, 0.5)
    return 1 - tail if value > 0 else tail


@lru_cache(maxsize=1024)
def t_quantile(chance: float, freedom: float) -> float:
    """The value that Student's t stays below with this chance, 0 < chance < 1."""
    bound = 1.0
    while t_cdf(bound, freedom) < max(chance, 1 - chance):
        bound *= 2
    return _solve(lambda value: t_cdf(value, freedom), chance, -bound, bound)


def chi2_tail(value: float, freedom: float) -> float:
    """The chance that a chi-square variable exceeds the value."""
    return 1 - _gamma_cdf(value / 2, freedom / 2)


@lru_cache(maxsize=1024)
def chi2_quantile(chance: float, freedom: float) -> float:
    """The value that a chi-square variable stays below with this chance."""
    bound = 2 * freedom + 10
    while _gamma_cdf(bound / 2, freedom / 2) < chance:
        bound *= 2
    return _solve(lambda value: _gamma_cdf(value / 2, freedom / 2), chance, 0, bound)


@lru_cache(maxsize=4096)
def clopper_pearson(hits: int, of: int, chance: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a rate. Clopper & Pearson, Biometrika 26, 1934."""
    tail = (1 - chance) / 2
    low = 0.0 if hits == 0 else _beta_quantile(tail, hits, of - hits + 1)
    high = 1.0 if hits == of else _beta_quantile(1 - tail, hits + 1, of - hits)
    return low, high


def beta_cdf(value: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_value(a, b), 0 ≤ value ≤ 1."""
    if value <= 0 or value >= 1:
        return float(value >= 1)
    if value > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side
        return 1 - beta_cdf(1 - value, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front += a * math.log(value) + b * math.log1p(-value)
    return math.exp(front) * _beta_fraction(value, a, b) / a


def _beta_fraction(value: float, a: float, b: float) -> float:
    """Lentz's method."""
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * value / (a + 1))
    fraction = d
    for m in range(1, TERMS):
        even = m * (b - m) * value / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * value / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _off_zero(1 + term * d)
            c = _off_zero(1 + term / c)
            fraction *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return fraction


def _gamma_cdf(value: float, shape: float) -> float:
    """The regularised lower incomplete gamma function, by its series."""
    if value <= 0:
        return 0.0
    if value > shape + 40 * math.sqrt(shape) + 200:
        return 1.0
    term = total = 1 / shape
    for n in range(1, TERMS):
        term *= value / (shape + n)
        total += term
        if term < total * 1e-15:
            break
    return min(1.0, total * math.exp(shape * math.log(value) - value - math.lgamma(shape)))


def _beta_quantile(chance: float, a: float, b: float) -> float:
    return _solve(lambda value: beta_cdf(value, a, b), chance, 0, 1)


def _solve(rising: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    while high - low > 1e-11 * max(1.0, abs(low)):
        middle = (low + high) / 2
        if rising(middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _off_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
