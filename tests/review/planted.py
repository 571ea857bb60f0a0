"""Proposals with planted fates, and a store that holds them."""

import hashlib

from atarimae.store import Proposal, Row, Store
from atarimae.types import File, Image, Label

RUN = "0001-猫"


def image(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def proposal(number: int, value: str, fate: str = "untouched", by: str = RUN, score: float = 0.5):
    """Proposal number `number`, of an image of its own."""
    return Proposal(number, Label(image(f"{number}"), value, by=by, score=score), 2, "", fate)


def planted(store: Store, classes: dict[str, int], by: str = RUN) -> Store:
    """Files without a label, of which a model proposes each class as often as it says."""
    names = [(value, f"{value}/{n}") for value, count in classes.items() for n in range(count)]
    rows = [
        Row(File(name, image(name)), Image(image(name), 8, 6, "PNG", 9)) for _, name in names
    ]  # fmt: skip
    store.record(rows)
    labels = [
        Label(image(name), value, by=by, score=0.5 + 0.4 * n / len(names))
        for n, (value, name) in enumerate(names)
    ]
    store.say(labels, action="propose", why=by)
    return store
