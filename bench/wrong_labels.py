"""Wrong labels: average precision beside cleanlab's, on planted swaps, with the same embeddings.

`ATARIMAE_PEERS` names the Python that has cleanlab and scikit-learn; `make bench` sets it. Labels
are swapped to one of the three classes whose mean embedding is nearest, or to any other at random.
The peer is asked with the out-of-fold probabilities of every usual classifier, by each of its
scores, and by its Datalab from the embeddings alone; the best of all these on a row counts.

A row takes minutes, so each that is done is kept under `bench-rows/` and stopped, it goes on where
it was; delete the folder to measure anew.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import as_file, files
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from atarimae import api, bundle, task
from atarimae import files as disk
from atarimae.demo.ideas import MIDDLE
from atarimae.predict.run import outputs
from atarimae.predict.unit import unit
from atarimae.score.labels import VERSION, left, suspicions
from atarimae.store import Store
from atarimae.types import Bools, Floats, Ints
from bench.ratio import Ratio

DIGITS, DEMO = "digits", "demo"
FOLDER = Path("bench-rows")
RATES, KINDS, SEEDS, ALIKE = (0.02, 0.05, 0.10), ("similar", "random"), 5, 3
LOAD = """
import sys
import numpy as np
from sklearn.datasets import load_digits
digits = load_digits()
np.savez(sys.argv[1], rows=digits.data.astype(np.float32), targets=digits.target)
"""
PEER = """
import sys, warnings
from itertools import chain
import numpy as np
from cleanlab import Datalab
from cleanlab.rank import get_label_quality_scores
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

warnings.filterwarnings("ignore")
given = np.load(sys.argv[1])
rows, many = given["rows"], given["noisy"].max() > 100
models = {}
if not many:  # they take hours with more than a thousand classes
    models["LDA"] = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    models["SVM"] = SVC(probability=True, random_state=0)
    models["SVM, plain"] = SVC(probability=True, random_state=0)
    for c in (1, 10, 100):
        models[f"logistic regression, C = {c}"] = LogisticRegression(C=c, max_iter=300)
scores = {}


def by_neighbours(labels, folds):
    # What KNeighborsClassifier(k, weights=w, metric="cosine") says, from one search for all.
    parts = []
    for known, asked in folds.split(rows, labels):
        search = NearestNeighbors(n_neighbors=50, metric="cosine").fit(rows[known])
        away, places = search.kneighbors(rows[asked])
        parts.append((asked, away, labels[known][places]))
    for k in (10, 20, 50):
        for weights in ("uniform", "distance"):
            found = np.zeros((len(rows), labels.max() + 1))
            for asked, away, said in parts:
                vote = np.ones((len(asked), k))
                if weights == "distance":
                    equal = away[:, :k] == 0
                    with np.errstate(divide="ignore"):
                        vote = np.where(equal.any(1, keepdims=True), equal, 1 / away[:, :k])
                np.add.at(found, (asked[:, None], said[:, :k]), vote)
            yield f"kNN {k}, {weights}", found / found.sum(1, keepdims=True)


def by_models(labels, folds):
    for name, model in models.items():
        seen = given["plain"] if "plain" in name else rows
        yield name, cross_val_predict(model, seen, labels, cv=folds, method="predict_proba")


for noisy in given["noisy"]:
    labels = np.unique(noisy, return_inverse=True)[1]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for name, found in chain(by_neighbours(labels, folds), by_models(labels, folds)):
        for how in ("self_confidence", "normalized_margin"):
            for adjusted in (False, True):
                key = f"{name}; {how}{', adjusted' * adjusted}"
                told = get_label_quality_scores(
                    labels, found, method=how, adjust_pred_probs=adjusted
                )
                scores.setdefault(key, []).append(-told)
    lab = Datalab({"label": labels}, label_name="label", verbosity=0)
    lab.find_issues(features=rows, issue_types={"label": {}})
    told = lab.get_issues("label")["label_score"].to_numpy()
    scores.setdefault("Datalab", []).append(-told)
np.savez(sys.argv[2], **{name: np.stack(each) for name, each in scores.items()})
"""


def measure(words: Sequence[str] = ()) -> list[Ratio]:
    """1 − average precision, the mean over 5 seeds: a row for each data set, kind and rate.

    With words such as "demo", "similar" or "5%" only rows that have all of them.
    """
    wanted = [
        (name, kind, rate)
        for name, kind, rate in product((DIGITS, DEMO), KINDS, RATES)
        if {*words} <= {name, kind, f"{rate:.0%}"}
    ]
    return [_kept(*row) for row in wanted]


def _kept(name: str, kind: str, rate: float) -> Ratio:
    """A row, measured where it is not there yet."""
    place = FOLDER / f"wrong-labels-{VERSION}-{name}-{rate:.0%}-{kind}.json"
    if not place.is_file():
        rows, targets = _rows(name)
        with tempfile.TemporaryDirectory() as folder:
            made = _row(name, rows, targets, kind, rate, Path(folder))
        disk.write_json(place, asdict(made))
    told: dict[str, Any] = disk.read_json(place)
    return Ratio(**told)


def _rows(name: str) -> tuple[Floats, Ints]:
    """Rows and classes, kept as well: the demo's take minutes."""
    place = FOLDER / f"{name}.npz"
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            rows, targets = _read(name, Path(folder))
        np.savez(place, rows=rows, targets=targets)
    found = np.load(place)
    return found["rows"], found["targets"]


