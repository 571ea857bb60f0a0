"""Our few distributions beside SciPy's."""

import math

import pytest
from scipy import stats

from atarimae.score.distributions import (
    beta_cdf,
    chi2_quantile,
    chi2_tail,
    clopper_pearson,
    t_cdf,
    t_quantile,
)


@pytest.mark.parametrize("freedom", [1, 2, 2.5, 4, 17.3, 200, 5e4])
@pytest.mark.parametrize("value", [-40, -2.3, -0.1, 0, 0.7, 3, 12])
def test_t(value: float, freedom: float) -> None:
    assert t_cdf(value, freedom) == pytest.approx(stats.t.cdf(value, freedom), abs=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 3.7, 30, 1e4])
@pytest.mark.parametrize("chance", [0.025, 0.2, 0.5, 0.8, 0.975, 0.999])
def test_quantiles(chance: float, freedom: float) -> None:
    wanted = stats.t.ppf(chance, freedom), stats.chi2.ppf(chance, freedom)
    found = t_quantile(chance, freedom), chi2_quantile(chance, freedom)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("freedom", [1, 2, 3, 6, 300])
@pytest.mark.parametrize("value", [-1, 0, 0.4, 3.841, 12.592, 400, 1e5])
def test_tail_of_chi_square(value: float, freedom: float) -> None:
    assert chi2_tail(value, freedom) == pytest.approx(stats.chi2.sf(value, freedom), abs=1e-9)


def test_with_endless_freedom_t_is_normal() -> None:
    assert t_quantile(0.975, math.inf) == pytest.approx(1.959963985, abs=1e-8)


def test_beta() -> None:
    for a, b, value in [(0.5, 0.5, 0.2), (3, 9, 0.5), (200, 1, 0.99), (1.5, 40, 0.01)]:
        assert beta_cdf(value, a, b) == pytest.approx(stats.beta.cdf(value, a, b), abs=1e-9)


@pytest.mark.parametrize(("hits", "of"), [(0, 20), (20, 20), (3, 66), (97, 2000)])
def test_clopper_pearson(hits: int, of: int) -> None:
    exact = stats.binomtest(hits, of).proportion_ci(method="exact")
    assert clopper_pearson(hits, of) == pytest.approx((exact.low, exact.high), abs=1e-7)
