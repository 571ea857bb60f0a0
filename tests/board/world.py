"""Made-up embeddings, one half of them CV and the other the board; and naive ways to count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atarimae import task
from atarimae.task import Answers, Context
from atarimae.types import Data, File, Image, Label, Version

RETRIEVE = task.load("retrieve")
THRESHOLD = 0.62  # of similarity, below which a run says that it does not know
SIZES = (2, 3, 4, 5, 6, 9)  # images of a class


@dataclass(frozen=True)
class Side:
    """One side's files, and a run's embeddings of them."""

    data: Data
    rows: np.ndarray
    train: Data
    train_rows: np.ndarray


def sides(noise: float, classes: int = 200) -> tuple[Side, Side]:
    """CV and board: other classes and images, drawn alike. The noisier the run, the worse."""
    return tuple(_side(name, seed, noise, classes) for seed, name in enumerate(("cv", "lb")))


def answers(side: Side, *, embeddings: bool = True) -> Answers:
    """What a run that finds these embeddings answers."""
    outputs = list(side.rows)
    index = RETRIEVE.index(outputs, side.data)
    told = RETRIEVE.finish(outputs, side.data, Context(index, {"threshold": THRESHOLD}))
    if not embeddings:
        return Answers(told, side.data, None, side.train, None)
    return Answers(told, side.data, outputs, side.train, list(side.train_rows))


def _side(name: str, seed: int, noise: float, classes: int) -> Side:
    random = np.random.default_rng(100 + seed)
    files, labels, rows, train, train_rows = [], {}, [], [], []
    for number in range(classes):
        centre = random.normal(0, 1, 24)
        known = number % 4 == 0  # a quarter of the classes are in train, and easier there
        shops = random.normal(0, 0.8, (5, 24))  # pictures of one source resemble each other
        for i in range(SIZES[number % len(SIZES)]):
            stray = shops[i // 2] + random.normal(0, 0.7, 24) * random.choice([0.5, 1, 1.6])
            role = "query" if i == 1 and number % 3 == 0 else "both"
            file = File(
                f"{name}/類{number} {i}.png", f"{name}{number}.{i}", role=role, source=f"店{i // 2}"
            )
            files.append(file)
            rows.append(centre + noise * (0.5 if known else 1) * stray)
            labels[file.image] = (Label(file.image, f"{name}{number}"),)
        if known:
            image = f"{name}{number}.train"
            train.append(File(f"{name}/学{number}.png", image, split="train"))
            train_rows.append(centre + noise * random.normal(0, 1, 24))
            labels[image] = (Label(image, f"{name}{number}"),)
    for number in range(classes // 3):  # asked for, and not there
        files.append(
            File(f"{name}/無{number}.png", f"{name}none{number}", role="query", source="他")
        )
        rows.append(random.normal(0, 1, 24))
    images = {file.image: Image(file.image, 8, 8, "PNG", 1) for file in [*files, *train]}
    make = lambda some: Data(Path(), Version(1, "d"), tuple(some), images, labels)  # noqa: E731
    return Side(make(files), _unit(rows), make(train), _unit(train_rows))


def _unit(rows: Sequence[np.ndarray]) -> np.ndarray:
    stacked = np.stack(rows).astype(np.float32)
    return stacked / np.linalg.norm(stacked, axis=1, keepdims=True)


@dataclass(frozen=True)
class Asked:
    """One query of the naive count."""

    label: str | None
    hits: list[bool]  # best first, to the end of the gallery
    labels: list[str | None]
    there: int
    in_gallery: bool
    in_train: bool
    first: float


def asked(side: Side, *, own_source: bool = False) -> list[Asked]:
    """Every query's whole list, without anything of atarimae's search."""
    data, classes = side.data, set(side.train.class_names)
    gallery = sorted(
        (n for n, file in enumerate(data.files) if file.role != "query"),
        key=lambda n: data.files[n].path,
    )
    labels = np.array([data.label(data.files[g]) or "" for g in gallery])
    images = np.array([data.files[g].image for g in gallery])
    sources = np.array([data.files[g].source for g in gallery])
    found = []
    for n, file in enumerate(data.files):
        near = side.rows[gallery] @ side.rows[n]
        allowed = images != file.image
        if not own_source:
            allowed &= sources != file.source
        order = np.argsort(-near, kind="stable")
        answered = labels[order[allowed[order]]]
        label = data.label(file)
        hits = (answered == label).tolist()
        first = float(near[allowed].max())
        lies = file.role != "query"
        found.append(
            Asked(label, hits, answered.tolist(), sum(hits), lies, label in classes, first)
        )
    return found


def mean(values: Sequence[float]) -> float:
    """The mean, as people write it."""
    return sum(values) / len(values)


def rr(hits: Sequence[bool], k: int = 20, shift: int = 0) -> float:
    """1 / rank of the first hit among k."""
    return next((1 / (i + 1 + shift) for i, hit in enumerate(hits[:k]) if hit), 0.0)


def ap(hits: Sequence[bool], divide: Callable[[int], float], k: int = 20) -> float:
    """The sum of the precisions at the hits among k, divided by what `divide` makes of them."""
    seen, total = 0, 0.0
    for i, hit in enumerate(hits[:k]):
        if hit:
            seen += 1
            total += seen / (i + 1)
    return total / max(divide(seen), 1)
