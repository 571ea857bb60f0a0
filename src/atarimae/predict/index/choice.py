"""Which backend, by size and by what is asked for: built, measured, and only then taken."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atarimae.predict.index.catalogue import Catalogue
from atarimae.predict.index.milvus import SERVER
from atarimae.predict.index.parts import ROWS
from atarimae.predict.index.recall import K, Queries, Recall, latency, measured, sampled
from atarimae.types import Index, Progress, silent

SMALL = 50_000  # images up to which nothing else is tried
GRAPH = 300_000  # images up to which the graph is tried: beyond, it takes long and much memory


@dataclass(frozen=True)
class Wish:
    """What is asked for: a kind or `auto`, the least recall at 20, and the most milliseconds."""

    kind: str = "auto"
    recall: float = 0.95
    milliseconds: float = 20.0


@dataclass(frozen=True)
class Tried:
    """A backend as hard as it searched, and what that gave under no filter."""

    kind: str
    effort: int
    recall: float
    milliseconds: float

    def meets(self, wish: Wish) -> bool:
        """Whether it gives what is asked for."""
        return self.recall >= wish.recall and self.milliseconds <= wish.milliseconds


@dataclass(frozen=True, eq=False)
class Choice:
    """A catalogue of the whole index, its recall by filter, and all that was tried."""

    catalogue: Catalogue
    recall: Sequence[Recall] = ()
    queries: str = ""
    tried: Sequence[Tried] = ()

    def about(self, wish: Wish) -> Mapping[str, object]:
        """What the bundle says of it, as JSON values."""
        asked = {"recall": wish.recall, "milliseconds": wish.milliseconds}
        return {"asked": asked, **told(self.recall, self.queries)}


def told(recall: Sequence[Recall], queries: str) -> Mapping[str, object]:
    """Recall as the bundle records it."""
    return {"k": K, "queries": queries, "recall": [one.as_dict() for one in recall]}


def chosen(index: Index, wish: Wish | None = None, *, progress: Progress = silent) -> Choice:
    """The catalogue for an index.

    `auto` is Milvus where a server is named. Else it is exact below `SMALL` images, or where
    exact is fast enough; then the first backend, and the least effort, that meets the wish; and
    exact again where none does. A kind that is named is taken with the least effort that meets
    the recall, or else with its greatest.
    """
    wish = wish or Wish()
    kinds = _kinds(index, wish)
    if kinds == ("exact",):
        return Choice(Catalogue.made(index, "exact"))
    held, queries = sampled(index, "images held out while it was made")
    tried: list[Tried] = []
    for kind in kinds:
        catalogue = Catalogue.made(index, kind, later=held)
        # A server has the rows, so that the exact search of the same images is another's.
        exact = Catalogue.made(index, "exact", later=held) if kind == "milvus" else catalogue
        tried += _tried(catalogue, exact, queries, wish, progress)
        if kind == "exact" and tried[-1].meets(wish):
            break
        if wish.kind != "auto" or kind == "milvus" or tried[-1].meets(wish):
            recall = measured(catalogue, queries, exact, progress=progress)
            catalogue.take_in_later(index)
            return Choice(catalogue, recall, queries.said, tried)
        del catalogue, exact  # before the next is made: each may be a gigabyte
    return Choice(Catalogue.made(index, "exact"), tried=tried)


def _kinds(index: Index, wish: Wish) -> tuple[str, ...]:
    if wish.kind != "auto":
        return (wish.kind,)
    if ROWS not in index.arrays or not len(index):
        return ("exact",)
    if os.environ.get(SERVER):
        return ("milvus",)
    if len(index) < SMALL:
        return ("exact",)
    return ("exact", "hnsw", "ivfpq") if len(index) <= GRAPH else ("exact", "ivfpq")


def _tried(
    catalogue: Catalogue, exact: Catalogue, queries: Queries, wish: Wish, progress: Progress
) -> list[Tried]:
    """With rising effort, until the recall is there."""
    if catalogue.finder is None:
        return [Tried("exact", 0, 1.0, latency(catalogue, queries))]
    tried: list[Tried] = []
    for number, effort in enumerate(catalogue.finder.efforts):
        progress(number, len(catalogue.finder.efforts), f"trying {catalogue.kind}")
        catalogue.finder.effort = effort
        (found,) = measured(catalogue, queries, exact, every=False)
        tried.append(Tried(catalogue.kind, effort, found.recall, found.milliseconds))
        if found.recall >= wish.recall:
            break
    return tried
