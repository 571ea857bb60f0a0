"""A run's ranked lists, and what they would be with other things left in, dropped or reordered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np

from atarimae.predict.search import Gallery, Names
from atarimae.predict.unit import embeddings
from atarimae.task import Answers
from atarimae.tasks.retrieve.joining.recipe import FUSIONS
from atarimae.tasks.retrieve.ranking import relevance, relevant_counts
from atarimae.types import Array, Bools, Floats, Ints

DEPTH = 100  # answers that are looked at where embeddings are there
NEAR = 0.95  # cosine from which two images are near-duplicates


@dataclass(frozen=True)
class Lists:
    """n lists, best first."""

    relevant: Bools  # (n, k)
    match: Ints  # (n, k) gallery positions, -1 for none
    similarity: Floats  # (n, k)
    counts: Ints  # n: what there was to find
    depth: int  # how far they reach; a gallery that is shorter ends before


class Variants:
    """The lists of one run, made when they are asked for; a text says why they can't be."""

    def __init__(self, answers: Answers) -> None:
        data = answers.data
        self.answers = answers
        self.keys = answers.predictions.keys
        by_path = {file.path: row for row, file in enumerate(data.files)}
        self.rows = [by_path[key] for key in self.keys]
        self.asked_files = [data.files[row] for row in self.rows]
        known = [row for row, file in enumerate(data.files) if file.role != "query"]
        self.known = sorted(known, key=lambda row: data.files[row].path)
        self.gallery = [data.files[row] for row in self.known]
        self.labels = [data.label(file) or "" for file in self.asked_files]
        self.gallery_labels = [data.label(file) or "" for file in self.gallery]
        self.clusters = [label or key for label, key in zip(self.labels, self.keys, strict=True)]
        self.unknown = np.asarray(answers.predictions.columns["unknown"], bool)
        self._made: dict[str, Lists | str] = {}

    def of(self, name: str) -> Lists | str:
        """The lists of that name."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def asked(self, name: str) -> Bools | str:
        """Which queries are asked."""
        classes = {*self.answers.train.class_names}
        old = np.array([label in classes for label in self.labels], bool)
        if name == "all":
            return np.ones(len(old), bool)
        if name == "no duplicates":
            return self._without_twin
        kept = old if name == "old classes" else ~old & np.array([bool(x) for x in self.labels])
        if not old.any():
            return "No query is of a class that is in train."
        return kept if kept.any() else "Every query is of a class that is in train."

    def _make(self, name: str) -> Lists | str:
        if name == "as answered":
            return self._stored() if self._found_otherwise else self._searched()
        own = self.of("as answered")
        assert isinstance(own, Lists), "a run has answers"
        if name in ("own source", "itself and own source"):
            return self._with_source(itself=name != "own source")
        if name in ("itself a hit", "itself a miss"):
            return self._with_itself(own, hit=name == "itself a hit")
        if name == "shifted":
            match = np.roll(own.match, 1, axis=0)
            return replace(own, match=match, relevant=self._relevant(match))
        if name == "first dropped":
            return _picked(own, np.roll(np.arange(own.match.shape[1]), -1)[None], drop_last=True)
        if name == "each twice":
            twice = np.arange(own.match.shape[1]) // 2
            return _picked(own, twice[None])
        if name == "reversed":
            return _reversed(own, len(self.gallery))
        if name == "classes once":
            return self._classes_once(own)
        return self._ties(own, name)

    def _stored(self) -> Lists:
        """What the run kept: the first answers."""
        place = {file.path: position for position, file in enumerate(self.gallery)}
        stored = self.answers.predictions.columns
        match = np.array(
            [[place.get(str(path), -1) for path in row] for row in stored["match_files"]], np.int64
        )
        similarity = np.stack([np.asarray(row, np.float32) for row in stored["similarity"]])
        return self._lists(match, similarity, match.shape[1])

    def _searched(self, *, ids: bool = True, sources: bool = True) -> Lists:
        """The lists as the task answers, and with the own image or source left in."""
        queries, rows = self._rows_of(self.rows), self._rows_of(self.known)
        assert queries is not None, "asked before"
        assert rows is not None, "asked before"
        theirs: Names = [file.source for file in self.gallery]
        known = Gallery(rows, [file.image for file in self.gallery], theirs)
        match, similarity = known.search(
            queries, DEPTH,
            ids=[file.image for file in self.asked_files] if ids else None,
            sources=[file.source for file in self.asked_files] if sources else None,
        )  # fmt: skip
        return self._lists(match, similarity, DEPTH, ids=ids, sources=sources)

    def _lists(
        self,
        match: Ints,
        similarity: Floats,
        depth: int,
        *,
        ids: bool = True,
        sources: bool = True,
    ) -> Lists:
        asked, gallery = self.asked_files, self.gallery
        counts = relevant_counts(
            self.labels,
            [file.source if sources else None for file in asked],
            [file.image if ids else "" for file in asked],
            self.gallery_labels,
            [file.source for file in gallery],
            [file.image for file in gallery],
        )
        return Lists(self._relevant(match), match, similarity, counts, depth)

    def _relevant(self, match: Ints) -> Bools:
        return relevance(match, self.labels, self.gallery_labels)

    def _with_source(self, *, itself: bool) -> Lists | str:
        if not any(file.source for file in self.asked_files):
            return "No query names its source."
        if self._found_otherwise:
            return self._found_otherwise
        return self._searched(ids=not itself, sources=False)

    def _with_itself(self, own: Lists, *, hit: bool) -> Lists | str:
        """The query's own file in front, where it lies in the gallery."""
        place = {file.path: position for position, file in enumerate(self.gallery)}
        mine = np.array([place.get(file.path, -1) for file in self.asked_files])
        if not (mine >= 0).any():
            return "No query lies in the gallery."
        columns = np.arange(own.match.shape[1])
        moved = _picked(own, np.where((mine >= 0)[:, None], (columns - 1).clip(0), columns))
        relevant = moved.relevant.copy()
        relevant[mine >= 0, 0] = hit
        match = moved.match.copy()
        match[mine >= 0, 0] = mine[mine >= 0]
        counts = own.counts + (mine >= 0) if hit else own.counts
        return replace(moved, relevant=relevant, match=match, counts=counts)

    def _classes_once(self, own: Lists) -> Lists:
        numbers = {name: i for i, name in enumerate(dict.fromkeys(self.gallery_labels))}
        of_position = np.array([*(numbers[name] for name in self.gallery_labels), -1])
        classes = of_position[own.match]
        again = np.zeros(own.match.shape, bool)
        for column in range(1, own.match.shape[1]):
            again[:, column] = (classes[:, :column] == classes[:, [column]]).any(axis=1)
        again |= own.match < 0
        kept = _picked(own, np.argsort(again, axis=1, kind="stable"))
        gone = np.sort(again, axis=1)
        one = np.minimum(own.counts, 1)
        return replace(kept, relevant=kept.relevant & ~gone, match=np.where(gone, -1, kept.match), counts=one)  # fmt: skip  # noqa: E501

    def _ties(self, own: Lists, name: str) -> Lists:
        second = {
            "ties for us": ~own.relevant,
            "ties against us": own.relevant,
            "ties reversed": -own.match,
        }[name]
        return _picked(own, np.lexsort((second, -own.similarity), axis=1))

    @property
    def _found_otherwise(self) -> str:
        """Why a search does not give the lists that the run answered with; empty where it does."""
        if self.answers.settings.get("rank"):
            return "The run's answers went through the chain of its rank."
        if self.answers.settings.get("join") in FUSIONS:
            return "The run's answers were fused from its members' lists."
        if self._rows_of(self.known) is None:
            return "It needs the run's embeddings: the model or a picture is gone."
        return ""

    @cached_property
    def _without_twin(self) -> Bools | str:
        """Queries whose nearest image of train is further than `NEAR`."""
        queries, rows = self._rows_of(self.rows), _stacked(self.answers.train_outputs)
        if queries is None or rows is None:
            return "It needs the embeddings of train."
        _, nearest = Gallery(rows).search(queries, 1)
        far = np.asarray(nearest[:, 0] < NEAR)
        return far if not far.all() else "No query has a near-duplicate in train."

    def _rows_of(self, numbers: Sequence[int]) -> Floats | None:
        return None if self._outputs is None else self._outputs[numbers]

    @cached_property
    def _outputs(self) -> Floats | None:
        return _stacked(self.answers.outputs)


def _stacked(rows: Sequence[Array] | None) -> Floats | None:
    if rows is None or not len(rows):
        return None
    return np.stack(embeddings(rows)).astype(np.float32)


def _picked(own: Lists, columns: Ints, *, drop_last: bool = False) -> Lists:
    """The lists with other columns in each row; `columns` is (n, k) or (1, k)."""
    columns = np.broadcast_to(columns, own.match.shape)
    relevant, match, similarity = (
        np.take_along_axis(values, columns, 1)
        for values in (own.relevant, own.match, own.similarity)
    )
    if drop_last:
        relevant, match, similarity = relevant[:, :-1], match[:, :-1], similarity[:, :-1]
    depth = own.depth - drop_last
    return Lists(cast(Bools, relevant), cast(Ints, match), cast(Floats, similarity), own.counts, depth)  # fmt: skip  # noqa: E501


def _reversed(own: Lists, gallery: int) -> Lists:
    """The first 20 in the opposite order; what lies beyond them is not known to be sent."""
    width = min(20, own.match.shape[1], gallery)
    flipped = _picked(own, np.append(np.arange(width)[::-1], np.arange(width, own.match.shape[1])))
    return replace(flipped, depth=20)
