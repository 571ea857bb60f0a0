"""What was done to one picture to get another, in words."""

from atarimae.survey.alike import ACROSS, DIAGONAL, DOWN, HALF, LEFT, OTHER, RIGHT, SAME
from atarimae.survey.pairs import Pair
from atarimae.types import Image

TURNS = {
    SAME: "",
    ACROSS: "mirrored left to right",
    DOWN: "mirrored top to bottom",
    HALF: "turned by 180°",
    DIAGONAL: "mirrored on its diagonal",
    OTHER: "mirrored on its other diagonal",
    LEFT: "turned by 90° to the left",
    RIGHT: "turned by 90° to the right",
}
SIZED = 0.08  # by which an area may differ before a picture is called resized


def relation(pair: Pair, first: Image, second: Image) -> str:
    """How `second` came from `first`, as "mirrored left to right, cut to 81 %, saved as JPEG".

    Both are the pair's, in either order.
    """
    cut = first.hash == pair.outer
    if pair.same:
        how = f"as {second.format}" if first.format != second.format else "again"
        return f"saved {how} with the same pixels"
    words = [TURNS[pair.turn_to(second.hash)]]
    if pair.part < 1:
        words.append(f"cut to {pair.part:.0%}" if cut else f"with more around it ({pair.part:.0%})")
    share = pair.part if cut else 1 / pair.part
    ratio = (second.width * second.height) / (first.width * first.height * share)
    if not 1 - SIZED <= ratio <= 1 + SIZED:
        words.append(f"resized to {second.width:,} × {second.height:,} px")
    if first.format != second.format:
        words.append(f"saved as {second.format}")
    return ", ".join(word for word in words if word) or "saved again"
