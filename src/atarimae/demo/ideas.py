"""The ideas that the demo tries, each with its reason, in order."""

from collections.abc import Mapping
from dataclasses import dataclass

BASELINE: dict[str, object] = {"image_size": 128, "pooling": ("last:gem",)}
# The widest maps of three blocks in the middle of the network, after their activation.
MIDDLE: dict[str, object] = {
    "image_size": 128,
    "pooling": ("blocks.3.0.bn1:mean", "blocks.4.1.bn1:mean", "blocks.5.0.bn1:mean"),
    "power": 0.5,
}
LEARNED: dict[str, object] = {**MIDDLE, "whiten": "learned", "whiten_shrink": 0.15}
PROJECTED: dict[str, object] = {
    **LEARNED,
    "projection": 512,
    "dropout": 0.5,
    "epochs": 15,
    "scale": 24.0,
    "classes_per_batch": 64,
    "weight_decay": 0.0,
}


@dataclass(frozen=True)
class Idea:
    """A reason, and the settings that differ from the defaults."""

    because: str
    recipe: Mapping[str, object]
    stage: str = "holdout"


IDEAS = (
    Idea("baseline: what ImageNet's features know", BASELINE),
    Idea("baseline, whitened: no direction should drown the others", BASELINE | {"whiten": "pca"}),
    Idea("look cheaply first: do middle layers see strokes?", MIDDLE | {"whiten": "pca"}, "smoke"),
    Idea("middle layers see strokes, the last one only things", MIDDLE | {"whiten": "pca"}),
    Idea("what varies between vendors should not count", LEARNED),
    Idea("a trained projection learns the rest", PROJECTED),
)
