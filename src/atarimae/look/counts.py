"""How much data there is, and of what."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from atarimae.types import SPLITS, Data

NONE = "none"
SIZES = ((1, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, None))


@dataclass(frozen=True, slots=True)
class Counts:
    """Files, images and labels, and files by what is known of them, in a sensible order."""

    files: int
    images: int
    labels: int
    unlabelled: int  # files
    splits: Mapping[str, int]
    sources: Mapping[str, int]
    roles: Mapping[str, int]
    label_sizes: Mapping[str, int]  # labels by the number of their images: "1", "3–4", "100+"

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


def count(data: Data) -> Counts:
    """Count the data."""
    images: dict[str, set[str]] = {}
    unlabelled = 0
    for file in data.files:
        classes = data.classes(file)
        unlabelled += not classes
        for name in classes:
            images.setdefault(name, set()).add(file.image)
    splits = Counter(file.split or NONE for file in data.files)
    order = [*SPLITS, *sorted(splits.keys() - {*SPLITS, NONE}), NONE]
    return Counts(
        files=len(data),
        images=len({file.image for file in data.files}),
        labels=len(images),
        unlabelled=unlabelled,
        splits={name: splits[name] for name in order if splits[name]},
        sources=dict(Counter(file.source or NONE for file in data.files).most_common()),
        roles=dict(Counter(file.role for file in data.files).most_common()),
        label_sizes=_sizes([len(found) for found in images.values()]),
    )


def _sizes(sizes: Sequence[int]) -> dict[str, int]:
    found = {}
    for low, high in SIZES:
        number = sum(low <= size and (high is None or size <= high) for size in sizes)
        if number:
            found[f"{low}+" if high is None else f"{low}–{high}" if high > low else f"{low}"] = (
                number
            )
    return found
