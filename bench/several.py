"""`python -m bench.several [SEED …]`: how well collages are found, as a Markdown table on stdout.

For each seed 1,000 of the demo's pictures, 5 % of them collages of others of the same classes (see
`bench.collage`), each labelled with the class of its first picture. AP is the average precision of
the order in which the check suspects images; precision and recall are of what it reports.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from atarimae import api, bundle, task
from atarimae.demo.ideas import BASELINE
from atarimae.look.checks import Beside, several
from atarimae.look.checks.judged import Judged
from atarimae.predict.run import outputs
from atarimae.store import Store
from atarimae.survey import surveyor
from atarimae.types import Data
from bench.collage import WAYS, emoji, plant

IMAGES, SHARE = 1000, 0.05
SEEDS = ("1", "2", "3", "4", "5")


def main(seeds: Sequence[str]) -> None:
    """Print a row a seed and their mean, without a run and with one."""
    sys.stdout.write(f"| seed | AP | precision | recall | {' | '.join(WAYS)} |\n")
    sys.stdout.write(f"|---|{'---:|' * (3 + len(WAYS))}\n")
    for run in (False, True):
        rows = []
        for seed in seeds:
            rows.append(measured(int(seed), run))
            _say(f"{seed}, with a run" if run else seed, rows[-1])
        _say("mean, with a run" if run else "mean", np.mean(rows, 0).tolist())


def measured(seed: int, run: bool) -> list[float]:
    """AP, precision, recall, and the recall of each way."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        planted = plant(root / "pictures", emoji(), IMAGES, SHARE, seed)
        table = root / "pictures" / "labels.csv"
        pd.DataFrame(planted.classes.items(), columns=["file", "label"]).to_csv(table, index=False)
        space = api.init(root / "ws")
        space.add(table)
        data = Store(space.folder).data()
        looks = surveyor(space.folder)
        beside = Beside(surveyor=looks, judged=_embedded(space, data) if run else None)
        names = {file.image: Path(file.path).name for file in data.files}
        order = [names[one.image] for one in several.suspects(data, beside)]
        said = {names[one.images[0]] for one in several.check.find(data, beside)}
    ways = planted.ways
    right = len(said & ways.keys())
    of_ways = [[name in said for name, way in ways.items() if way == one] for one in WAYS]
    return [
        average_precision([name in ways for name in order]),
        right / max(len(said), 1), right / len(ways), *(float(np.mean(one)) for one in of_ways),
    ]  # fmt: skip


def _embedded(space: api.Workspace, data: Data) -> Judged:
    """A run that learned nothing, and has embedded everything."""
    because = "what ImageNet's features know"
    run = space.fit(because=because, stage="holdout", **dict[str, Any](BASELINE))
    retrieve = task.load("retrieve")
    outputs(retrieve.predictor(bundle.read_model(run.model)), data, cache=space.folder.cache)
    return Judged(space.folder, retrieve, run)


def average_precision(right: Sequence[bool]) -> float:
    """Of an order: the mean of the precisions at each that is right."""
    flags = np.array(right)
    precisions = np.cumsum(flags) / np.arange(1, len(flags) + 1)
    return float(precisions[flags].mean())


def _say(name: str, row: Sequence[float]) -> None:
    sys.stdout.write(f"| {name} | {' | '.join(f'{value:.3f}' for value in row)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:] or SEEDS)
