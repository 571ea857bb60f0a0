"""Any sequence of edits, undos and redos gives what a naive model in memory gives.

The model keeps every state whole: a set of things that are there, each thing a file or a label with
a number of its own. What edits touched is what differs between two states.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from filerow import image, row, state
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atarimae.errors import AtarimaeError
from atarimae.store import Store
from atarimae.types import Data, File, Label
from atarimae.workspace import Workspace

PATHS, CLASSES, PEOPLE = "abc", ("赤", "朱", "🍶"), ("みどり", "あおい")
Thing = tuple[int, File | Label]  # the number tells two apart that say the same


@dataclass
class Naive:
    """Every state there was, and the words of every edit."""

    states: list[frozenset[Thing]] = field(default_factory=lambda: [frozenset()])
    words: list[str] = field(default_factory=lambda: [""])
    things: int = 0

    @property
    def now(self) -> frozenset[Thing]:
        return self.states[-1]

    def edit(self, gone: set[Thing], come: list[File | Label], word: str) -> bool:
        if not gone and not come:
            return False
        new = []
        for thing in come:
            self.things += 1
            new.append((self.things, thing))
        self.states.append((self.now - gone) | frozenset(new))
        self.words.append(word)
        return True

    def undo(self, edits: list[int]) -> bool:
        """Each thing that the edits touched is as it was before the first of them."""
        before = {
            thing: thing in self.states[edit - 1]
            for edit in sorted(edits, reverse=True)
            for thing in self.states[edit] ^ self.states[edit - 1]
        }
        gone = {thing for thing, was in before.items() if not was and thing in self.now}
        back = {thing for thing, was in before.items() if was and thing not in self.now}
        said = {thing[1] for thing in self.now - gone}
        oldest = {thing: number for number, thing in sorted(back, key=lambda one: -one[0])}
        back = {
            (number, thing) for number, thing in back
            if isinstance(thing, File) or (thing not in said and oldest[thing] == number)
        }  # fmt: skip
        there = [one.path for _, one in (self.now - gone) | back if isinstance(one, File)]
        clash = [path for path in there if there.count(path) > 1]
        clash += [
            thing[1].path for thing, was in before.items()
            if not was and thing not in self.now and isinstance(thing[1], File)
            and self._ended(thing) not in edits and self.words[self._ended(thing)] != "undo"
        ]  # fmt: skip
        if clash or not (gone or back):
            return False
        words = {self.words[edit] for edit in edits}
        self.states.append((self.now - gone) | back)
        self.words.append("redo" if words == {"undo"} else "undo")
        return True

    def _ended(self, thing: Thing) -> int:
        """The last edit that took the thing away."""
        return max(
            edit for edit in range(1, len(self.states))
            if thing in self.states[edit - 1] and thing not in self.states[edit]
        )  # fmt: skip

    def files(self, edit: int) -> tuple[File, ...]:
        files = [thing for _, thing in self.states[edit] if isinstance(thing, File)]
        return tuple(sorted(files, key=lambda file: file.path))

    def labels(self, edit: int) -> dict[str, tuple[Label, ...]]:
        said: dict[str, tuple[Label, ...]] = {}
        for _, thing in sorted(self.states[edit], key=lambda one: one[0]):
            if isinstance(thing, Label):
                said[thing.image] = (*said.get(thing.image, ()), thing)
        return said


def add(store: Store, naive: Naive, path: str, content: str) -> bool:
    """Another file, or other content in the same place; no two places hold the same."""
    content = path + content
    old = {thing.path: (number, thing) for number, thing in naive.now if isinstance(thing, File)}
    out = _taken_out(naive, path, content)
    changes = store.record([row(path, content)], by="花子")
    if path not in old:
        file = File(path, image(content))
        done = not out and naive.edit(set(), [file], "add")
        return done or changes.mended == out == 1
    number, file = old[path]
    fresh = replace(file, image=image(content))
    return fresh == file or naive.edit({(number, file)}, [fresh], "add")


def _taken_out(naive: Naive, path: str, content: str) -> bool:
    """Whether the last edit that took this file out did so on purpose."""
    ends = [
        (naive._ended((number, thing)), naive.words[naive._ended((number, thing))])
        for number, thing in frozenset().union(*naive.states) - naive.now
        if isinstance(thing, File) and (thing.path, thing.image) == (path, image(content))
    ]
    return bool(ends) and max(ends)[1] not in ("add", "undo")


def label(store: Store, naive: Naive, content: str, value: str, who: str) -> bool:
    here = image(content)
    images = {thing.image for state in naive.states for _, thing in state}
    if here not in images:
        return True
    there = [(n, one) for n, one in naive.now if isinstance(one, Label) and one.image == here]
    gone = {(n, one) for n, one in there if one.value != value}
    come = [] if len(gone) < len(there) else [Label(here, value, by=who)]
    made = store.label({here: [value]}, by=who)
    return naive.edit(gone, list(come), "label") is (made is not None)


def change(store: Store, naive: Naive, path: str, split: str) -> bool:
    for number, thing in naive.now:
        if isinstance(thing, File) and thing.path == path:
            fresh = replace(thing, split=split)
            made = store.change([fresh])
            if fresh == thing:
                return made is None
            return made is not None and naive.edit({(number, thing)}, [fresh], "change")
    with pytest.raises(AtarimaeError, match=r"not in the data"):
        store.change([File(path, image("x"), split)])
    return True


def remove(store: Store, naive: Naive, path: str) -> bool:
    gone = {one for one in naive.now if isinstance(one[1], File) and one[1].path == path}
    if gone:
        store.remove([path])
        return naive.edit(gone, [], "remove")
    return True


def undo(store: Store, naive: Naive, edits: list[float]) -> bool:
    """Some edits, each given as a share of all there are."""
    last = len(naive.states) - 1
    if not last:
        return True
    numbers = sorted({1 + int(share * (last - 1e-9)) for share in edits})
    before = state(store.data())
    if naive.undo(numbers):
        store.undo(*numbers)
        return True
    with pytest.raises(AtarimaeError):
        store.undo(*numbers)
    return state(store.data()) == before


SHARES = st.floats(0, 1, exclude_max=True)
STEPS = st.one_of(
    st.tuples(st.just(add), st.sampled_from(PATHS), st.sampled_from("xyz")),
    st.tuples(
        st.just(label),
        st.sampled_from(("ax", "ay", "bx", "cx")),
        st.sampled_from(CLASSES),
        st.sampled_from(PEOPLE),
    ),
    st.tuples(st.just(change), st.sampled_from(PATHS), st.sampled_from(("train", "val"))),
    st.tuples(st.just(remove), st.sampled_from(PATHS)),
    st.tuples(st.just(undo), st.lists(SHARES, min_size=1, max_size=3)),
)


def check(data: Data, naive: Naive, edit: int) -> None:
    assert data.files == naive.files(edit)
    assert data.labels == naive.labels(edit)


@pytest.fixture
def new_store(new_workspace: Callable[[str], Workspace]) -> Callable[[], Store]:
    made = [0]

    def new() -> Store:
        made[0] += 1
        return Store(new_workspace(f"{made[0]}"))

    return new


@settings(
    max_examples=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=st.lists(STEPS, min_size=1, max_size=14))
def test_any_sequence_gives_what_the_naive_model_gives(
    new_store: Callable[[], Store], steps: list[tuple[Callable[..., bool], object]]
) -> None:
    store, naive = new_store(), Naive()
    hashes = [store.data().version.hash]
    for step, *words in steps:
        assert step(store, naive, *words)
        data = store.data()
        assert data.version.edit == len(naive.states) - 1
        check(data, naive, data.version.edit)
        hashes = [*hashes[: data.version.edit], data.version.hash]
    for edit, before in enumerate(hashes):  # every older version reads as it did then
        again = store.data(edit)
        check(again, naive, edit)
        assert again.version.hash == before
    counts = {edit.id: edit for edit in store.edits()}
    for edit in range(1, len(hashes)):
        came, went = (
            naive.states[edit] - naive.states[edit - 1],
            naive.states[edit - 1] - naive.states[edit],
        )
        told = counts[edit]
        assert told.files_added + told.labels_added == len(came)
        assert told.files_removed + told.labels_removed == len(went)
