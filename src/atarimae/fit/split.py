"""The split of a fit: the user's own, or one that keeps what belongs together on one side."""

import hashlib
from collections import defaultdict
from dataclasses import replace

from atarimae.errors import AtarimaeError
from atarimae.task import Task
from atarimae.types import Data, File

VAL_SHARE = 0.2


def with_split(task: Task, data: Data) -> Data:
    """The data with every file in train, val or test.

    A given split is honoured: then files without one are train. Where nothing is val, a fifth
    of train becomes val by hash, the same on every machine: duplicates and groups stay
    together, and whole classes too where the task asks about unseen ones.
    """
    data = task.samples(data)
    files = [file if file.split else replace(file, split="train") for file in data.files]
    if not any(file.split == "val" for file in files):
        files = _divided(task, replace(data, files=tuple(files)))
    divided = replace(data, files=tuple(files))
    for split in ("train", "val"):
        if not len(divided.split(split)):
            raise _impossible(task, data, split)
    return divided


def _divided(task: Task, data: Data) -> list[File]:
    bound = _bound(task, data)

    def chosen(file: File) -> bool:
        return file.split == "train" and _chance(bound[file.path]) < VAL_SHARE

    return [replace(file, split="val") if chosen(file) else file for file in data.files]


def _bound(task: Task, data: Data) -> dict[str, str]:
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
        ties += [f"class {name}" for name in data.classes(file)] if task.unseen_classes else []
        for tie in ties:
            parent[root(tie)] = root(ties[0])
    members: dict[str, list[str]] = defaultdict(list)
    for name in parent:
        members[root(name)].append(name)
    smallest = {top: min(names) for top, names in members.items()}
    return {file.path: smallest[root(f"image {file.image}")] for file in data.files}


def _chance(name: str) -> float:
    """A number in [0, 1) that is drawn by the name alone."""
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
