"""A forecast tells the peak of memory within a factor of 2, and grows as the work does."""

import tracemalloc

import pytest

from atarimae.tasks.retrieve.rank import diffusion, reciprocal
from atarimae.tasks.retrieve.rank.view import Asked, Plain


def peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [(2000, 3000, 64), (500, 6000, 128)])
@pytest.mark.parametrize("way", [reciprocal, diffusion])
def test_bytes_are_within_a_factor_of_two(clustered, way, size):
    n, m, d = size
    n = n if way is reciprocal else n // 10  # the graph is what takes memory, not the queries
    asked, plain = Asked(clustered(n, d, seed=1)), Plain(clustered(m, d, seed=2))
    measured = peak(lambda: way.rerank(asked, plain, 20))
    assert measured / 2 < way.forecast(n, m, d, 20).bytes < 2 * measured


@pytest.mark.parametrize("way", [reciprocal, diffusion])
def test_memory_grows_with_the_rows_and_not_with_their_pairs(way):
    small, large = (way.forecast(m, m, 64, 20) for m in (100_000, 1_000_000))
    assert large.bytes < 11 * small.bytes
    assert large.bytes < 1_000_000**2 * 4 / 100
    assert large.seconds > 10 * small.seconds


@pytest.mark.parametrize(("way", "setting"), [(reciprocal, "k1"), (diffusion, "neighbours")])
def test_larger_neighbourhoods_take_more(way, setting):
    few, many = (way.forecast(5000, 5000, 64, 20, **{setting: size}) for size in (10, 60))
    assert few.bytes < many.bytes
