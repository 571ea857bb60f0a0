"""The task object: what is asked, what answers, and how that is judged."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from atarimae.predict.index import Catalogue, approximate
from atarimae.predict.index.filters import FIELDS, mask
from atarimae.predict.index.parts import picked
from atarimae.task import (
    Answers,
    Context,
    Counting,
    Model,
    Predictor,
    Ranker,
    Recipe,
    Setup,
)
from atarimae.tasks.retrieve import conventions, metrics
from atarimae.tasks.retrieve.lists import NEAR
from atarimae.tasks.retrieve.predictor import RetrievePredictor
from atarimae.tasks.retrieve.rank import bench
from atarimae.tasks.retrieve.rank.chain import Finder, parse, transductive
from atarimae.tasks.retrieve.rank.view import Asked
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.tasks.retrieve.threshold import best_threshold, threshold_interval
from atarimae.types import Array, Data, File, Floats, Index, Ints, Only, Predictions, Rows, Score

if TYPE_CHECKING:
    from atarimae.tasks.retrieve.network.training import RetrieveTraining


class Retrieve:
    """Find the images of the same thing, or say "unknown"."""

    name = "retrieve"
    recipe: type[Recipe] = RetrieveRecipe
    metric = "mrr@20"
    endpoint = "search"
    unseen_classes = True
    one_label = True
    near_duplicate = NEAR
    chain = "rank"
    filters = tuple(FIELDS)

    def samples(self, data: Data) -> Data:
        """Labelled files, and queries without a label: those ask for what is not there."""
        return data.where(lambda file: file.role == "query" or data.label(file) is not None)

    def training(self, recipe: Recipe, setup: Setup) -> "RetrieveTraining":
        """A training over the labelled files."""
        from atarimae.tasks.retrieve.network.training import RetrieveTraining  # torch loads here

        assert isinstance(recipe, RetrieveRecipe)
        return RetrieveTraining(recipe, setup)

    def predictor(self, model: Model) -> Predictor:
        """From a picture to its embedding."""
        return RetrievePredictor(model)

    def index(self, outputs: Sequence[Array], data: Data) -> Index:
        """The gallery in order of path, so that ties never depend on the input's order."""
        rows = [n for n, file in enumerate(data.files) if file.role != "query"]
        rows.sort(key=lambda row: data.files[row].path)
        files = tuple(data.files[row] for row in rows)
        labels = tuple(data.label(file) or "" for file in files)
        return Index(files, labels, {"embedding": _stacked(outputs, rows)})

    def finish(self, outputs: Sequence[Array], data: Data, context: Context) -> Predictions:
        """The 20 nearest of each query; `unknown` where the nearest is below the threshold.

        A query never finds its own image, in whichever file it lies, nor one of its own source.
        Where the settings have a chain of steps (`rank`), answers and similarities are what that
        makes of them. With a filter (`Context.only`) both are as if no other image were known.

        Columns: `match` positions in the index, `match_files` their paths, `similarity` cosine,
        each (n, 20) and best first; `unknown` (n,).
        """
        files, asked = _asked(outputs, data)
        gallery, paths = _prepared(context.index)
        links = parse(_entries(context.settings))
        if links:
            part, positions = _part(context.index, context.only)
            match, similarity = _finder(part)(links, asked, metrics.K)
            match = np.append(positions, -1)[match]
        else:
            match, similarity = gallery.search(
                asked.rows, metrics.K, ids=asked.ids, sources=asked.sources, only=context.only
            )
        threshold = context.constants.get("threshold", -2.0)
        return Predictions(
            tuple(file.path for file in files),
            {
                "match": match,
                "match_files": paths[match],
                "similarity": similarity,
                "unknown": metrics.rejected(similarity[:, 0], threshold),
            },
        )

    def calibrate(
        self, predictions: Predictions, data: Data, context: Context
    ) -> Mapping[str, float]:
        """The threshold with the best open-set MRR, where there are queries of both kinds.

        `threshold_low` and `threshold_high` are its 95 % interval, where there are two classes.
        """
        found = self._ranking(predictions, data, context)
        if found.has_match.all() or not found.has_match.any():
            return {}
        ranks = metrics.reciprocal_ranks(found.relevant)
        asked = found.first, ranks, found.has_match
        low, high = threshold_interval(*asked, found.clusters)
        interval = {"threshold_low": low, "threshold_high": high} if low == low else {}
        return {"threshold": best_threshold(*asked), **interval}

    def score(self, predictions: Predictions, data: Data, context: Context) -> list[Score]:
        """MRR@20, Recall@k and mAP@20; open-set MRR@20 where there is a threshold."""
        found = self._ranking(predictions, data, context)
        return metrics.scores(
            found,
            threshold=context.constants.get("threshold"),
            convention={
                "queries": len(predictions), "gallery": len(context.index),
                **_label(self.transductive(context.settings)),
                # Chains look at every row.
                **({} if _entries(context.settings) else approximate(context.index)),
            },
        )  # fmt: skip

    def countings(self, answers: Answers) -> Sequence[Counting]:
        """MRR@20 as above first, then as others count it, rightly or not."""
        return conventions.countings(answers)

    def ranker(self, outputs: Sequence[Array], data: Data) -> Ranker:
        """Chains of `rank`, scored by MRR@20."""
        index = self.index(outputs, data)
        files, asked = _asked(outputs, data)
        keys, context = tuple(file.path for file in files), Context(index)

        def judge(match: Ints, similarity: Floats) -> Score:
            found = Predictions(keys, {"match": match, "similarity": similarity})
            return metrics.mrr(self._ranking(found, data, context))

        return bench.Bench(_finder(index), asked, judge, metrics.K)

    def chains(self, chain: Sequence[str], *, transductive: bool) -> Sequence[tuple[str, ...]]:
        """One step more or less, one parameter turned, or two steps in the other order."""
        return bench.near(chain, transductive=transductive)

    def transductive(self, settings: Mapping[str, object]) -> Sequence[str]:
        """The steps of `rank` by which an answer depends on other queries."""
        return transductive(parse(_entries(settings)))

    def answer(self, predictions: Predictions, row: int, context: Context) -> dict[str, object]:
        """Matches with id, file, label and score (cosine), best first, and `unknown`."""
        match = cast(Ints, predictions.columns["match"])[row]
        similarity = predictions.columns["similarity"][row]
        index = context.index
        matches = [
            {
                "id": index.files[position].image,
                "file": index.files[position].path,
                "label": index.labels[position],
                "score": round(float(near), 6),
            }
            for position, near in zip(match, similarity, strict=True)
            if position >= 0
        ]
        return {"matches": matches, "unknown": bool(predictions.columns["unknown"][row])}

    def _ranking(self, predictions: Predictions, data: Data, context: Context) -> metrics.Ranking:
        by_path = {file.path: file for file in data.files}
        asked = [by_path[key] for key in predictions.keys]
        gallery = context.index
        return metrics.ranking(
            cast(Ints, predictions.columns["match"]),
            cast(Floats, predictions.columns["similarity"]),
            keys=predictions.keys,
            query_labels=[data.label(file) for file in asked],
            query_sources=[file.source for file in asked],
            query_ids=[file.image for file in asked],
            gallery_labels=gallery.labels,
            gallery_sources=[file.source for file in gallery.files],
            gallery_ids=[file.image for file in gallery.files],
        )


