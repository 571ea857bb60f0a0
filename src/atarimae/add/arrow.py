"""What `save_to_disk` of Hugging Face's library wrote: Arrow tables with pictures inside.

It is written out once as an `imagefolder`, which is then read like any. Classes by number get the
names that the data set's features have. The library is not needed.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from atarimae.add.entry import split_of
from atarimae.add.place import Place
from atarimae.errors import UsageError

STATE = "state.json"
DICT = "dataset_dict.json"
_ROWS = 64  # at once: pictures are large
_SUFFIXES = {b"\xff\xd8": ".jpg", b"\x89P": ".png", b"GI": ".gif", b"BM": ".bmp", b"RI": ".webp",
             b"II": ".tif", b"MM": ".tif"}  # fmt: skip


def is_folder(place: Place) -> bool:
    """What `save_to_disk` wrote."""
    return place.has(STATE) or place.has(DICT)


def digest(place: Place) -> str:
    """A hash of the tables, as far as their sizes and the library's own hash of them tell."""
    found = hashlib.sha256()
    for one in _parts(place):
        found.update(one.inner(STATE).text.encode())
        sizes = [(table.path.name, table.path.stat().st_size) for table in one.named(".arrow")]
        found.update(repr((one.path.name, sizes)).encode())
    return found.hexdigest()


def write(place: Place, out: Path) -> None:
    """An imagefolder of it in `out`, which is there; a folder a split."""
    for one in _parts(place):
        split = split_of(one.path.name) or one.path.name
        _write(one, out if one is place else out / split)


def _parts(place: Place) -> list[Place]:
    """The data sets in a DatasetDict, or the one that it is."""
    if not place.has(DICT):
        return [place]
    return [one for one in place.folders() if one.has(STATE)]


def _write(place: Place, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    features = _features(place)
    picture = _picture(place, features)
    with (out / "metadata.jsonl").open("w", encoding="utf-8", newline="") as lines:
        for number, row in enumerate(_rows(place)):
            image = row.pop(picture, None)
            name = _save(image, out, number, place)
            told = {key: _named(value, features.get(key)) for key, value in row.items()}
            lines.write(
                json.dumps({"file_name": name, **told}, ensure_ascii=False, default=str) + "\n"
            )


def _features(place: Place) -> Mapping[str, object]:
    value = place.inner("dataset_info.json").json
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, dict):
        raise UsageError(f"{place.path} has no features.", "", "Save it again with save_to_disk.")
    return features


def _picture(place: Place, features: Mapping[str, object]) -> str:
    for key, value in features.items():
        if isinstance(value, dict) and value.get("_type") == "Image":
            return key
    raise UsageError(
        f"{place.path} holds no pictures.",
        f"Its columns are {', '.join(features)}, and none is of type Image.",
        "Cast one with datasets.Image(), and save it again.",
    )


def _rows(place: Place) -> Iterator[dict[str, Any]]:
    """Of the files that `state.json` lists, in their order."""
    import pyarrow as pa

    for name in _tables(place):
        path = place.path / name
        try:
            with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as batches:
                for batch in batches:
                    for start in range(0, batch.num_rows, _ROWS):
                        yield from batch.slice(start, _ROWS).to_pylist()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise UsageError(
                f"{path} can't be read.", f"{error}.", "Save it again with save_to_disk."
            ) from None


def _tables(place: Place) -> list[str]:
    """The names of its files of rows; they lie beside it, whatever folder is told."""
    state = place.inner(STATE).json
    files = state.get("_data_files") if isinstance(state, dict) else None
    listed = files if isinstance(files, list) else [None]
    names = [one.get("filename") if isinstance(one, dict) else None for one in listed]
    if not all(isinstance(name, str) for name in names):
        raise UsageError(
            f"{place.path / STATE} lists no tables.", "", "Save it again with save_to_disk."
        )
    return [Path(str(name)).name for name in names]


def _save(image: object, out: Path, number: int, place: Place) -> str:
    """The picture's bytes as a file; or the path where the table has only that."""
    content = image.get("bytes") if isinstance(image, dict) else None
    path = image.get("path") if isinstance(image, dict) else None
    if isinstance(content, bytes):
        name = f"{number:06}{_SUFFIXES.get(content[:2], '.png')}"
        (out / name).write_bytes(content)
        return name
    if isinstance(path, str):
        return str((place.path / path).absolute())
    raise UsageError(
        f"{place.path} row {number} has no picture.", "", "Leave it out, and save again."
    )


def _named(value: object, feature: object) -> object:
    """Numbers of a ClassLabel as its names, in lists and objects too."""
    if isinstance(feature, list) and feature:
        feature = {"_type": "Sequence", "feature": feature[0]}
    if not isinstance(feature, dict) or value is None:
        return value
    names = feature.get("names")
    if isinstance(names, list) and isinstance(value, int) and feature.get("_type") == "ClassLabel":
        return names[value] if 0 <= value < len(names) else None
    inner = feature.get("feature")
    if isinstance(value, list) and inner is not None:
        return [_named(one, inner) for one in value]
    if isinstance(value, dict):
        of = inner if isinstance(inner, dict) and "_type" not in inner else feature
        return {key: _named(one, _listed(of, key, feature)) for key, one in value.items()}
    return value


def _listed(of: Mapping[str, object], key: str, feature: Mapping[str, object]) -> object:
    """A Sequence of an object is stored as an object of lists."""
    inner = of.get(key)
    return {"_type": "Sequence", "feature": inner} if feature.get("_type") == "Sequence" else inner
