"""What costs are called, and in which order they stand: the same in terminal, text and page."""

from collections.abc import Mapping, Sequence

FIRST = {  # by key: name and unit
    "training_seconds": "training, s",
    "embed_seconds": "embedding, s",
    "check_seconds": "judging midway, s",
    "peak_mb": "peak memory, MB",
    "parameters": "parameters",
    "ms_per_image": "ms per image",
    "ms_decode": "- decoding, ms",
    "ms_resize": "- resizing, ms",
}
LAST = {"ms_search": "search, ms", "model_mb": "model, MB"}
STEP = "ms_"  # the key of a predictor's step is its name after this


def cost_name(key: str) -> str:
    """What a cost is called, with its unit. A step of a task's own goes by its name."""
    known = FIRST.get(key) or LAST.get(key)
    return known or (f"- {key.removeprefix(STEP)}, ms" if key.startswith(STEP) else key)


def by_cost(costs: Sequence[Mapping[str, float]]) -> dict[str, list[float | None]]:
    """The costs of several runs by key, one value a run, None where it has none.

    The parts of one image's milliseconds stand below their sum: decoding, resizing, then the
    task's steps as they come. What was logged by a loop of one's own comes last.
    """
    keys = dict.fromkeys(key for one in costs for key in one)
    steps = [key for key in keys if key.startswith(STEP) and key not in FIRST | LAST]
    ordered = dict.fromkeys([*FIRST, *steps, *LAST, *keys])
    return {key: [one.get(key) for one in costs] for key in ordered if key in keys}