@lru_cache(maxsize=2)
def _prepared(index: Index) -> tuple[Catalogue, npt.NDArray[np.object_]]:
    """What is the same for every question: the gallery to be searched, and its paths."""
    # One more path for position -1: nothing found.
    paths = np.array([*(file.path for file in index.files), ""], dtype=object)
    return Catalogue.opened(index), paths


@lru_cache(maxsize=2)
def _part(index: Index, only: Only) -> tuple[Index, Ints]:
    """What a filter lets through, and where that lies in the whole."""
    through = np.flatnonzero(mask(index, only))
    return (index if len(through) == len(index) else picked(index, through)), through


@lru_cache(maxsize=2)
def _finder(index: Index) -> Finder:
    """The gallery as chains search it; what a chain makes of it is kept there."""
    return Finder(cast(Floats, index.arrays["embedding"]), index)


def _entries(settings: Mapping[str, object]) -> Sequence[str]:
    return cast(Sequence[str], settings.get("rank", ()))


def _label(steps: Sequence[str]) -> Mapping[str, str]:
    """What a score says of steps that looked at other queries."""
    return {"transductive": ", ".join(steps)} if steps else {}


def _asked(outputs: Sequence[Array], data: Data) -> tuple[list[File], Asked]:
    """The files that are asked about, and their embeddings with what each may not find."""
    rows = [n for n, file in enumerate(data.files) if file.role != "gallery"]
    files = [data.files[row] for row in rows]
    return files, Asked(
        _stacked(outputs, rows),
        [file.image for file in files],
        [file.source for file in files],
    )


def _stacked(outputs: Sequence[Array], rows: Sequence[int]) -> Floats:
    """Some of the outputs as (n, d): a gallery may be a good part of the memory there is.

    So there is one copy and no more, and none at all where the rows lie one after the other.
    """
    if not len(rows):
        return np.zeros((0, 1), np.float32)
    if not isinstance(outputs, Rows):
        return np.asarray(np.stack([outputs[row] for row in rows]), np.float32)
    in_a_row = all(after - before == 1 for before, after in pairwise(rows))
    where = slice(rows[0], rows[-1] + 1) if in_a_row else list(rows)
    return np.asarray(outputs.array[where], np.float32)


task = Retrieve()
