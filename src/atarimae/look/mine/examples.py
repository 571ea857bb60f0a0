"""What is sought, shown by examples: pictures, parts of pictures, or what a class has already."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from atarimae.errors import AtarimaeError, UsageError, unknown_name
from atarimae.predict.boxes import read_box
from atarimae.predict.region import Region
from atarimae.predict.source import open_known, open_source
from atarimae.shapes import inside, upright
from atarimae.store.naming import named_files
from atarimae.types import BOX, POLYGON, Box, Data, Source

MOST = 50  # examples of one class; more say little that is new, and each has to be embedded


@dataclass(frozen=True, slots=True)
class Example:
    """A picture on the disk, or what is in a box of it."""

    path: Path
    box: Box | None = None
    image: str = ""  # its hash, where it is one of the workspace

    def source(self, max_pixels: int) -> Source:
        """Raises `AtarimaeError` where it can't be read or doesn't hold the box."""
        found: Source = (
            open_known(self.path, self.image, max_pixels)
            if self.image
            else open_source(self.path, max_pixels)
        )
        return found if self.box is None else Region(found, inside(self.box, found.size))


def example(data: Data, name: str, box: Box | None = None) -> Example:
    """The picture of that name: a path on the disk, or a path or hash of the workspace's."""
    path = Path(name)
    if path.is_file():
        known = {data.path(file).resolve(): file.image for file in data.files}
        return Example(path, box, known.get(path.resolve(), ""))
    file = named_files(data, [name])[0]
    return Example(data.path(file), box, file.image)


def read_box_of(text: str) -> tuple[str, Box]:
    """A picture's name and the box behind it: "A.png 10,20,80,90"."""
    name, _, corners = text.rpartition(" ")
    if not name.strip():
        raise UsageError(
            "The box has no picture.", f"It is '{text}'.",
            "Write both in one word: --box 'A.png 10,20,80,90', x0,y0,x1,y1 in px.",
        )  # fmt: skip
    return name.strip(), read_box(corners)


def of_class(data: Data, name: str) -> list[Example]:
    """What people said is of the class: its boxes; its images where there is no box of it.

    At most `MOST`, evenly over them all. Raises `UsageError` where there is none.
    """
    boxes, images = list[Example](), list[Example]()
    for file in {file.image: file for file in reversed(data.files)}.values():
        for label in data.labels.get(file.image, ()):
            if label.value != name or label.score is not None:
                continue
            if label.box is not None and label.kind in (BOX, POLYGON):
                boxes.append(Example(data.path(file), upright(label.box), file.image))
            elif label.kind == "class":
                images.append(Example(data.path(file), None, file.image))
    found = boxes or images
    if not found:
        raise _unknown(data, name)
    ordered = sorted(found, key=lambda one: (one.image, str(one.box)))
    step = max(len(ordered) / MOST, 1)
    return [ordered[int(n * step)] for n in range(min(len(ordered), MOST))]


def side_of(examples: Sequence[Example], max_pixels: int) -> float:
    """The longer side of what they show, in px: the median."""
    sides = sorted(max(one.source(max_pixels).size) for one in examples)
    return float(sides[len(sides) // 2])


def readable(examples: Sequence[Example], max_pixels: int) -> list[Example]:
    """Those that can be read. Raises what the first one raised where none can."""
    kept, first = list[Example](), None
    for one in examples:
        try:
            one.source(max_pixels).size  # noqa: B018 - reads its header
            kept.append(one)
        except AtarimaeError as error:
            first = first or error
    if first is not None and not kept:
        raise first
    return kept


def classes(data: Data) -> set[str]:
    """Those that have an example: an image, a box or an outline, as people said."""
    said = (one for image in data.labels for one in data.said(image, "class", BOX, POLYGON))
    return {one.value for one in said if one.value}


def _unknown(data: Data, name: str) -> UsageError:
    return unknown_name("class", name, classes(data), " with an example")
