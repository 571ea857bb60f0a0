"""The ideas that the demo tries, each with its reason, in order."""

from collections.abc import Mapping
from dataclasses import dataclass

SIZE = 128  # px
LAYERS = ("5:mean", "5:max", "last:mean", "last:gem")


@dataclass(frozen=True)
class Idea:
    """A reason, and the settings that differ from the defaults."""

    because: str
    recipe: Mapping[str, object]
    stage: str = "holdout"


IDEAS = (
    Idea("baseline: frozen features, GeM", {"image_size": SIZE}),
    Idea("decorrelated features compare better", {"image_size": SIZE, "whiten": "pca"}),
    Idea(
        "earlier layers see strokes, late ones see things",
        {"image_size": SIZE, "whiten": "pca", "pooling": LAYERS},
    ),
    Idea(
        "a trained projection learns what vendors keep",
        {"image_size": SIZE, "whiten": "pca", "pooling": LAYERS, "projection": 512, "epochs": 15},
    ),
)
