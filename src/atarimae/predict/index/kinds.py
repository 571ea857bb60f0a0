"""The backends by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atarimae.errors import AtarimaeError, unknown_name
from atarimae.predict.index.finder import Finder
from atarimae.predict.index.hnsw import Hnsw
from atarimae.predict.index.ivfpq import IvfPq
from atarimae.predict.index.milvus import Milvus
from atarimae.types import Floats, Index

BACKENDS: dict[str, type[Hnsw] | type[IvfPq] | type[Milvus]] = {
    "hnsw": Hnsw, "ivfpq": IvfPq, "milvus": Milvus,
}  # fmt: skip
KINDS = ("exact", *BACKENDS)


def made(kind: str, rows: Floats) -> Finder:
    """An empty backend for rows like these."""
    if kind not in BACKENDS:
        raise unknown_name("kind of index", kind, KINDS)
    return BACKENDS[kind].made(rows)


def opened(index: Index) -> Finder | None:
    """The backend of an index that was read; None where it is searched exactly."""
    if not index.finder:
        return None
    kind = str(index.finder["kind"])
    if kind not in BACKENDS:
        raise unknown_name("kind of index", kind, KINDS)
    return BACKENDS[kind].opened(index)


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """FAISS says a full disk in words of its own."""
    try:
        yield
    except RuntimeError as error:
        raise AtarimaeError(
            f"The index can't be written to {folder}.",
            f"{str(error).splitlines()[-1]}.",
            "Free some space and start again; nothing half-written is left.",
        ) from None
