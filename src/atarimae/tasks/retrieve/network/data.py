"""Training samples: images with augmentation, or features that are in memory already."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torchvision.transforms import v2

from atarimae.errors import UsageError
from atarimae.predict.region import boxed, known_box, seen
from atarimae.predict.resize import resize
from atarimae.predict.source import open_source
from atarimae.tasks.retrieve.network.colour import Colour
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Data, Floats

Augment = Callable[[torch.Tensor], torch.Tensor]  # (3, h, w) uint8 to the size of training
Batch = tuple[torch.Tensor, torch.Tensor]  # inputs, and class numbers from 0 on
# The classes of hands in the order of drawing, to the places of those that share a batch.
Together = Callable[[Sequence[int]], Sequence[Sequence[int]]]


class FeatureSamples:
    """Features of a frozen backbone; a batch is a look-up."""

    in_memory = True

    def __init__(self, rows: Callable[[], Floats], targets: Sequence[int]) -> None:
        self._rows = rows
        self._features: torch.Tensor | None = None
        self.targets = torch.tensor(targets)

    def __len__(self) -> int:
        return len(self.targets)

    def __getitems__(self, numbers: list[int]) -> Batch:
        """(n, d) features and (n,) class numbers."""
        if self._features is None:  # only now: what whitens them may come from a checkpoint
            self._features = torch.from_numpy(self._rows())
        return self._features[numbers], self.targets[numbers]


class ImageSamples:
    """Images, augmented anew in each epoch, and the same way for one seed, epoch and image."""

    in_memory = False

    def __init__(
        self,
        data: Data,
        targets: Sequence[int],
        recipe: RetrieveRecipe,
        seed: int,
        max_pixels: int,
    ) -> None:
        self.data = data
        self.targets = targets
        self.recipe = recipe
        self.seed = seed
        self.max_pixels = max_pixels
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.targets)

    def __getitems__(self, numbers: list[int]) -> Batch:
        """(n, 3, size, size) uint8 pixels of the epoch's size, and (n,) class numbers."""
        size = self.recipe.training_size(self.epoch)
        augment = augmentation(self.recipe, size)
        pixels = torch.stack([self._pixels(number, size, augment) for number in numbers])
        return pixels, torch.tensor([self.targets[number] for number in numbers])

    def _pixels(self, number: int, size: int, augment: Augment) -> torch.Tensor:
        file = self.data.files[number]
        source = open_source(self.data.path(file), self.max_pixels)
        source = seen(boxed(source, known_box(self.data, file)), self.recipe.around)
        pixels = resize(source, size, self.recipe.fit)
        image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
        with _seeded(hash((self.seed, self.epoch, number))):
            return augment(image)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw by this seed inside, and as before after it: fork_rng, for the processor alone."""
    before = torch.default_generator.get_state()
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        torch.default_generator.set_state(before)


def augmentation(recipe: RetrieveRecipe, size: int) -> Augment:
    """What a phone does to a picture: another cut, turn, side, light and sharpness."""
    steps: list[Augment] = []
    if recipe.rotate:
        steps.append(v2.RandomRotation(recipe.rotate, v2.InterpolationMode.BILINEAR, fill=255))
    if recipe.perspective:
        steps.append(v2.RandomPerspective(recipe.perspective, 0.5, fill=255))
    if recipe.crop < 1:
        steps.append(v2.RandomResizedCrop(size, (recipe.crop, 1.0), (0.8, 1.25), antialias=True))
    if recipe.flip:
        steps.append(v2.RandomHorizontalFlip(recipe.flip))
    if recipe.colour:
        steps.append(Colour(recipe.colour))
    if recipe.blur:
        steps.append(v2.RandomApply([v2.GaussianBlur(5, (0.1, 2.0))], recipe.blur))
    composed: Augment = v2.Compose(steps or [v2.Identity()])
    return composed


def balanced_batches(
    targets: Sequence[int],
    classes: int,
    images: int,
    seed: int,
    epoch: int,
    together: Together | None = None,
) -> Iterator[list[int]]:
    """Batches of `classes` classes with `images` images each; every image comes at least once.

    A class's images are dealt out in rounds: a class with more of them comes in more rounds, one
    with fewer is filled up with repetitions. `together` says which hands share a batch; without it
    they do as they were drawn.
    """
    random = np.random.default_rng([seed, epoch])
    members: dict[int, list[int]] = {}
    for number, target in enumerate(targets):
        members.setdefault(target, []).append(number)
    hands: list[list[int]] = []
    for numbers in members.values():
        dealt = random.permutation(numbers).tolist()
        while len(dealt) % images:
            dealt.append(dealt[int(random.integers(len(dealt)))])
        hands += [dealt[start : start + images] for start in range(0, len(dealt), images)]
    drawn = [hands[hand] for hand in random.permutation(len(hands))]
    if together is None:
        places: Sequence[int] = range(len(drawn))
        groups = [places[start : start + classes] for start in places[::classes]]
    else:
        groups = list(together([targets[hand[0]] for hand in drawn]))
        random.shuffle(groups)  # the first have the hardest neighbours
    for group in groups:
        yield [number for place in group for number in drawn[place]]


def drawn_by_weight(
    batches: Iterable[list[int]],
    targets: Sequence[int],
    weights: Sequence[float],
    seed: int,
    epoch: int,
) -> Iterator[list[int]]:
    """The batches, in which a sample takes part in as many epochs as its weight, 0 to 1, says.

    In the others a sample of its class that does stands in: batches are as many, and as balanced.
    """
    random = np.random.default_rng([seed, epoch, 1])
    there = random.uniform(size=len(weights)) < np.asarray(weights)
    members: dict[int, list[int]] = {}
    for number in np.flatnonzero(there).tolist():
        members.setdefault(targets[number], []).append(number)
    for batch in batches:
        yield [
            number
            if there[number] or targets[number] not in members
            else members[targets[number]][int(random.integers(len(members[targets[number]])))]
            for number in batch
        ]


def weights_of(train: Data) -> list[float]:
    """The weight of each file: 1 where a person labelled it."""
    return [
        train.weights.get(file.image, 1.0) if file.image in train.trusted else 1.0
        for file in train.files
    ]


def with_enough(train: Data, least: int) -> Data:
    """Files whose class has `least` different images or more."""
    images: dict[str | None, set[str]] = {}
    for file in train.files:
        images.setdefault(train.label(file), set()).add(file.image)
    return train.where(lambda file: len(images[train.label(file)]) >= least)


def check_boxes(recipe: RetrieveRecipe, train: Data) -> None:
    """An error where boxes are to be read, and no image in the whole data has one."""
    said = (label.box for labels in train.labels.values() for label in labels)
    if recipe.around is not None and not any(said):
        raise UsageError(
            "There are no boxes to read.",
            'The recipe has region = "box", and no image of this data version has a box.',
            "Add boxes with 'atarimae add', or read whole pictures.",
        )


def targets_of(train: Data) -> tuple[tuple[str, ...], list[int]]:
    """The classes of labelled files, sorted, and the number of each file's class among them."""
    labels = [train.classes(file)[0] for file in train.files]
    names = tuple(sorted(set(labels)))
    number = {name: position for position, name in enumerate(names)}
    return names, [number[label] for label in labels]
