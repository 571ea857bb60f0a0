"""Scoring keeps O(n + m) in memory: never all pairs, and no copy of the gallery."""

import sys

import pytest
from bench.streaming import peak

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak"),
]
MB = 2**20


@pytest.mark.parametrize("sources", [0, 3])
def test_twice_the_queries_and_gallery_take_at_most_twice_the_memory(sources):
    small = peak(10_000, 50_000, 64, sources)
    large = peak(20_000, 100_000, 64, sources)
    assert large.most - large.before < 2.2 * (small.most - small.before)


@pytest.mark.parametrize("sources", [0, 3])
def test_all_pairs_are_never_there(sources):
    found = peak(20_000, 200_000, 64, sources)
    gallery, pairs = 200_000 * 64 * 4, 20_000 * 200_000 * 4
    extra = found.most - found.before
    assert extra < gallery + 220_000 * 1024 < pairs / 50  # and a KB for each file
