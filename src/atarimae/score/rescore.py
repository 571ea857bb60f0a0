"""Runs on different data versions, judged anew on the images that both were judged by."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from atarimae import bundle, files, task, workspace
from atarimae.errors import AtarimaeError
from atarimae.runlog import Run, judged_paths
from atarimae.score.evaluate import evaluate
from atarimae.store import Store
from atarimae.types import Data, Score

if TYPE_CHECKING:
    import pandas as pd


def rescored(first: Run, second: Run) -> "pd.DataFrame":
    """As `shared_parts`: both models on one set of files, with the gallery cut down to it as well.

    The files are those of the newer version whose image both runs were judged by, so that files
    that were moved are found again; labels, roles and sources are the newer version's. Raises
    `AtarimaeError` with the reason where that can't be done.
    """
    newer = max(first, second, key=lambda run: run.data.edit if run.data else 0)
    older = first if newer is second else second
    models = [run.folder / "model" / "model.json" for run in (older, newer)]
    stamps = tuple(path.stat().st_mtime_ns if path.is_file() else None for path in models)
    both, images = _rescored(older.folder, newer.folder, older.task, stamps)
    names = {"older": "first", "newer": "second"}
    if older is second:
        names = {"older": "second", "newer": "first"}
    found = both.rename(columns=names)[["key", "cluster", "first", "second"]]
    found.attrs = {"of": both.attrs["of"], "rescored": images}
    return found


@lru_cache(maxsize=16)
def _rescored(
    older: Path, newer: Path, name: str, stamps: tuple[int | None, ...]
) -> tuple["pd.DataFrame", int]:
    """Columns key, cluster, older, newer; and how many images both were judged by.

    `stamps` are of the models, so that what was kept is not told of others.
    """
    import pandas as pd

    judged = [_judged(folder) for folder in (older, newer)]
    images = {file.image for file in judged[0].files} & {file.image for file in judged[1].files}
    shared = judged[1].where(lambda file: file.image in images)
    if not shared.files:
        raise _impossible(newer, "No image is in the data of both.")
    scores = [_score(folder, shared, name) for folder in (older, newer)]
    if not scores[0].keys or scores[0].keys != scores[1].keys:
        raise _impossible(newer, "None of the images that both share asks for another of them.")
    columns = {
        "key": scores[0].keys,
        "cluster": scores[0].clusters,
        "older": scores[0].parts.astype(np.float64),
        "newer": scores[1].parts.astype(np.float64),
    }
    table = pd.DataFrame(columns).sort_values("key", ignore_index=True)
    table.attrs["of"] = sum(_queries(folder) for folder in (older, newer)) - len(table)
    return table, len(images)


def _judged(folder: Path) -> Data:
    """The files that a run was judged by, as its data version has them."""
    listed = folder / "evaluated.json"
    if not listed.is_file() or not (folder / "model" / "model.json").is_file():
        raise _impossible(folder, "Its model or the list of files that it was judged by is gone.")
    start = files.read_json(folder / "run.json")
    data = cast(dict[str, object], start["data"])
    paths = judged_paths(folder)
    found = Store(workspace.open_(folder)).data(cast(int, data["edit"]))
    return found.where(lambda file: file.path in paths)


def _score(folder: Path, data: Data, name: str) -> Score:
    chosen = task.load(name)
    space = workspace.open_(folder)
    found = evaluate(
        chosen,
        bundle.read_model(folder / "model"),
        data,
        cache=space.cache,
        max_pixels=space.max_pixels,
    )
    main = [score for score in found.scores if score.metric == chosen.metric]
    return main[0] if main else Score(chosen.metric, float("nan"), {})


def _queries(folder: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(folder / "parts.parquet").num_rows)


def _impossible(folder: Path, found: str) -> AtarimaeError:
    return AtarimaeError(
        f"Run {folder.name} can't be judged anew.", found, "Fit both recipes on one version."
    )