def _read(name: str, place: Path) -> tuple[Floats, Ints]:
    """Rows and classes."""
    if name == DEMO:
        return _demo(place / DEMO)
    _peer(LOAD, place / "digits.npz")
    found = np.load(place / "digits.npz")
    return found["rows"], found["targets"]


def swapped(rows: Floats, targets: Ints, kind: str, rate: float, seed: int) -> Ints:
    """The classes of n rows, of which a share is another one."""
    random = np.random.default_rng(seed)
    classes = int(targets.max()) + 1
    chosen = random.choice(len(targets), round(rate * len(targets)), replace=False)
    made = targets.copy()
    if kind == "random":
        made[chosen] = (targets[chosen] + random.integers(1, classes, len(chosen))) % classes
        return made
    means = np.zeros((classes, rows.shape[1]))
    np.add.at(means, targets, rows)
    near = unit(means.astype(np.float32))
    alike = near @ near.T
    np.fill_diagonal(alike, -2)
    nearest = np.argsort(-alike, axis=1, kind="stable")[:, :ALIKE]
    made[chosen] = nearest[targets[chosen], random.integers(0, ALIKE, len(chosen))]
    return made


def average_precision(scores: npt.NDArray[np.float64], wrong: Bools) -> float:
    """The mean, over wrong ones, of the precision down to each; equal scores by their order."""
    hits = wrong[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def _row(name: str, plain: Floats, targets: Ints, kind: str, rate: float, place: Path) -> Ratio:
    rows = unit(plain)
    noisy = [swapped(rows, targets, kind, rate, seed) for seed in range(SEEDS)]
    wrong = [labels != targets for labels in noisy]
    chances = [suspicions(rows, [f"{n:06}" for n in labels]).wrong for labels in noisy]
    ours = [average_precision(*one) for one in zip(chances, wrong, strict=True)]
    nobody = np.zeros(len(rows), bool)
    stops = [left(chance, nobody, nobody) for chance in chances]
    held = [s.low <= truth.sum() <= s.high for s, truth in zip(stops, wrong, strict=True)]
    np.savez(place / "given.npz", rows=rows, plain=plain, noisy=np.stack(noisy))
    _peer(PEER, place / "given.npz", place / "peer.npz")
    told = np.load(place / "peer.npz")
    peers = {
        key: float(np.mean([average_precision(*one) for one in zip(told[key], wrong, strict=True)]))
        for key in told.files
    }
    best = max(peers, key=lambda key: peers[key])
    mine = float(np.mean(ours))
    note = (
        f"{len(rows):,} × {rows.shape[1]}, {int(targets.max()) + 1:,} classes, {SEEDS} seeds; "
        f"average precision {mine:.4f} and {peers[best]:.4f}; the peer's best of {len(peers)} ways "
        f"is {best}; Datalab {peers['Datalab']:.4f}; of {wrong[0].sum()} planted, "
        f"{np.mean([s.wrong for s in stops]):.0f} are expected, from "
        f"{np.mean([s.low for s in stops]):.0f} to {np.mean([s.high for s in stops]):.0f}, "
        f"which holds in {sum(held)} of {SEEDS} seeds"
    )
    title = f"wrong labels, {name}, {rate:.0%} {kind} / cleanlab"
    return Ratio(title, 1 - mine, 1 - peers[best], "of 1 lacking", "< peer", 1 - peers[best], note)


def _peer(source: str, *paths: Path) -> None:
    python = os.environ.get("ATARIMAE_PEERS")
    if not python or not Path(python).exists():
        raise RuntimeError("ATARIMAE_PEERS names no Python with cleanlab: 'make bench'.")
    words = [python, "-c", source, *map(str, paths)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])


def _demo(folder: Path) -> tuple[Floats, Ints]:
    """The demo's labelled pictures as its third idea embeds them: a network that never saw them."""
    space = api.init(folder)
    with (
        as_file(files("atarimae.demo") / "emoji.zip") as packed,
        zipfile.ZipFile(packed) as archive,
    ):
        archive.extractall(folder / "emoji")
    space.add(folder / "emoji" / "labels.csv")
    changes: dict[str, Any] = {**MIDDLE, "whiten": "pca", "epochs": 0}
    run = space.fit(because="embed", **changes)
    data = Store(space.folder).data()
    data = data.where(lambda file: data.label(file) is not None)
    predictor = task.load("retrieve").predictor(bundle.read_model(run.model))
    rows = unit(outputs(predictor, data, cache=space.folder.cache))
    labels = [data.label(file) or "" for file in data.files]
    return rows, np.unique(labels, return_inverse=True)[1].astype(np.int64)


if __name__ == "__main__":
    for ratio in measure(sys.argv[1:]):
        print(ratio.line())
