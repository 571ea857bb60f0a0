"""How far the labelling is: of all, by split, by class, and who did it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from atarimae.look.catalogue import NONE, Listing
from atarimae.store import Store
from atarimae.store.history import stamp
from atarimae.types import SPLITS


@dataclass(frozen=True, slots=True)
class Part:
    """Images of which how many have a class, were confirmed, and are flagged."""

    name: str
    images: int
    labelled: int
    confirmed: int
    flagged: int


@dataclass(frozen=True, slots=True)
class Worker:
    """Labels and confirmations that one person said by hand."""

    name: str
    today: int
    altogether: int


@dataclass(frozen=True, slots=True)
class State:
    """The state of the labelling."""

    whole: Part
    splits: tuple[Part, ...]
    classes: tuple[Part, ...]  # those with most images first
    people: tuple[Worker, ...]

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


def state(listing: Listing, store: Store) -> State:
    """Today begins at midnight of this machine's clock."""
    whole, splits, classes = Counter[str](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for image, files in listing.files_by_image.items():
        names = listing.data.classes(files[0])
        kinds = ["images", *(["labelled"] if names else [])]
        kinds += [mark for mark in ("confirmed", "flagged") if listing.is_marked(image, mark)]
        for kind in kinds:
            whole[kind] += 1
            splits.update((split, kind) for split in {file.split or NONE for file in files})
            classes.update((name, kind) for name in names)
    return State(
        _part("all", whole),
        tuple(_parts(splits, (*SPLITS, NONE))),
        tuple(sorted(_parts(classes), key=lambda one: (-one.images, one.name))),
        _people(store),
    )


def _parts(counts: Counter[tuple[str, str]], names: tuple[str, ...] = ()) -> list[Part]:
    by_name: dict[str, Counter[str]] = {name: Counter() for name in names}
    for (name, kind), count in counts.items():
        by_name.setdefault(name, Counter())[kind] = count
    return [_part(name, found) for name, found in by_name.items() if found]


def _part(name: str, found: Mapping[str, int]) -> Part:
    kinds = ("images", "labelled", "confirmed", "flagged")
    return Part(name, *(found.get(kind, 0) for kind in kinds))


def _people(store: Store) -> tuple[Worker, ...]:
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    today = store.said_by(stamp(midnight))
    return tuple(Worker(name, today.get(name, 0), count) for name, count in store.said_by().items())
