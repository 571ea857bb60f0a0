"""The split of a fit: the user's own, or one that keeps what belongs together on one side."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from atarimae.errors import AtarimaeError
from atarimae.task import Task
from atarimae.types import SPLITS, Data, File

VAL_SHARE = 0.2


def with_split(task: Task, data: Data, *, trust: bool = False) -> Data:
    """The data with every file in train, val or test.

    A given split is honoured: a file without one goes with its duplicates and its group, and
    is train where those have none either. Where nothing is val, a fifth of train becomes val by
    hash, the same on every machine: duplicates and groups stay together, and whole classes too
    where the task asks about unseen ones. With `trust` images that only a model has labelled come
    to train, see `trusting`.
    """
    whole = _completed(data)
    data = task.samples(whole)
    if not len(data.split("val")):
        data = _divided(task, data)
    for split in ("train", "val"):
        if not _judged(data.split(split), data):
            raise _impossible(task, data, split)
    return trusting(data, whole) if trust else data


def trusting(data: Data, pool: Data) -> Data:
    """The data with files of `pool` in train whose class only a model has said.

    None whose image or group lies in val or test, and none of a class that train lacks: a class
    that val asks about stays unseen. Queries are none of them: without a label, they ask for what
    is not there.
    """
    names = set(data.split("train").class_names)
    held = [f for part in (data, pool) for f in part.files if f.split in ("val", "test")]
    images, groups = ({getattr(file, tie) for file in held} for tie in ("image", "group"))
    said = replace(pool, trusted=frozenset(file.image for file in pool.files))
    more = [
        replace(file, split="train")
        for file in pool.files
        if file.role != "query"
        and pool.label(file) is None
        and said.label(file) in names
        and file.image not in images
        and (file.group is None or file.group not in groups)
    ]
    files = sorted((*data.files, *more), key=lambda file: file.path)
    return replace(data, files=tuple(files), trusted=frozenset(file.image for file in more))


def folds(task: Task, data: Data, number: int) -> list[Data]:
    """The data with train and val dealt out anew, once a fold; every file is val in one of them.

    Test is never touched. Duplicates and groups stay together, and whole classes too where the
    task asks about unseen ones. Sets of files are dealt out in turn, in an order that is drawn by
    their names: no seed has a say in it, so that runs of two seeds are judged alike. What only
    models have labelled is not dealt out, and joins train where it may, see `trusting`.
    """
    trusted, data = data.trusted, replace(data, trusted=frozenset())
    said = data.where(lambda file: file.image in trusted)
    data = data.where(lambda file: file.image not in trusted)
    bound = _bound(data, classes=task.unseen_classes)
    pool = data.where(lambda file: file.split != "test")
    labelled = {bound[file.path] for file in _judged(pool, data)}
    others = {bound[file.path] for file in pool.files} - labelled
    dealt = {
        name: turn % number
        for names in (labelled, others)
        for turn, name in enumerate(sorted(names, key=chance))
    }
    made = [_fold(task, data, bound, dealt, turn) for turn in range(number)]
    return [trusting(fold, said) for fold in made] if len(said) else made


def _fold(
    task: Task, data: Data, bound: Mapping[str, str], dealt: Mapping[str, int], turn: int
) -> Data:
    """Fold number `turn`: the sets that were dealt to it are val, the others train."""

    def placed(file: File) -> File:
        if file.split == "test":
            return file
        return replace(file, split="val" if dealt[bound[file.path]] == turn else "train")

    made = replace(data, files=tuple(map(placed, data.files)))
    for split in ("train", "val"):
        if not _judged(made.split(split), data):
            raise _impossible(task, data, split)
    return made


def _completed(data: Data) -> Data:
    """Every file with a split: its own, or that of its duplicates and group, or train."""
    bound = _bound(data)
    given = {(bound[file.path], file.split) for file in data.files}

    def completed(file: File) -> File:
        # Test first: what is tied to it must not be learned from.
        ties = [split for split in reversed(SPLITS) if (bound[file.path], split) in given]
        return file if file.split else replace(file, split=[*ties, "train"][0])

    return replace(data, files=tuple(map(completed, data.files)))


def _divided(task: Task, data: Data) -> Data:
    """A fifth of the sets of train as val: of those with labels at least one, and never all."""
    bound = _bound(data, classes=task.unseen_classes)
    labelled = {bound[file.path] for file in _judged(data.split("train"), data)}
    order = sorted(labelled, key=chance)
    drawn = [name for name in order if chance(name) < VAL_SHARE] or order[:1]
    val = set(drawn[: len(order) - 1])

    def chosen(file: File) -> bool:
        name = bound[file.path]
        return name in val or (name not in labelled and chance(name) < VAL_SHARE)

    return replace(
        data,
        files=tuple(
            replace(file, split="val") if file.split == "train" and chosen(file) else file
            for file in data.files
        ),
    )


def _judged(part: Data, data: Data) -> list[File]:
    """The files that training and scores need: those with a label, or all if no data has one."""
    return [file for file in part.files if data.label(file) or not data.class_names]


def _bound(data: Data, *, classes: bool = False) -> dict[str, str]:
    """By file, the name of the set of files that must not be parted from it (union-find)."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for file in data.files:
        ties = [f"image {file.image}"]
        ties += [f"group {file.group}"] if file.group else []
        ties += [f"class {name}" for name in data.classes(file)] if classes else []
        for tie in ties:
            parent[root(tie)] = root(ties[0])
    members: dict[str, list[str]] = defaultdict(list)
    for name in parent:
        members[root(name)].append(name)
    smallest = {top: min(names) for top, names in members.items()}
    return {file.path: smallest[root(f"image {file.image}")] for file in data.files}


def chance(name: str) -> float:
    """A number in [0, 1) that is drawn by the name alone, the same on every machine."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:12], 16) / 16**12


def _impossible(task: Task, data: Data, split: str) -> AtarimaeError:
    kind = "classes" if task.unseen_classes else "images"
    number = len(data.class_names) if task.unseen_classes else len(data)
    return AtarimaeError(
        f"No {split} split is possible.",
        f"There are {len(data)} usable images in {len(data.class_names)} classes; "
        f"the {number} {kind} can't be divided.",
        "Add more labelled images, or give a column 'split' with train and val.",
    )
