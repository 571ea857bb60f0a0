"""ObjectLab's scores of boxes: by hand, naively, and against cleanlab's own."""

import json
import math
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from atarimae.score.labels.boxes import Beside, badly_placed, floor, overlooked, swapped
from atarimae.score.overlap import iou

NAMES = ("瓶", "箱", "弁")


def images(seed: int = 0, count: int = 20) -> list[Beside]:
    """People's boxes, and a model's that lie on most of them, with some slips on both sides."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        number = int(random.integers(1, 5))
        corners = random.integers(0, 80, (number, 2)).astype(float)
        people = np.hstack([corners, corners + random.integers(8, 20, (number, 2))])
        names = [NAMES[n] for n in random.integers(0, 3, number)]
        kept = random.random(number) < 0.8
        model = np.vstack([
            (people + random.normal(0, 2, people.shape))[kept],
            np.hstack([c := random.integers(0, 80, (2, 2)), c + 12]),
        ])  # fmt: skip
        said = [name for name, one in zip(names, kept, strict=True) if one]
        said = [name if random.random() < 0.8 else NAMES[0] for name in said]
        said += [NAMES[n] for n in random.integers(0, 3, 2)]
        scores = np.round(random.uniform(0.3, 1.0, len(said)), 3)
        found.append(Beside(people, names, model, said, scores))
    return found


def naive_iou(a, b) -> float:
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(one[2] - one[0]) * (one[3] - one[1]) for one in (a, b)]
    return wide * high / (sum(areas) - wide * high)


def naive_similarity(a, b) -> float:
    apart = math.dist(
        ((a[0] + a[2]) / 2, (a[1] + a[3]) / 2), ((b[0] + b[2]) / 2, (b[1] + b[3]) / 2)
    )
    return 0.9 * naive_iou(a, b) + 0.1 * math.exp(-0.1 * apart)


def test_the_overlap_is_that_of_a_naive_loop() -> None:
    for one in images():
        expected = [[naive_iou(a, b) for b in one.model] for a in one.people]
        assert iou(one.people, one.model) == pytest.approx(np.array(expected))


def test_each_score_is_that_of_a_naive_loop() -> None:
    made = images(1)
    least = floor(made)
    similar = [naive_similarity(a, b) for one in made for a in one.people for b in one.model]
    assert least == pytest.approx(min(similar))
    for one in made:
        sure = one.scores >= 0.6
        found = overlooked(one, sure, least), badly_placed(one, sure), swapped(one, sure, least)
        people = list(zip(one.people, one.names, strict=True))
        model = list(zip(one.model, one.said, strict=True))
        for place, (box, name) in enumerate(model):
            own = [naive_similarity(a, box) for a, other in people if other == name]
            free = not any(naive_iou(a, box) > 0 for a, _ in people)
            expected = max(own) if own else least * (1 - one.scores[place])
            expected = expected if sure[place] and free else math.nan
            assert found[0][place] == pytest.approx(expected, nan_ok=True)
        for place, (box, name) in enumerate(people):
            certain = [pair for pair, is_sure in zip(model, sure, strict=True) if is_sure]
            own = [naive_similarity(box, b) for b, other in certain
                   if other == name and naive_iou(box, b) > 0]  # fmt: skip
            others = [naive_similarity(box, b) for b, other in certain if other != name]
            twice = any(naive_iou(box, b) >= 0.95 and other != name for b, other in people)
            assert found[1][place] == pytest.approx(max(own, default=1.0))
            expected = max(least, 1 - max(others)) if others else 1.0
            assert found[2][place] == pytest.approx(least if twice else expected)


def test_an_image_without_boxes_of_one_side_has_scores_all_the_same() -> None:
    none, some = np.zeros((0, 4)), np.array([[0.0, 0, 9, 9]])
    people = Beside(some, ["瓶"], none, [], np.zeros(0))
    model = Beside(none, [], some, ["瓶"], np.array([0.9]))
    assert badly_placed(people, np.zeros(0, bool)).tolist() == [1.0]
    assert swapped(people, np.zeros(0, bool), 0.1).tolist() == [1.0]
    assert overlooked(model, np.ones(1, bool), 0.1) == pytest.approx([0.01])
    assert floor([people, model]) == 1.0


CLEANLAB = """
import json, sys
import numpy as np
from cleanlab.object_detection.rank import (
    compute_badloc_box_scores, compute_overlooked_box_scores, compute_swap_box_scores)
told = json.loads(sys.stdin.read())
labels = [{"bboxes": np.array(one["people"]), "labels": np.array(one["names"])} for one in told]
classes = range(3)
predictions = []
for one in told:
    rows = [[b + [s] for b, c, s in zip(one["model"], one["said"], one["scores"]) if c == k]
            for k in classes]
    made = np.empty(3, dtype=object)
    for k in classes:
        made[k] = np.array(rows[k], float).reshape(-1, 5)
    predictions.append(made)
out = {
    "overlooked": compute_overlooked_box_scores(
        labels=labels, predictions=predictions, high_probability_threshold=0.6),
    "badly": compute_badloc_box_scores(
        labels=labels, predictions=predictions, low_probability_threshold=0.6),
    "swapped": compute_swap_box_scores(
        labels=labels, predictions=predictions, high_probability_threshold=0.6),
}
print(json.dumps({key: [list(map(float, row)) for row in rows] for key, rows in out.items()}))
"""


@pytest.mark.long
def test_the_scores_are_cleanlabs() -> None:
    python = os.environ.get("ATARIMAE_PEERS")
    if not python or not Path(python).exists():
        pytest.skip("No environment of peers: run the tests with 'make test'.")
    made = images(2)
    # Its order is by class: so is ours, to be compared.
    made = [
        Beside(one.people, one.names, one.model[order], [one.said[n] for n in order],
               one.scores[order])
        for one in made
        for order in [sorted(range(len(one.said)), key=lambda n: NAMES.index(one.said[n]))]
    ]  # fmt: skip
    told = [
        {"people": one.people.tolist(), "names": list(map(NAMES.index, one.names)),
         "model": one.model.tolist(), "said": list(map(NAMES.index, one.said)),
         "scores": one.scores.tolist()}
        for one in made
    ]  # fmt: skip
    done = subprocess.run(
        [python, "-c", CLEANLAB], input=json.dumps(told), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if "No module named 'cleanlab'" in done.stderr:
        pytest.skip("The peers are without cleanlab.")
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout.splitlines()[-1])
    least = floor(made)
    for number, one in enumerate(made):
        sure = one.scores > 0.6
        for name, ours in (
            ("overlooked", overlooked(one, one.scores >= 0.6, least)),
            ("badly", badly_placed(one, sure)),
            ("swapped", swapped(one, sure, least)),
        ):
            assert ours == pytest.approx(theirs[name][number], nan_ok=True), (name, number)
