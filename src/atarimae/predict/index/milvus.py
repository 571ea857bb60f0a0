"""A Milvus server that holds the rows, where a catalogue outgrows one machine.

`ATARIMAE_INDEX` names it: http://host:19530, or a file of Milvus Lite. Paths and labels stay with
the bundle; the server has the rows by number, with all that can be filtered by.
"""

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from atarimae.errors import AtarimaeError
from atarimae.predict.index import filters
from atarimae.predict.index.finder import Allowed
from atarimae.types import Floats, Index, Ints

SERVER = "ATARIMAE_INDEX"
BLOCK = 1_000  # rows sent at once: 2 MB at 512 numbers, below the 64 MB that a server takes
MOST = 16_384  # answers that a server gives to one query
LONGEST = 65_535  # bytes of a label, source and so on


class Milvus:
    """One collection behind `Finder`. The collection is the bundle's own."""

    kind = "milvus"
    efforts: tuple[int, ...] = (
        0,
    )  # its index is FLAT: it goes through all rows, on as many machines as it has
    widen = 1

    def __init__(self, client: Any, collection: str) -> None:
        self.effort = 0
        self.collection = collection
        self._client = client

    @classmethod
    def made(cls, rows: Floats) -> "Milvus":
        """A new collection with a name of its own."""
        made = cls(_client(), f"atarimae_{uuid.uuid4().hex[:12]}")
        with _said():
            made._create(rows.shape[1])
        return made

    @classmethod
    def opened(cls, index: Index) -> "Milvus":
        """The collection that the bundle names."""
        client, name = _client(), str(index.finder["collection"])
        with _said():
            if not client.has_collection(name):
                raise AtarimaeError(
                    "The bundle's catalogue is not there.",
                    f"{os.environ[SERVER]} has no collection '{name}'.",
                    f"Set {SERVER} to the server that it was shipped to, or ship the run again.",
                )
            client.load_collection(name)
        return cls(client, name)

    def add(self, numbers: Ints, rows: Floats, known: Index) -> None:
        """Send rows (m, d), with what they can be filtered by."""
        fields = {field: filters.of_images(known, field) for field in filters.FIELDS}
        with _said():
            for start in range(0, len(rows), BLOCK):
                lines = [
                    {"number": int(numbers[place]), "row": np.asarray(rows[place], np.float32)}
                    | {field: values[place] or "" for field, values in fields.items()}
                    for place in range(start, min(start + BLOCK, len(rows)))
                ]
                self._client.upsert(self.collection, lines)

    def remove(self, numbers: Ints) -> bool:
        """Delete them."""
        with _said():
            for start in range(0, len(numbers), BLOCK):
                some = numbers[start : start + BLOCK].tolist()
                self._client.delete(self.collection, ids=some)
        return True

    def nearest(self, queries: Floats, count: int, allowed: Allowed) -> Ints:
        """Numbers (n, count)."""
        count = min(count, MOST)
        found = np.full((len(queries), count), -1, np.int64)
        with _said():
            hits = self._client.search(
                self.collection, list(queries), limit=count, filter=_expression(allowed)
            )
        for row, line in zip(found, hits, strict=True):
            row[: len(line)] = [hit["number"] for hit in line]
        return found

    def vectors(self, numbers: Ints) -> Floats:
        """The rows (m, d) of some numbers, in their order."""
        there: dict[int, Floats] = {}
        with _said():
            for start in range(0, len(numbers), BLOCK):
                ids = numbers[start : start + BLOCK].tolist()
                for hit in self._client.get(self.collection, ids=ids, output_fields=["row"]):
                    there[hit["number"]] = np.asarray(hit["row"], np.float32)
        lost = np.full_like(next(iter(there.values())), np.nan) if there else np.zeros(0)
        return np.stack([there.get(number, lost) for number in numbers.tolist()])

    def save(self, folder: Path) -> Mapping[str, object]:
        """The server has it already."""
        return {"kind": self.kind, "collection": self.collection}

    def drop(self) -> None:
        """Take the collection off the server."""
        with _said():
            self._client.drop_collection(self.collection)

    def _create(self, width: int) -> None:
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("number", DataType.INT64, is_primary=True)
        schema.add_field("row", DataType.FLOAT_VECTOR, dim=width)
        for name in filters.FIELDS:
            schema.add_field(name, DataType.VARCHAR, max_length=LONGEST)
        indices = self._client.prepare_index_params()
        indices.add_index("row", index_type="FLAT", metric_type="IP")
        self._client.create_collection(
            self.collection, schema=schema, index_params=indices, consistency_level="Strong"
        )


def _client() -> Any:
    where = os.environ.get(SERVER)
    if not where:
        raise AtarimaeError(
            "No server for the catalogue is named.",
            f"{SERVER} is not set, and this catalogue is of kind milvus.",
            f"Set {SERVER}=http://HOST:19530.",
        )
    try:
        from pymilvus import MilvusClient  # 2 s: only where it is needed
    except ImportError:
        raise AtarimaeError(
            "Milvus needs more than the base install.",
            "pymilvus is not here.",
            "pip install 'atarimae[milvus]'",
        ) from None
    with _said():
        return MilvusClient(where)


@contextmanager
def _said() -> Iterator[None]:
    """What the server refuses, in three parts."""
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except MilvusException as error:
        raise AtarimaeError(
            f"{os.environ.get(SERVER)} did not do what it was asked.",
            f"{error.message}.",
            f"Is the server up, and does {SERVER} name it?",
        ) from None


def _expression(allowed: Allowed) -> str:
    """The filter in Milvus' words; strings are quoted as JSON's are."""
    named = filters.restricted(allowed.only)
    parts = [f"{field} in {_quoted(values)}" for field, values in named]
    if allowed.without is not None:
        parts.append(f"source != {_quoted(allowed.without)}")
    return " and ".join(parts)


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
