"""How often equal models are told apart: all pairs of runs of one recipe with different seeds.

    python -m bench.false_verdicts WORKSPACE --run RUN --seeds 12

Missing seeds are fitted first, as `atarimae noise` does; runs that are there count, so it can be
stopped and gone on with. Twelve seeds give 66 pairs, of which a seed is in eleven: the pairs are
not independent, and the interval (Clopper-Pearson, as if they were) is too narrow. Two models of
one recipe differ by chance alone, so every verdict but "no difference seen" is false.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from atarimae import api, runlog
from atarimae.runlog import Run
from atarimae.score.distributions import clopper_pearson
from atarimae.score.intervals import Spread, paired, with_seeds
from atarimae.score.sisters import measured
from atarimae.score.verdict import UNSEEN, shared_parts, word

KNOWN = 5  # seeds that σ is taken from in the second row, none of them of the pair


def main() -> None:
    """Print the rate of false verdicts, by what the verdict takes into account."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("workspace", type=Path)
    words.add_argument("--run", default="best")
    words.add_argument("--seeds", type=int, default=12)
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    space = api.open(given.workspace)
    found = space.noise(given.run, seeds=given.seeds)
    if found.deterministic:
        sys.exit("This recipe draws nothing: its runs are all the same. Name another run.")
    family = [runlog.find(space.folder, name) for name in found.runs]
    told = {"run": family[0].id, "stage": found.stage, "sigma": found.sigma, **_rates(family)}
    sys.stdout.write(json.dumps(told) if given.json else _text(family, told))


def _rates(family: Sequence[Run]) -> dict[str, object]:
    pairs = list(combinations(family, 2))
    every = measured(family).spread
    known = min(KNOWN, len(family) - 2)
    wrong = {"queries alone": 0, f"with σ from {known} other seeds": 0, "with σ from all seeds": 0}
    for number, (first, second) in enumerate(pairs):
        others = [run for run in family if run not in (first, second)]
        turn = [others[(number + i) % len(others)] for i in range(known)]
        noises = (None, measured(turn).spread, every)
        for name, noise in zip(wrong, noises, strict=True):
            wrong[name] += _word(first, second, noise) != UNSEEN
    rates = {
        name: {"false": n, "rate": n / len(pairs), "interval": clopper_pearson(n, len(pairs))}
        for name, n in wrong.items()
    }
    return {"pairs": len(pairs), "rates": rates}


def _word(first: Run, second: Run, noise: Spread | None) -> str:
    both = shared_parts(first, second)
    clusters = both["cluster"].tolist()
    seen = paired(both["first"], both["second"], clusters)
    if noise:
        seen = with_seeds(seen, len(set(clusters)), [(2.0, noise)])
    return word(seen)


def _text(family: Sequence[Run], told: dict[str, object]) -> str:
    rates = told["rates"]
    assert isinstance(rates, dict)
    lines = [
        f"run {told['run']}, {told['stage']}: σ {told['sigma']:.4f} over {len(family)} seeds, "
        f"{told['pairs']} pairs",
        "",
        "| a verdict that takes into account | false verdicts | rate | 95 % |",
        "|---|---|---|---|",
    ]
    for name, one in rates.items():
        low, high = one["interval"]
        lines.append(
            f"| {name} | {one['false']} of {told['pairs']} | {one['rate']:.1%} "
            f"| {low:.1%} to {high:.1%} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
