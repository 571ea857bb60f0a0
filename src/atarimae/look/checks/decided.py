"""What people decided on labels: looked at and right, or labelled anew.

A confirmation is a label of kind `checked`: a person says that a class is right. What was labelled
anew since the run that judges is told from the data as that run had it.
"""

from dataclasses import dataclass

import numpy as np

from atarimae.look.checks.finding import Beside
from atarimae.look.checks.unseen import Section
from atarimae.store import Store
from atarimae.store.names import Names, names_at
from atarimae.store.splitting import split_since
from atarimae.types import CHECKED, Bools, Data, File


@dataclass(frozen=True)
class Decided:
    """Of n judged labels: those that a person said are right, and those that a person changed."""

    right: Bools
    wrong: Bools
    before: tuple[str, ...]  # what was said before it was changed; else the label as it is

    @property
    def looked_at(self) -> Bools:
        """Either of both."""
        return np.asarray(self.right | self.wrong)


def decided(data: Data, known: Beside, part: Section) -> Decided:
    """What was decided of the labels of a section; changed are those whose run knew another one."""
    workspace = part.judged.workspace
    then, store = known.then(data, workspace, part.judged.run), Store(workspace)
    split = store.read(lambda now: split_since(now, then.version.edit))
    had = _Then(then, store.read(names_at), split)
    pairs = list(zip(part.data.files, part.labels, strict=True))
    right = [_confirmed(data, file, label) for file, label in pairs]
    before = tuple(_before(had, data, file, label) for file, label in pairs)
    wrong = [was != label for was, (_, label) in zip(before, pairs, strict=True)]
    return Decided(np.array(right, bool), np.array(wrong, bool), before)


def _confirmed(data: Data, file: File, label: str) -> bool:
    return any(
        said.kind == CHECKED and said.value == label and said.score is None
        for said in data.labels.get(file.image, ())
    )


@dataclass(frozen=True)
class _Then:
    """The data as a run had it, as classes are called by now; and images split off since."""

    data: Data
    names: Names
    split: frozenset[str]


def _before(then: _Then, now: Data, file: File, label: str) -> str:
    """The class that is no longer said; the label itself where none has gone.

    A class that was renamed, merged or split since was not said wrongly.
    """
    if file.image in then.split:
        return label
    classes = now.classes(file)
    gone = [name for name in then.data.classes(file) if then.names.of(name) not in classes]
    return gone[0] if gone and label in classes else label
