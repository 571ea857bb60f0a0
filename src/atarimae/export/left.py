"""What an export could not carry: counted by kind, and told in words."""

from collections.abc import Mapping

LEFT = {
    "by": "labels were said by somebody: the format doesn't say by whom",
    "models": "labels of models: people's labels alone are exported",
    "boxes": "boxes",
    "angles": "boxes are turned: the upright boxes around them are carried",
    "outlines": "outlines",
    "polygons": "outlines: the boxes around them are carried",
    "texts": "texts",
    "pairs": "pairs of images",
    "unnamed": "boxes and outlines without a class",
    "classes": "classes that no box has",
    "several": "classes beyond a picture's first",
    "apart": "boxes whose class is not the picture's: added again, it will be",
    "rounded": "boxes finer than a thousandth of a pixel, rounded",
    "respelled": "labels with outer spaces or decomposed letters, which `add` tidies",
    "characters": "labels with characters that the format can't hold",
    "covered": "images' coverage: for which classes they were looked through",
    "split": "files' splits",
    "role": "files' roles",
    "group": "files' groups",
    "source": "files' sources",
}


def told(left: Mapping[str, int]) -> list[str]:
    """A line a kind; kinds of labels that no format here knows go by their own name."""
    return [f"{count:,} {LEFT.get(kind, f'labels of kind {kind}')}" for kind, count in left.items()]
