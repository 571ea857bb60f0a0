"""What a proposal is worth as a training label: how often such ones were right."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from atarimae.review.control import Precision, Slice, precisions
from atarimae.store import Proposal

STRENGTH = 10.0  # looks at a class that the model's mean over all classes counts as


def weights(proposals: Sequence[Proposal], which: Slice | None = None) -> dict[str, float]:
    """By image, the weight of the newest class that a model proposed and nobody decided on.

    That is the precision that control slices measured: of the class, drawn to the model's mean over
    all of its classes by `STRENGTH`. Of a model of which nothing was looked at it is 1. Images on
    which people have decided are not in it: a person's word counts in full.
    """
    measured = shrunk(precisions(proposals, which or Slice()))
    return {
        one.label.image: measured.get((one.label.by, one.label.value), 1.0)
        for one in proposals
        if one.fate == "untouched" and one.label.kind == "class"
    }


def shrunk(measured: Iterable[Precision]) -> Mapping[tuple[str, str], float]:
    """By model and class, an estimate of the precision; a model that nobody looked at has none."""
    rows = [one for one in measured if one.kind == "class"]
    by_model = defaultdict[str, list[Precision]](list)
    for one in rows:
        by_model[one.model].append(one)
    means = {model: _mean(some) for model, some in by_model.items()}
    told = {}
    for one in rows:
        mean = means[one.model]
        if mean is not None:
            seen = STRENGTH + one.reviewed
            told[one.model, one.label] = (STRENGTH * mean + one.right) / seen
    return told


def _mean(rows: Sequence[Precision]) -> float | None:
    """Over all proposals of a model: each class counts by how many it has."""
    seen = [one for one in rows if one.value is not None]
    total = sum(one.proposals for one in seen)
    if not total:
        return None
    return sum(one.proposals * one.right / one.reviewed for one in seen) / total
