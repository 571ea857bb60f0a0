"""The shipped folder, and the model folder that is the heart of it.

    model.json             graphs by name, settings (preprocessing), constants (thresholds)
    *.onnx                 the graphs
    arrays.safetensors     whitening and the like
    learned/               what it was trained on, where answers need it; as an index
    index.parquet          what answers are looked up in: files, labels, sources
    index.safetensors      their embeddings
    index.json, index.*    where they aren't searched exactly: the backend, and its recall
    golden/                a few images, and every step's output for them
    bundle.json            task, run, scores with their convention, and each file's SHA-256

Read without torch; refused when a byte has changed. Where images were added or removed since, the
files of the index lie in index/GENERATION/, and bundle.json says in which: its rename is the swap.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import starmap
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from atarimae import arrays, files
from atarimae.errors import AtarimaeError
from atarimae.task import Context, Model
from atarimae.types import File, Index

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1


@dataclass(frozen=True)
class Bundle:
    """A shipped model with all that it needs to answer."""

    folder: Path
    task: str
    run: str
    model: Model
    index: Index
    about: Mapping[str, object]  # bundle.json as it is

    @property
    def generation(self) -> int:
        """1 as it was shipped, and one more for each change of its index."""
        return int(str(self.about.get("generation", 1)))

    @property
    def context(self) -> Context:
        """What `Task.finish` needs."""
        return Context(
            self.index, self.model.constants, self.model.settings, learned=self.model.learned
        )


def write_model(model: Model) -> None:
    """Write all of a model but its graphs, which are in its folder already."""
    files.write_json(
        model.folder / "model.json",
        {
            "graphs": {name: path.name for name, path in model.graphs.items()},
            "settings": dict(model.settings),
            "constants": dict(model.constants),
        },
    )
    arrays.write(model.folder / "arrays.safetensors", model.arrays)
    if len(model.learned):
        (model.folder / "learned").mkdir(exist_ok=True)
        write_index(model.folder / "learned", model.learned)


def read_model(folder: Path) -> Model:
    """The model of a run or bundle folder."""
    found = files.read_json(folder / "model.json")
    return Model(
        folder=folder,
        graphs={
            name: folder / Path(path).name
            for name, path in cast(dict[str, str], found["graphs"]).items()
        },
        settings=cast(dict[str, object], found["settings"]),
        constants=cast(dict[str, float], found["constants"]),
        arrays=arrays.read(folder / "arrays.safetensors"),
        learned=read_index(folder / "learned"),
    )


def write_index(folder: Path, index: Index) -> None:
    """Write what answers are looked up in."""
    import pyarrow as pa  # 0.3 s to import: only when it is needed
    import pyarrow.parquet as pq

    columns = {
        name: pa.array(map(attrgetter(name), index.files), pa.string()) for name in File.__slots__
    }
    table = pa.table({**columns, "label": pa.array(index.labels, pa.string())})
    with files.whole(folder / "index.parquet") as stream:
        pq.write_table(table, stream)
    arrays.write(folder / "index.safetensors", index.arrays)
    if index.finder:
        files.write_json(folder / "index.json", dict(index.finder))


def read_index(folder: Path) -> Index:
    """What `write_index` wrote; an empty index where there is none."""
    if not (folder / "index.parquet").is_file():
        return Index()
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "index.parquet")
    columns = [_column(table[name]) for name in File.__slots__]
    known = tuple(starmap(File, zip(*columns, strict=True)))
    rows = arrays.read(folder / "index.safetensors")
    is_plain = not (folder / "index.json").is_file()
    finder = {} if is_plain else files.read_json(folder / "index.json")
    return Index(known, tuple(_column(table["label"])), rows, finder, folder)


def _column(column: "pa.ChunkedArray") -> list[Any]:
    """Its values; equal ones are one object, as a million images may have few labels."""
    coded = column.dictionary_encode()
    return [
        value
        for chunk in coded.chunks
        for values in [[*chunk.dictionary.to_pylist(), None]]
        for value in map(values.__getitem__, chunk.indices.fill_null(len(values) - 1).to_pylist())
    ]


def seal(folder: Path, about: Mapping[str, object]) -> None:
    """Write bundle.json over the files that are in the folder: the bundle is then complete."""
    hashes = {
        path.relative_to(folder).as_posix(): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "bundle.json"
    }
    sealed = {"format": FORMAT, **about, "files": hashes}
    files.write_json(folder / "bundle.json", {**sealed, "seal": _seal(sealed)})


def read(folder: Path) -> Bundle:
    """The bundle in a folder, after checking each file's hash."""
    if not (folder / "bundle.json").is_file():
        raise AtarimaeError(
            f"{folder} is no bundle.",
            "It has no bundle.json.",
            "Make one with 'atarimae ship RUN --out DIR'.",
        )
    before = (folder / "bundle.json").read_bytes()
    try:
        return _read(folder)
    except AtarimaeError:
        if (folder / "bundle.json").read_bytes() == before:
            raise
        return _read(folder)  # its index was swapped while it was read


def swap_index(shipped: Bundle, place: str, more: Collection[str], gone: Collection[str]) -> Bundle:
    """Let the bundle answer from the index in its sub-folder `place`, in one rename.

    `more` are other files that are new, and `gone` those that are not needed any longer. Who has
    read bundle.json just before still finds the files of that generation; older ones go.
    """
    folder, before = shipped.folder, cast(dict[str, str], shipped.about["files"])
    old = {name for name in before if _is_of_index(name)}
    hashes = {name: found for name, found in before.items() if name not in old | {*gone}}
    new = [path.relative_to(folder).as_posix() for path in (folder / place).iterdir()]
    hashes |= {name: digest(folder / name) for name in [*new, *more]}
    about = {
        **shipped.about, "generation": shipped.generation + 1, "index": place,
        "gallery": len(read_index(folder / place)), "files": dict(sorted(hashes.items())),
    }  # fmt: skip
    files.write_json(folder / "bundle.json", {**about, "seal": _seal(about)})
    for path in [*folder.glob("index*"), *folder.glob("index/*/*"), *folder.glob("thumbnails/*")]:
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in hashes and name not in before:
            path.unlink()
    return read(folder)


def _is_of_index(name: str) -> bool:
    return name.startswith(("index.", "index/"))


def _read(folder: Path) -> Bundle:
    about = files.read_json(folder / "bundle.json")
    if about.pop("seal", None) != _seal(about):
        raise AtarimaeError(
            f"The bundle {folder} is not what was shipped.",
            "bundle.json has changed.",
            "Copy the bundle again, or ship the run again.",
        )
    _check(folder, cast(dict[str, str], about.get("files", {})))
    index = read_index(folder / str(about.get("index", "")))
    return Bundle(folder, str(about["task"]), str(about["run"]), read_model(folder), index, about)


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _seal(about: Mapping[str, object]) -> str:
    """SHA-256 of bundle.json's own content, whatever its spaces."""
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _check(folder: Path, hashes: Mapping[str, str]) -> None:
    for name, expected in hashes.items():
        path = folder / name
        found = digest(path) if path.is_file() else None
        if found != expected:
            raise AtarimaeError(
                f"The bundle {folder} is not what was shipped.",
                f"{name} is missing."
                if found is None
                else f"{name} has changed: its SHA-256 is "
                f"{found[:12]}…, and {expected[:12]}… was shipped.",
                "Copy the bundle again, or ship the run again.",
            )
