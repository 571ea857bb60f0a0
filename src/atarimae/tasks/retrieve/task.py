"""The task object: what is asked, what answers, and how that is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from atarimae.errors import UsageError
from atarimae.predict.index import Catalogue, approximate
from atarimae.predict.index.filters import FIELDS, mask
from atarimae.predict.index.parts import picked
from atarimae.predict.unit import embeddings
from atarimae.task import (
    Answers,
    Context,
    Counting,
    Joining,
    Model,
    Predictor,
    Ranker,
    Recipe,
    Settings,
    Setup,
)
from atarimae.tasks.retrieve import confidence, conventions, metrics
from atarimae.tasks.retrieve.cells import unpacked
from atarimae.tasks.retrieve.crowd import Crowd
from atarimae.tasks.retrieve.joining import join
from atarimae.tasks.retrieve.joining.finder import MemberFinder, fusion_of
from atarimae.tasks.retrieve.joining.predictor import predictor_of
from atarimae.tasks.retrieve.joining.recipe import RetrieveEnsemble
from atarimae.tasks.retrieve.lists import NEAR
from atarimae.tasks.retrieve.rank import bench
from atarimae.tasks.retrieve.rank.chain import Finder, is_local, parse, transductive
from atarimae.tasks.retrieve.rank.learned import remembered
from atarimae.tasks.retrieve.rank.view import Asked
from atarimae.tasks.retrieve.ranking import Ranking, ranking
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.tasks.retrieve.threshold import best_threshold, threshold_interval
from atarimae.types import Array, Data, File, Floats, Index, Ints, Only, Predictions, Rows, Score

if TYPE_CHECKING:
    from atarimae.tasks.retrieve.network.training import RetrieveTraining


LEFT_OUT = "confidence fitted without"  # a key of conventions


class Retrieve:
    """Find the images of the same thing, or say "unknown"."""

    name = "retrieve"
    recipe: type[Recipe] = RetrieveRecipe
    ensemble: type[Settings] = RetrieveEnsemble
    metric = "mrr@20"
    endpoint = "search"
    unseen_classes = True
    one_label = True
    near_duplicate = NEAR
    chain = "rank"
    filters = tuple(FIELDS)
    teacher = "teacher"

    def samples(self, data: Data) -> Data:
        """Labelled files, and queries without a label: those ask for what is not there."""
        return data.where(lambda file: file.role == "query" or data.label(file) is not None)

    def training(self, recipe: Recipe, setup: Setup) -> "RetrieveTraining":
        """A training over the labelled files."""
        from atarimae.tasks.retrieve.network.training import RetrieveTraining  # torch loads here

        assert isinstance(recipe, RetrieveRecipe)
        return RetrieveTraining(recipe, setup)

    def predictor(self, model: Model) -> Predictor:
        """From a picture to its embedding, or those of an ensemble's members side by side."""
        return predictor_of(model)

    def index(self, outputs: Sequence[Array], data: Data) -> Index:
        """The gallery in order of path, so that ties never depend on the input's order."""
        rows = [n for n, file in enumerate(data.files) if file.role != "query"]
        rows.sort(key=lambda row: data.files[row].path)
        files = tuple(data.files[row] for row in rows)
        labels = tuple(data.label(file) or "" for file in files)
        cells = unpacked(outputs, rows)
        local = {} if cells is None else {"cells": cells}
        return Index(files, labels, {"embedding": _stacked(outputs, rows), **local})

    def finish(self, outputs: Sequence[Array], data: Data, context: Context) -> Predictions:
        """The 20 nearest of each query; `unknown` where the nearest is below the threshold.

        A query never finds its own image, in whichever file it lies, nor one of its own source.
        Where the settings have a chain of steps (`rank`), or fuse the lists of several members,
        answers and similarities are what that makes of them. With a filter (`Context.only`) both
        are as if no other image were known.

        Columns: `match` positions in the index, `match_files` their paths, `similarity` cosine,
        each (n, 20) and best first; `unknown` (n,), and where that was calibrated `confidence`
        (n,): the probability that the first answer is right. It decides on unknown then.
        """
        links, fusion = parse(_entries(context.settings)), fusion_of(context.settings)
        files, asked = _asked(outputs, data, local=is_local(links))
        gallery, paths = _prepared(context.index)
        if links or fusion:
            part, positions = _part(context.index, context.only)
            if fusion:
                ask = _members(part, fusion.widths)
                match, similarity = ask(fusion.how, asked, metrics.K)
            else:
                finder = _finder(part, _learned(context.learned))
                match, similarity = finder(links, asked, metrics.K, context.constants)
            match = np.append(positions, -1)[match]
        else:
            match, similarity = gallery.search(
                asked.rows, metrics.K, ids=asked.ids, sources=asked.sources, only=context.only
            )
        columns: dict[str, Array] = {
            "match": match, "match_files": paths[match], "similarity": similarity,
        }  # fmt: skip
        threshold, sure = _threshold(context.constants), similarity[:, 0]
        if confidence.is_fitted(context.constants):
            rows = _evidence(match, similarity, context.index)
            sure = columns["confidence"] = confidence.confidences(rows, context.constants)
        columns["unknown"] = metrics.rejected(sure, -2.0 if threshold is None else threshold)
        return Predictions(tuple(file.path for file in files), columns)

    def calibrate(
        self, predictions: Predictions, data: Data, context: Context
    ) -> Mapping[str, float]:
        """The model of confidence, and the thresholds with the best open-set MRR.

        `threshold` is a cosine, `confidence_threshold` a probability as it is told of queries whose
        class had no say in it. `…_low` and `…_high` are 95 % intervals, where there are two
        classes. There are thresholds where queries of both kinds are, those with a match and those
        without.
        """
        found = replace(self._ranking(predictions, data, context), confidence=None)
        constants = _thresholds("threshold", found)
        told = self._crossfitted(found, predictions, context)
        if told is None:
            return constants
        rows = _evidence_of(predictions, context.index)
        found = replace(found, confidence=told[0])
        return {
            **constants,
            **confidence.fitted(rows, found.relevant[:, 0]),
            **_thresholds(confidence.THRESHOLD, found),
        }

    def crossfitted(self, predictions: Predictions, data: Data, context: Context) -> Predictions:
        """`confidence` and `unknown` by what was fitted without the query's class.

        The column `left_out` (n,) numbers the fifth of the classes that it was fitted without.
        """
        found = self._ranking(predictions, data, context)
        told = self._crossfitted(found, predictions, context)
        if told is None:
            return predictions
        threshold = context.constants.get(confidence.THRESHOLD, -2.0)
        columns = {
            **predictions.columns, "confidence": told[0], "left_out": told[1],
            "unknown": metrics.rejected(told[0], threshold),
        }  # fmt: skip
        return replace(predictions, columns=columns)

    def _crossfitted(
        self, found: Ranking, predictions: Predictions, context: Context
    ) -> tuple[Floats, Ints] | None:
        """None where cosines are wanted, or there is too little to fit."""
        if context.settings.get("confidence") != "calibrated":
            return None
        rows = _evidence_of(predictions, context.index)
        return confidence.crossfitted(rows, found.relevant[:, 0], found.clusters)

    def score(self, predictions: Predictions, data: Data, context: Context) -> list[Score]:
        """MRR@20, Recall@k and mAP@20; open-set MRR@20 where there is a threshold."""
        found = self._ranking(predictions, data, context)
        return metrics.scores(
            found,
            threshold=_threshold(context.constants),
            convention={
                "queries": len(predictions), "gallery": len(context.index),
                **({LEFT_OUT: "the query's class"} if "left_out" in predictions.columns else {}),
                **_label(self.transductive(context.settings)),
                # Chains and fused lists look at every row.
                **({} if _looks_at_all(context.settings) else approximate(context.index)),
            },
        )  # fmt: skip

    def countings(self, answers: Answers) -> Sequence[Counting]:
        """MRR@20 as above first, then as others count it, rightly or not."""
        return conventions.countings(answers)

    def proposals(
        self, predictions: Predictions, context: Context
    ) -> Sequence[tuple[str, float, str]]:
        """The class of the best match, and its similarity."""
        match = cast(Ints, predictions.columns["match"])[:, 0].tolist()
        similarity = cast(Floats, predictions.columns["similarity"])[:, 0].tolist()
        known = context.index
        return [
            (known.labels[at], near, known.files[at].path) if at >= 0 else ("", near, "")
            for at, near in zip(match, similarity, strict=True)
        ]

    def remembered(self, outputs: Sequence[Array], data: Data) -> Index:
        """Labels and embeddings of the training images."""
        return remembered(outputs, data)

    def ranker(
        self,
        outputs: Sequence[Array],
        data: Data,
        learned: Index | None = None,
        constants: Mapping[str, float] | None = None,
    ) -> Ranker:
        """Chains of `rank`, scored by MRR@20."""
        index = self.index(outputs, data)
        files, asked = _asked(outputs, data, local=True)
        keys, context = tuple(file.path for file in files), Context(index)

        def judge(match: Ints, similarity: Floats) -> Score:
            found = Predictions(keys, {"match": match, "similarity": similarity})
            return metrics.mrr(self._ranking(found, data, context))

        finder = _finder(index, _learned(learned))
        return bench.Bench(finder, asked, judge, metrics.K, constants or {})

    def chains(
        self, chain: Sequence[str], *, transductive: bool, learned: bool = False
    ) -> Sequence[tuple[str, ...]]:
        """One step more or less, one parameter turned, or two steps in the other order."""
        return bench.near(chain, transductive=transductive, learned=learned)

    def transductive(self, settings: Mapping[str, object]) -> Sequence[str]:
        """The steps of `rank` by which an answer depends on other queries."""
        return transductive(parse(_entries(settings)))

    def join(self, settings: Settings, members: Mapping[str, Model], setup: Joining) -> Model:
        """Embeddings side by side, weighted and reduced, or ranked lists that are fused."""
        assert isinstance(settings, RetrieveEnsemble)
        return join.joined(settings, members, setup)

    def learns(self, recipe: Mapping[str, object]) -> bool:
        """All do but those of a backbone as it came, whitened without labels or not at all."""
        try:
            told = RetrieveRecipe.of(recipe)
        except UsageError:  # an ensemble's, or another version's
            return True
        return told.trains or told.whiten == "learned"

    def unjoinable(self, settings: Mapping[str, object]) -> str:
        """Lists that were fused come of several embeddings, which have no one cosine."""
        return "It fuses its members' lists." if fusion_of(settings) else ""

    def answer(self, predictions: Predictions, row: int, context: Context) -> dict[str, object]:
        """Matches with id, file, label and score (cosine), best first, and `unknown`.

        `confidence`, where it was calibrated, is the probability that the first match is right.
        """
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
        said: dict[str, object] = {"matches": matches}
        if "confidence" in predictions.columns:
            said["confidence"] = round(float(predictions.columns["confidence"][row]), 6)
        return {**said, "unknown": bool(predictions.columns["unknown"][row])}

    def _ranking(self, predictions: Predictions, data: Data, context: Context) -> Ranking:
        by_path = {file.path: file for file in data.files}
        asked = [by_path[key] for key in predictions.keys]
        gallery = context.index
        found = ranking(
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
        return replace(
            found, confidence=cast("Floats | None", predictions.columns.get("confidence"))
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
def _finder(index: Index, learned: Index | None) -> Finder:
    """The gallery as chains search it; what a chain makes of it is kept there."""
    return Finder(cast(Floats, index.arrays["embedding"]), index, learned)


def _learned(index: Index | None) -> Index | None:
    """None for each that is empty, so that finders are kept by it."""
    return index if index is not None and len(index) else None


@lru_cache(maxsize=2)
def _members(index: Index, widths: tuple[int, ...]) -> MemberFinder:
    """The gallery as each member of an ensemble searches it."""
    return MemberFinder(cast(Floats, index.arrays["embedding"]), index, widths)


@lru_cache(maxsize=2)
def _crowd(index: Index) -> Crowd:
    """What is known of the gallery's images beside the search; it grows as they are found."""
    return Crowd(_prepared(index)[0])


def _evidence_of(predictions: Predictions, index: Index) -> confidence.Numbers:
    columns = predictions.columns
    return _evidence(cast(Ints, columns["match"]), cast(Floats, columns["similarity"]), index)


def _evidence(match: Ints, similarity: Floats, index: Index) -> confidence.Numbers:
    crowd = _crowd(index)
    return confidence.evidence(match, similarity, crowd.classes, crowd.of(match[:, 0]))


def _threshold(constants: Mapping[str, float]) -> float | None:
    """Of confidence where that is calibrated, else of the cosine; None where none was fitted."""
    calibrated = confidence.is_fitted(constants)
    return constants.get(confidence.THRESHOLD if calibrated else "threshold")


def _thresholds(name: str, found: Ranking) -> dict[str, float]:
    """The best threshold for `found.sure` with its interval, under that name."""
    if found.has_match.all() or not found.has_match.any():
        return {}
    asked = found.sure, metrics.reciprocal_ranks(found.relevant), found.has_match
    low, high = threshold_interval(*asked, found.clusters)
    interval = {f"{name}_low": low, f"{name}_high": high} if low == low else {}
    return {name: best_threshold(*asked), **interval}


def _looks_at_all(settings: Mapping[str, object]) -> bool:
    return bool(_entries(settings)) or fusion_of(settings) is not None


def _entries(settings: Mapping[str, object]) -> Sequence[str]:
    return cast(Sequence[str], settings.get("rank", ()))


def _label(steps: Sequence[str]) -> Mapping[str, str]:
    """What a score says of steps that looked at other queries."""
    return {"transductive": ", ".join(steps)} if steps else {}


def _asked(outputs: Sequence[Array], data: Data, *, local: bool) -> tuple[list[File], Asked]:
    """The files that are asked about, and their embeddings with what each may not find.

    With their local features, if there are any, where those are wanted.
    """
    rows = [n for n, file in enumerate(data.files) if file.role != "gallery"]
    files = [data.files[row] for row in rows]
    return files, Asked(
        _stacked(outputs, rows),
        [file.image for file in files],
        [file.source for file in files],
        unpacked(outputs, rows) if local else None,
    )


def _stacked(outputs: Sequence[Array], rows: Sequence[int]) -> Floats:
    """The embeddings of some outputs, (n, d): a gallery may be a good part of the memory there is.

    So there is one copy and no more, and none at all where the rows lie one after the other.
    """
    if not len(rows):
        return np.zeros((0, 1), np.float32)
    outputs = embeddings(outputs)
    if not isinstance(outputs, Rows):
        return np.asarray(np.stack([outputs[row] for row in rows]), np.float32)
    in_a_row = all(after - before == 1 for before, after in pairwise(rows))
    where = slice(rows[0], rows[-1] + 1) if in_a_row else list(rows)
    return np.ascontiguousarray(outputs.array[where], np.float32)


task = Retrieve()
