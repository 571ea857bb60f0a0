"""`python -m bench.mining [SEED …]`: how well small symbols on large drawings are mined.

For each seed 60 drawings of 800 × 600 px with 3 to 7 symbols of 40 px on each, of 12 kinds; the one
that is sought is on 6 of them. The example is a box on another drawing: 4 of them in turn, and the
row is their mean. P@6 is the precision of the first 6 images, which is their recall as well, R@12
the recall of the first 12, AP the average precision. Whole images are compared by the cosine of
their embeddings; what is at random is worked out from 1,000 orders. The run has learned nothing:
ImageNet's features from the middle of the network, at 64 px.

"More and less" is what a person's answers bring: of the first 6 results each is taken or rejected,
as is true, and what is left of the pool is ranked again. It is compared with the order that the
rest had before, over the drawings that were not answered: nothing is judged that was told.
"""

import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from atarimae import api
from atarimae.demo.ideas import MIDDLE
from atarimae.look.mine import Example, Mined, Wish, mine
from atarimae.look.mine.mine import Ready, prepare
from atarimae.predict.source import open_source
from atarimae.types import Data, Source
from bench.drawings import Drawing, draw

POOL, RARE, EXAMPLES, SHOWN = 60, 6, 4, 6
SEEDS = ("1", "2", "3")

Row = dict[str, list[float]]  # by way: P@6, R@12, AP


def main(seeds: Sequence[str]) -> None:
    """Print a table, a row a seed and way, and the mean."""
    warnings.filterwarnings("ignore", "Mean of empty slice")  # of what the rest has no figure for
    rows = [measured(int(seed)) for seed in seeds]
    names = list(rows[0])
    sys.stdout.write("| order | P@6 | R@12 | AP |\n|---|---:|---:|---:|\n")
    for name in names:
        told = np.nanmean([row[name] for row in rows], 0)
        each = ", ".join(f"{row[name][2]:.3f}" for row in rows)
        figures = " | ".join("" if np.isnan(one) else f"{one:.3f}" for one in told)
        sys.stdout.write(f"| {name} | {figures} ({each}) |\n")


def measured(seed: int) -> Row:
    """Of one pool: the mean over the examples."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        pool = draw(root / "pool", POOL, RARE, seed)
        known = [one for one in draw(root / "known", 20, EXAMPLES, seed) if one.has(0)]
        space = _space(root, pool, draw(root / "other", 20, 0, seed + 1000))
        data = space.data()
        true = {file.image: _drawing(pool, file.path).has(0) for file in data.files if _is(file)}
        rows = [_of_example(space, data, one, true) for one in known]
        wish = Wish(tuple(_example(one) for one in known), top=POOL)
        together = _images(mine(space.folder, data.where(_is), wish))
    means = {name: np.nanmean([row[name] for row in rows], 0).tolist() for name in rows[0]}
    return {**means, "tiles, all four examples together": _figures(together, true)}


def _of_example(space: api.Workspace, data: Data, shown: Drawing, true: dict[str, bool]) -> Row:
    wish = Wish((_example(shown),), top=POOL)
    ready = prepare(space.folder, data.where(_is), wish)
    order = _images(ready.ask(wish))
    random, images = np.random.default_rng(0), sorted(true)
    shuffled = [random.permutation(images).tolist() for _ in range(1000)]
    right, wrong = _answers(order, true)
    found = ready.ask(wish)
    liked, not_liked = (
        tuple(one.tile for one in found.results if one.image in some) for some in (right, wrong)
    )
    more = ready.ask(replace(wish, right=liked))
    both = replace(wish, right=liked, wrong=not_liked)
    first = set(order[:SHOWN])
    return {
        "at random": np.mean([_figures(one, true) for one in shuffled], 0).tolist(),
        "whole images": _figures(_whole(ready, data, shown, images), true),
        "tiles": _figures(order, true),
        "the rest, as it was": _rest(order, true, first),
        "the rest, with more like these": _rest(_images(more), true, first),
        "the rest, with less like those too": _rest(_images(ready.ask(both)), true, first),
    }


def _answers(order: Sequence[str], true: dict[str, bool]) -> tuple[list[str], list[str]]:
    """What a person would take, and reject, of the first results."""
    first = order[:SHOWN]
    return [one for one in first if true[one]], [one for one in first if not true[one]]


def _rest(order: Sequence[str], true: dict[str, bool], first: set[str]) -> list[float]:
    """Only the average precision: how many are left differs. NaN where none is."""
    flags = [true[one] for one in order if one not in first]
    return [float("nan"), float("nan"), _ap(flags) if any(flags) else float("nan")]


def _figures(order: Sequence[str], true: dict[str, bool]) -> list[float]:
    flags = [true[one] for one in order]
    return [sum(flags[:6]) / 6, sum(flags[:12]) / sum(flags), _ap(flags)]


def _ap(flags: Sequence[bool]) -> float:
    hits = np.array(flags)
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def _whole(ready: Ready, data: Data, shown: Drawing, images: Sequence[str]) -> list[str]:
    """By the cosine of whole images, the example's drawing among them."""
    paths = {file.image: data.path(file) for file in data.files}
    sources: list[Source] = [
        open_source(path) for path in (shown.path, *(paths[one] for one in images))
    ]
    rows = np.concatenate([ready.seer.see([one]) for one in sources])
    return [images[n] for n in np.argsort(-(rows[1:] @ rows[0]), kind="stable")]


def _space(root: Path, pool: Sequence[Drawing], other: Sequence[Drawing]) -> api.Workspace:
    """The pool without labels, and a run on symbols of other kinds, which learned nothing."""
    rows = [(str(one.path), "") for one in pool]
    (root / "crops").mkdir()
    for drawing in other:
        picture = Image.open(drawing.path)
        for kind, box in drawing.symbols:
            path = root / "crops" / f"{len(rows):04}.png"
            picture.crop((int(box.x0), int(box.y0), int(box.x1), int(box.y1))).save(path)
            rows.append((str(path), f"kind {kind}"))
    pd.DataFrame(rows, columns=["file", "label"]).to_csv(root / "labels.csv", index=False)
    space = api.init(root / "ws")
    space.add(root / "labels.csv")
    recipe: dict[str, Any] = {**MIDDLE, "image_size": 64, "epochs": 0}
    space.fit(because="what ImageNet's features know", **recipe)
    return space


def _example(shown: Drawing) -> Example:
    return Example(shown.path, next(box for kind, box in shown.symbols if kind == 0))


def _is(file: Any) -> bool:
    return "/pool/" in file.path


def _drawing(pool: Sequence[Drawing], path: str) -> Drawing:
    return next(one for one in pool if one.path.name == Path(path).name)


def _images(found: Mined) -> list[str]:
    """All of the pool in order; near-copies follow what stands for them."""
    return [image for one in found.results for image in (one.image, *one.copies)]


if __name__ == "__main__":
    main(sys.argv[1:] or SEEDS)
