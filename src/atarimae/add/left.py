"""What formats say beyond what a label can hold today: counted by kind, and told in words."""

from collections.abc import Mapping

LEFT = {
    "outlines": "shapes are round or in several parts; the boxes around them went in",
    "masks": "masks were left out",
    "points": "points were left out; their classes went in",
    "lines": "lines were left out; their classes went in",
    "texts": "captions and descriptions were left out",
    "attributes": "attributes, and classes of texts, were left out",
    "predictions": "labels are a model's, by their score, and were left out",
    "authors": "labels name who said them; the adder is recorded instead",
    "cancelled": "annotations were cancelled, and were left out",
    "splits": "files are in two splits; the first counts",
    "alone": "annotations are of no picture that is there",
    "others": "shapes of other kinds were left out; their classes went in",
}


def told(left: Mapping[str, int]) -> list[str]:
    """A line a kind."""
    return [f"{count:,} {LEFT[kind]}" for kind, count in left.items() if count]
