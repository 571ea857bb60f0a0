"""What a cheap head says of images that models proposed classes for: which to look at first.

The head is learned from what people labelled, on the embeddings of the newest run, and what the
proposing model said has no say in it. See docs/review.md for what the orders are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from atarimae.look.likeness import chosen
from atarimae.predict.unit import unit
from atarimae.score.labels.head import log_chances
from atarimae.store import Proposal
from atarimae.types import Data, File, Floats
from atarimae.workspace import Workspace

RATHER = 4  # classes that are named beside the proposed one


@dataclass(frozen=True, slots=True)
class Doubt:
    """Of one image: how sure the head is, and of what."""

    margin: float  # chance of the likeliest class less that of the next
    entropy: float  # of all chances, in nats
    gain: float  # entropy, the more the likelier the image is to others that are proposed
    rather: tuple[tuple[str, float], ...]  # the likeliest classes with their chances


@dataclass(frozen=True)
class Doubts:
    """By image; and what people labelled, to find examples among."""

    of: Mapping[str, Doubt] = field(default_factory=dict)
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)  # images by class
    rows: Mapping[str, Floats] = field(default_factory=dict)  # at unit length, by image

    def ordered(self, proposals: Sequence[Proposal], order: str) -> list[Proposal]:
        """The least sure first; what the head can't say anything of comes last, by its score."""

        def key(one: Proposal) -> tuple[bool, float, float, int]:
            doubt = self.of.get(one.label.image) if one.label.kind == "class" else None
            score = one.label.score or 0.0
            if doubt is None or order == "score":
                return order != "score", score, 0.0, one.id
            first = doubt.margin if order == "margin" else -getattr(doubt, order)
            return False, first, score, one.id

        return sorted(proposals, key=key)

    def examples(self, name: str, image: str, most: int) -> list[str]:
        """Images that people say are of a class, the most alike first; not the image itself."""
        some = [one for one in self.known.get(name, ()) if one != image]
        if image in self.rows:
            near = {
                one: float(self.rows[one] @ self.rows[image]) for one in some if one in self.rows
            }
            some.sort(key=lambda one: -near.get(one, -2.0))
        return some[:most]


def doubts(workspace: Workspace, data: Data, proposals: Sequence[Proposal]) -> Doubts:
    """Nothing is embedded for it: a run that proposed has done so."""
    first = {file.image: file for file in reversed(data.files)}
    labels = {image: data.label(file) for image, file in first.items()}
    known: dict[str, list[str]] = {}
    for image, label in labels.items():
        if label:
            known.setdefault(label, []).append(image)
    asked = {one.label.image for one in proposals if one.label.kind == "class"}
    wanted = [file for image, file in first.items() if labels[image] or image in asked]
    rows = _embedded(workspace, data, wanted)
    there = [image for image in rows if labels[image]]
    unknown = [image for image in rows if image in asked and not labels[image]]
    names, targets = np.unique([str(labels[image]) for image in there], return_inverse=True)
    if len(names) < 2 or not unknown:
        return Doubts({}, known, rows)
    logs = log_chances(
        np.stack([rows[one] for one in there]), np.asarray(targets, np.int64),
        np.stack([rows[one] for one in unknown]), len(names),
    )  # fmt: skip
    near = _density(np.stack([rows[one] for one in unknown]))
    return Doubts(dict(zip(unknown, _doubts(logs, near, names.tolist()), strict=True)), known, rows)


def _embedded(workspace: Workspace, data: Data, files: Sequence[File]) -> dict[str, Floats]:
    """Rows at unit length, by image, of what the newest run's model has embedded."""
    judged = chosen(workspace)
    if judged is None:
        return {}
    wanted = set(files)
    kept, rows = judged.embedded(data.where(lambda file: file in wanted))
    if not len(kept):
        return {}
    return dict(zip((file.image for file in kept.files), unit(rows), strict=True))


def _density(rows: Floats) -> npt.NDArray[np.float64]:
    """(n,) the mean cosine of each row to all of them, in one product; 0 at least."""
    return np.asarray(np.maximum(rows @ rows.mean(0, dtype=np.float64), 0))


def _doubts(
    logs: npt.NDArray[np.float64], near: npt.NDArray[np.float64], names: Sequence[str]
) -> list[Doubt]:
    chance = np.exp(logs)
    entropy = -(chance * np.where(chance > 0, logs, 0)).sum(1)
    width = min(RATHER, len(names))
    best = np.argsort(-chance, 1, kind="stable")[:, :width]
    return [
        Doubt(
            float(chance[n, best[n, 0]] - chance[n, best[n, 1]]), float(entropy[n]),
            float(entropy[n] * near[n]),
            tuple((names[place], float(chance[n, place])) for place in best[n]),
        )
        for n in range(len(logs))
    ]  # fmt: skip
