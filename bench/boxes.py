"""Wrong boxes: how many planted ones are found, and which images first, beside cleanlab.

`python -m bench.boxes 0 1 2 3 4` for those seeds; `ATARIMAE_PEERS` names the Python that has
cleanlab. A person has boxed four things in each image, a model of another name finds 97 % of them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from atarimae.look.checks import Beside, loose, misnamed, missing
from atarimae.types import Box, Data, File, Image, Label, Version
from bench.wrong_labels import average_precision

NAMES = ("瓶 bottle", "箱 <box>", "弁 🍶")
SIDE, IMAGES = 400, 400  # px of each image, and how many
CHECKS = {"missing": missing, "loose": loose, "misnamed": misnamed}
PEER = """
import json, sys
import numpy as np
from cleanlab.object_detection.rank import get_label_quality_scores
told = json.loads(sys.stdin.read())
labels = [{"bboxes": np.array(one["people"], float).reshape(-1, 4),
           "labels": np.array(one["names"], int)} for one in told]
predictions = []
for one in told:
    made = np.empty(3, dtype=object)
    for k in range(3):
        made[k] = np.array([row[1:] for row in one["model"] if row[0] == k], float).reshape(-1, 5)
    predictions.append(made)
print(json.dumps(get_label_quality_scores(labels, predictions, verbose=False).tolist()))
"""


@dataclass
class Planted:
    """What people and a model say of images, and what was planted, each by the model's box."""

    people: list[Label] = field(default_factory=list)
    model: list[Label] = field(default_factory=list)
    missing: set[tuple[str, Box]] = field(default_factory=set)
    loose: set[tuple[str, Box]] = field(default_factory=set)
    misnamed: set[tuple[str, Box]] = field(default_factory=set)
    wrong: set[str] = field(default_factory=set)  # images with any of it, seen by the model or not


def plant(images: Sequence[str], model: str, share: float = 0.05, seed: int = 0) -> Planted:
    """Four things an image in a grid; of these a share each is missing, loose, or misnamed.

    The model is about two pixels off and surer of what is there; in every image it sees one thing
    that is not there.
    """
    random, made = np.random.default_rng(seed), Planted()
    for image in images:
        for cell in range(4):
            corner = np.array([cell % 2, cell // 2]) * 200 + random.integers(10, 60, 2)
            sides = np.concatenate([corner, corner + random.integers(60, 120, 2)]).astype(float)
            _plant(made, image, sides, model, share, random)
        x, y = random.integers(0, 340, 2).astype(float).tolist()
        score = float(np.round(random.uniform(0.05, 0.5), 3))
        made.model.append(Label(image, NAMES[0], "box", Box(x, y, x + 50, y + 50), model, score))
    return made


def _plant(
    made: Planted, image: str, sides: npt.NDArray[np.float64], model: str, share: float,
    random: np.random.Generator,
) -> None:  # fmt: skip
    """One thing."""
    name, box = NAMES[random.integers(3)], Box(*sides.tolist())
    seen = Box(*np.round(sides + random.normal(0, 2, 4), 1).tolist())
    is_seen, score = random.random() < 0.97, float(np.round(random.uniform(0.6, 1), 3))
    if is_seen:
        made.model.append(Label(image, name, "box", seen, model, score))
    fate = int(random.random() / share)
    if fate < 3:
        made.wrong.add(image)
        if is_seen:
            (made.missing, made.loose, made.misnamed)[fate].add((image, seen))
    if fate == 1:
        box = replace(box, x1=box.x1 - 0.45 * (box.x1 - box.x0))
    if fate:
        own = NAMES[(NAMES.index(name) + 1) % 3] if fate == 2 else name
        made.people.append(Label(image, own, "box", box, "花子"))


def data(images: Sequence[str], made: Planted) -> Data:
    """The planted labels of images that are all in val."""
    labels: dict[str, list[Label]] = {image: [] for image in images}
    for label in (*made.people, *made.model):
        labels[label.image].append(label)
    return Data(
        Path(), Version(1, ""), tuple(File(f"{image}.png", image, "val") for image in images),
        {image: Image(image, SIDE, SIDE, "PNG", 1) for image in images},
        {image: tuple(said) for image, said in labels.items()},
    )  # fmt: skip


def measure(seed: int) -> dict[str, float]:
    """Precision and recall of each check, and average precision over images: ours and the peer's.

    The peer ranks every image; ours are ranked by the surest finding, and the rest by nothing.
    """
    images = [f"{number:04}" for number in range(IMAGES)]
    made = plant(images, "model", seed=seed)
    known, beside = data(images, made), Beside(proposers={"model": None})
    told: dict[str, float] = {}
    sure = dict.fromkeys(images, 0.0)
    for name, module in CHECKS.items():
        findings = module.check.find(known, beside)
        found = {(one.images[0], one.box) for one in findings if one.box is not None}
        hits = len(found & getattr(made, name))
        told |= {f"{name} precision": hits / len(found)}
        told |= {f"{name} recall": hits / len(getattr(made, name))}
        for one in findings:
            sure[one.images[0]] = max(sure[one.images[0]], one.sure)
    wrong = np.array([image in made.wrong for image in images])
    told["images"] = average_precision(np.array([sure[image] for image in images]), wrong)
    told["cleanlab"] = average_precision(-_peers(images, made), wrong)
    return told


def _peers(images: Sequence[str], made: Planted) -> npt.NDArray[np.float64]:
    asked: dict[str, dict[str, list[object]]] = {
        image: {"people": [], "names": [], "model": []} for image in images
    }
    for label in (*made.people, *made.model):
        box = label.box
        assert box is not None
        sides, kind = [box.x0, box.y0, box.x1, box.y1], NAMES.index(label.value)
        one = asked[label.image]
        if label.score is None:
            one["people"].append(sides)
            one["names"].append(kind)
        else:
            one["model"].append([kind, *sides, label.score])
    python = os.environ.get("ATARIMAE_PEERS")
    if not python or not Path(python).exists():
        raise RuntimeError("ATARIMAE_PEERS names no Python with cleanlab: 'make bench'.")
    done = subprocess.run(
        [python, "-c", PEER], input=json.dumps(list(asked.values())), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return np.array(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    rows = [measure(int(word)) for word in sys.argv[1:] or ["0"]]
    for key in rows[0]:
        values = [row[key] for row in rows]
        print(f"{key}: {np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")
