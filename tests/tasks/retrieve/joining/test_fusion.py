"""Fused lists against ranx, and against cases worked by hand where ranx leaves things open."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from atarimae.tasks.retrieve.joining.fusion import FORMULAS, Fused, fused

RANX = {"rrf": "rrf", "isr": "isr", "combsum": "sum", "combmnz": "mnz", "borda": "bordafuse"}
N, M, DEPTH = 12, 40, 15


def lists(seed: int, depth: int = DEPTH):
    """Random lists of different answers, best first, without ties."""
    random = np.random.default_rng(seed)
    match = np.stack([random.permutation(M)[:depth] for _ in range(N)])
    near = -np.sort(-random.uniform(-1, 1, (N, depth)).astype(np.float32), axis=1)
    return match, near


FUSE = """
import json, sys, ranx
told = []
for method, runs in json.load(sys.stdin):
    fused = ranx.fuse([ranx.Run(run) for run in runs], norm="min-max", method=method)
    told.append({query: dict(found) for query, found in fused.run.items()})
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def theirs():
    """Scores by method, query and answer of two and of three lists, as ranx fuses them.

    In a process of its own, where Numba compiles nothing: that takes minutes.
    """
    pytest.importorskip("ranx")

    def run(match, near):
        rows = [zip(*row, strict=True) for row in zip(match.tolist(), near.tolist(), strict=True)]
        return {f"q{q:02}": {str(p): s for p, s in row} for q, row in enumerate(rows)}

    cases = [(method, number) for method in RANX for number in (2, 3)]
    asked = [(RANX[m], [run(*lists(s, DEPTH - 2 * s)) for s in range(n)]) for m, n in cases]
    done = subprocess.run(
        [sys.executable, "-c", FUSE], input=json.dumps(asked),
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(zip(cases, json.loads(done.stdout), strict=True))


@pytest.mark.long
@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("method", RANX)
def test_every_formula_gives_ranx_numbers(method: str, number: int, theirs) -> None:
    """Of lists that are not equally long either."""
    several = [padded(*lists(seed, DEPTH - 2 * seed)) for seed in range(number)]
    match, score = fused(several, Fused(method, 60.0, DEPTH), DEPTH * number)
    told = theirs[method, number]
    for query in range(N):
        ours = {str(p): s for p, s in zip(match[query], score[query], strict=True) if p >= 0}
        expected = told[f"q{query:02}"]
        assert ours.keys() == expected.keys()
        for name, value in expected.items():
            assert ours[name] == pytest.approx(value, rel=1e-5, abs=1e-6)
        assert list(score[query]) == sorted(score[query], reverse=True)


def test_formulas_are_those_that_are_compared() -> None:
    assert FORMULAS.keys() == RANX.keys()


def test_ties_go_to_the_lower_position() -> None:
    """Each of two answers is first once and second once: whichever list comes first."""
    first = np.array([[7, 3]]), np.array([[0.9, 0.8]], np.float32)
    second = np.array([[3, 7]]), np.array([[0.9, 0.8]], np.float32)
    for method in FORMULAS:
        for several in ([first, second], [second, first]):
            match, score = fused(several, Fused(method, 60.0, 100), 2)
            assert match.tolist() == [[3, 7]]
            assert score[0, 0] == score[0, 1]


def test_answers_that_are_not_there_stay_away() -> None:
    """A query that may see one answer of the gallery, and one that may see none."""
    match = np.array([[5, -1], [-1, -1]])
    near = np.array([[0.5, -np.inf], [-np.inf, -np.inf]], np.float32)
    for method in FORMULAS:
        found, score = fused([(match, near)] * 2, Fused(method, 60.0, 100), 3)
        assert found.tolist() == [[5, -1, -1], [-1, -1, -1]]
        assert np.isneginf(score[0, 1:]).all()
        assert np.isneginf(score[1]).all()
        assert np.isfinite(score[0, 0])


def test_only_the_first_of_each_list_count() -> None:
    several = [lists(0), lists(1)]
    cut = [(match[:, :5], near[:, :5]) for match, near in several]
    for method in FORMULAS:
        deep, shallow = (fused(one, Fused(method, 60.0, 5), 10) for one in (several, cut))
        assert np.array_equal(deep[0], shallow[0])
        assert np.array_equal(deep[1], shallow[1])


def padded(match, near):
    """To one width, as a search leaves it where there are fewer."""
    more = DEPTH - match.shape[1]
    return (
        np.pad(match, ((0, 0), (0, more)), constant_values=-1),
        np.pad(near, ((0, 0), (0, more)), constant_values=-np.inf),
    )
