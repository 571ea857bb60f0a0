"""How dearly an idea is checked: smoke on a sample, holdout in full, folds several times."""

import hashlib
from collections.abc import Callable, Mapping

from atarimae.errors import unknown_name
from atarimae.task import Recipe
from atarimae.types import Data

SMOKE_IMAGES = 300  # of each split: what two cores embed, or train on twice, within a minute
UNLABELLED = 30  # images without a class among them
OF_A_CLASS = SMOKE_IMAGES // 15  # at most: large classes leave room for others
SMOKE_SHARE = 10  # a tenth of the epochs

FOLDED = "folds"
FOLDS = 3

Stage = Callable[[Data, Recipe], tuple[Data, Recipe]]


def smoke(data: Data, recipe: Recipe) -> tuple[Data, Recipe]:
    """The same recipe on a sample of the classes for a tenth of its epochs, two at least."""
    few = min(recipe.epochs, max(2, recipe.epochs // SMOKE_SHARE))
    return sample(data), recipe.model_copy(update={"epochs": few})


def holdout(data: Data, recipe: Recipe) -> tuple[Data, Recipe]:
    """The recipe in full on train, scored on val."""
    return data, recipe


def folds(data: Data, recipe: Recipe) -> tuple[Data, Recipe]:
    """The recipe in full; train and val are dealt out anew in each fold, see `split.folds`."""
    return data, recipe


STAGES: Mapping[str, Stage] = {"smoke": smoke, "holdout": holdout, FOLDED: folds}


def stage(name: str) -> Stage:
    """The stage of that name."""
    if name not in STAGES:
        raise unknown_name("stage", name, STAGES)
    return STAGES[name]


def sample(data: Data) -> Data:
    """Classes in an order drawn by their names, until each split has images enough.

    No seed has a say in it: runs of two seeds are compared on one gallery.
    """
    kept: set[str] = set()
    for split in ("train", "val"):
        room = SMOKE_IMAGES
        drawn = sorted(
            data.split(split).files, key=lambda file: (_draw(data.label(file)), file.image)
        )
        unlabelled = UNLABELLED if any(map(data.label, drawn)) else room
        for name in dict.fromkeys(data.label(file) or "" for file in drawn):
            members = [f.path for f in drawn if (data.label(f) or "") == name]
            members = members[: min(room, OF_A_CLASS if name else unlabelled)]
            kept.update(members)
            room -= len(members)
            if room <= 0:
                break
    return data.where(lambda file: file.path in kept)


def _draw(name: str | None) -> str:
    return hashlib.sha256(f"smoke {name or ''}".encode()).hexdigest()
