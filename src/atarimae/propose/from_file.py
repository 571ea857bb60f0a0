"""Pre-annotate by another tool's model: its predictions come in as proposals, boxes too."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from atarimae.errors import UsageError
from atarimae.propose.concluding import rejected
from atarimae.propose.reading import Said, all_bad, read
from atarimae.shapes import inside
from atarimae.store import Edit, Store
from atarimae.types import Data, File, Label


@dataclass(frozen=True)
class FromFile:
    """What a file of predictions brought, and what was left out of it."""

    model: str
    rows: int
    found: tuple[Label, ...]  # proposed, whether they are new or not
    left_out: Mapping[str, int]  # by the reason
    edit: Edit | None = None

    def as_dict(self) -> dict[str, object]:
        """The shape of `propose FILE --json`."""
        return {
            "model": self.model,
            "rows": self.rows,
            "proposals": [
                {"image": one.image, "kind": one.kind, "label": one.value, "score": one.score,
                 "box": None if one.box is None else asdict(one.box)}
                for one in self.found
            ],
            "left_out": dict(self.left_out),
            "edit": None if self.edit is None else self.edit.id,
        }  # fmt: skip


def propose_from(
    store: Store,
    path: Path,
    *,
    model: str | None = None,
    coco: Path | None = None,
    at: float | None = None,
    dry_run: bool = False,
) -> FromFile:
    """Take predictions in as one edit, in the name of the model (the file's, if none is given).

    All of them or, where a row can't be used, none. Left out are those below `at`, classes of
    images that a person has labelled, and what people have rejected before.
    """
    name = model or path.stem
    rows = read(path, coco)
    data, refused = store.data(hashed=False), rejected(store)
    left = Counter[str]()
    found = []
    for one, plain in _labels(path, rows, data):
        reason = _reason(one, plain, at, data, refused)
        if reason:
            left[reason] += 1
        else:
            found.append(Label(plain.image, plain.value, plain.kind, plain.box, name, one.score))
    edit = None
    if found and not dry_run:
        edit = store.say(found, action="propose", why=f"{name}: {path.name}")
    return FromFile(name, len(rows), tuple(found), dict(left), edit)


def _reason(
    one: Said, plain: Label, at: float | None, data: Data, refused: frozenset[Label]
) -> str:
    """Why it is left out; empty where it isn't."""
    if at is not None and one.score < at:
        return "below the score"
    if plain in refused:
        return "rejected before"
    if plain.kind == "class" and data.said(plain.image, "class"):
        return "labelled by a person"
    return ""


def _labels(path: Path, rows: Sequence[Said], data: Data) -> list[tuple[Said, Label]]:
    """Each row with the label that it says; `UsageError` with all that fit no image here."""
    named = _Named(data)
    found: list[tuple[Said, Label]] = []
    bad: list[str] = []
    for one in rows:
        try:
            image = data.images[named(one.file)]
            box = None if one.box is None else inside(one.box, (image.width, image.height))
        except UsageError as error:
            bad.append(f"{one.place}: {error}")
            continue
        kind = "class" if box is None else "box"
        found.append((one, Label(image.hash, one.label, kind, box)))
    if bad:
        raise all_bad(path, bad)
    return found


class _Named:
    """Images by a path as in the store, or by the end of one, also without its suffix."""

    def __init__(self, data: Data) -> None:
        self.files = {file.path: file for file in data.files}
        self.ends = defaultdict[str, list[File]](list)
        for file in data.files:
            last = file.path.rsplit("/", 1)[-1]
            self.ends[last].append(file)
            if "." in last:
                self.ends[last.rsplit(".", 1)[0]].append(file)

    def __call__(self, name: str) -> str:
        if name in self.files:
            return self.files[name].image
        whole = name.replace("\\", "/").removeprefix("./")
        near = self.ends.get(whole.rsplit("/", 1)[-1], [])
        found = {
            file.image for file in near if f"/{file.path.rsplit('.', 1)[0]}".endswith(f"/{whole}")
            or f"/{file.path}".endswith(f"/{whole}") or whole.endswith(f"/{file.path}")
        }  # fmt: skip
        if len(found) == 1:
            return found.pop()
        if found:
            raise UsageError(f"'{name}' may be {len(found):,} images here.", "", "Write its path.")
        raise UsageError(f"No file '{name}' is in the data.")
