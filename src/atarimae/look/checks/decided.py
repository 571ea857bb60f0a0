"""What people decided on labels: looked at and right, or labelled anew.

A confirmation is a label of kind `checked`: a person says that a class is right. What was labelled
anew since the run that judges is told from the data as that run had it.
"""

from dataclasses import dataclass

import numpy as np

from atarimae.look.checks.unseen import Section
from atarimae.store import Store
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


def decided(data: Data, part: Section) -> Decided:
    """What was decided of the labels of a section; changed are those whose run knew another one."""
    version = part.judged.run.data
    then = Store(part.judged.workspace).data(version.edit if version else None)
    pairs = list(zip(part.data.files, part.labels, strict=True))
    right = [_confirmed(data, file, label) for file, label in pairs]
    before = tuple(_before(then, data, file, label) for file, label in pairs)
    wrong = [was != label for was, (_, label) in zip(before, pairs, strict=True)]
    return Decided(np.array(right, bool), np.array(wrong, bool), before)


def _confirmed(data: Data, file: File, label: str) -> bool:
    return any(
        said.kind == CHECKED and said.value == label and said.score is None
        for said in data.labels.get(file.image, ())
    )


def _before(then: Data, now: Data, file: File, label: str) -> str:
    """The class that is no longer said; the label itself where none has gone."""
    classes = now.classes(file)
    gone = [name for name in then.classes(file) if name not in classes]
    return gone[0] if gone and label in classes else label
