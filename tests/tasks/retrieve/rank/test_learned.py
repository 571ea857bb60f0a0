"""What a model was trained on: its images vote, and a chain's whitening is fitted on them alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atarimae import bundle
from atarimae import task as tasks
from atarimae.errors import UsageError
from atarimae.task import Context, Model
from atarimae.tasks.retrieve.rank.chain import looks_back, parse
from atarimae.tasks.retrieve.rank.learned import remembered
from atarimae.tasks.retrieve.whitening import learned as by_classes
from atarimae.tasks.retrieve.whitening import pca
from atarimae.types import Data, File, Image, Index, Label, Version

TASK = tasks.load("retrieve")
CLASSES, WIDTH = 12, 16


def data_of(names, labels, *, role="both", sources=None) -> Data:
    files = tuple(
        File(f"{name}.png", name, role=role, source=source)
        for name, source in zip(names, sources or [None] * len(names), strict=True)
    )
    images = {name: Image(name, 9, 9, "PNG", 9) for name in names}
    said = {name: (Label(name, label),) for name, label in zip(names, labels, strict=True) if label}
    return Data(Path(), Version(0, ""), files, images, said)


@pytest.fixture(scope="module")
def planted():
    """Queries, and a gallery of two images a class, both far from their classes' centres; train
    has twelve of each of the same classes, and fills what lies between.
    """
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLASSES, WIDTH))

    def drawn(each, spread, name):
        of = np.repeat(np.arange(CLASSES), each)
        rows = centres[of] + spread * rng.normal(size=(len(of), WIDTH))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        names, labels = [f"{name}{n:03}" for n in range(len(of))], [f"class {n}" for n in of]
        return list(rows.astype(np.float32)), names, labels

    asked, known, train = drawn(6, 1.0, "q"), drawn(2, 1.3, "g"), drawn(12, 0.8, "t")
    queries = data_of(asked[1], asked[2], role="query")
    gallery = data_of(known[1], known[2], role="gallery")
    both = replace(
        queries,
        files=queries.files + gallery.files,
        images={**queries.images, **gallery.images},
        labels={**queries.labels, **gallery.labels},
    )
    return asked[0] + known[0], both, train[0], data_of(train[1], train[2])


def score(outputs, data, rank, learned=None):
    context = Context(TASK.index(outputs, data), {}, {"rank": rank}, learned=learned or Index())
    return TASK.score(TASK.finish(outputs, data, context), data, context)[0].value


def test_train_of_the_same_classes_votes_for_the_right_answers(planted) -> None:
    outputs, data, rows, train = planted
    learned = remembered(rows, train)
    alone = score(outputs, data, ["vote:k=10"], learned)
    helped = score(outputs, data, ["vote:k=10,train=1"], learned)
    assert helped > alone + 0.1
    assert helped > score(outputs, data, []) + 0.1


def test_train_of_other_classes_says_nothing(planted) -> None:
    outputs, data, rows, train = planted
    others = replace(
        train, labels={n: (Label(n, f"other {v[0].value}"),) for n, v in train.labels.items()}
    )
    votes = remembered(rows, others)
    plain = score(outputs, data, ["vote:k=10,weight=0.25"])
    assert score(outputs, data, ["vote:k=10,weight=0.25,train=1"], votes) <= plain + 0.02


def test_answers_of_the_voted_class_come_in(planted) -> None:
    outputs, data, rows, train = planted
    context = Context(
        TASK.index(outputs, data), {}, {"rank": ["vote:train=1,add=2"]},
        learned=remembered(rows, train),
    )  # fmt: skip
    found = TASK.finish(outputs, data, context)
    assert found.columns["match"].shape == (CLASSES * 6, 20)


@pytest.mark.parametrize("hides", ["image", "source", "nothing"])
def test_a_query_is_not_told_by_its_own_image_or_source(hides: str) -> None:
    """Else its own label would be given away, where a split that was given has it in train."""
    rows = [np.array(row, np.float32) for row in ([1, 0, 0], [0.6, 0.8, 0], [0.6, 0, 0.8])]
    data = data_of(["query", "b", "c"], ["right", "wrong", "right"], sources=["shop", None, None])
    files = [replace(file, role="gallery") for file in data.files[1:]]
    data = replace(data, files=(replace(data.files[0], role="query"), *files))
    name, source = {"image": ("query", None), "source": ("other", "shop")}.get(hides, ("x", None))
    train = data_of([name], ["right"], sources=[source])
    learned = remembered([rows[0]], train)
    context = Context(TASK.index(rows, data), {}, {"rank": ["vote:k=2,train=1"]}, learned=learned)
    first = TASK.finish(rows, data, context).columns["match"][0, 0]
    assert first == (1 if hides == "nothing" else 0)


def test_a_training_image_that_is_an_answer_too_votes_once(planted) -> None:
    outputs, data, _, _ = planted
    gallery = [row for row, file in enumerate(data.files) if file.role == "gallery"]
    same = data.where(lambda file: file.role == "gallery")
    learned = remembered([outputs[row] for row in gallery], same)
    index = TASK.index(outputs, data)
    answers = [
        TASK.finish(outputs, data, Context(index, {}, {"rank": [entry]}, learned=back))
        for entry, back in (("vote", Index()), ("vote:train=1", learned))
    ]
    np.testing.assert_array_equal(answers[0].columns["match"], answers[1].columns["match"])


@pytest.mark.parametrize("kind", ["pca", "learned"])
def test_whitening_in_a_chain_is_that_of_the_train_rows(planted, kind: str) -> None:
    outputs, data, rows, train = planted
    learned = remembered(rows, train)
    step = f"whiten:dimension=6,shrink=0.3,learned={int(kind == 'learned')}"
    context = Context(TASK.index(outputs, data), {}, {"rank": [step]}, learned=learned)
    found = TASK.finish(outputs, data, context)
    kept = np.stack(rows).astype(np.float16).astype(np.float32)
    kept /= np.linalg.norm(kept, axis=1, keepdims=True)
    centred = (kept - kept.mean(0)).astype(float)
    of = np.repeat(np.arange(CLASSES), 12)
    matrix = pca(centred, 6, 0.3) if kind == "pca" else by_classes(centred, of, 6, 0.3)
    every = (np.stack(outputs) - kept.mean(0)) @ matrix
    every /= np.linalg.norm(every, axis=1, keepdims=True)
    cosine = every[: CLASSES * 6] @ every[CLASSES * 6 :].T
    first = -np.sort(-cosine, axis=1)[:, :5]
    np.testing.assert_allclose(found.columns["similarity"][:, :5], first, atol=1e-4)


def test_a_model_without_them_says_so(planted) -> None:
    outputs, data, _, _ = planted
    for entry in ("whiten", "vote:train=1"):
        assert looks_back(parse([entry]))
        with pytest.raises(UsageError, match="looks at what the model was trained on"):
            score(outputs, data, [entry])
    assert not looks_back(parse(["dba", "vote"]))
    for chain in TASK.chains(["vote"], transductive=False, learned=False):
        assert not looks_back(parse(chain))
    assert any(looks_back(parse(c)) for c in TASK.chains([], transductive=False, learned=True))


def test_a_model_carries_them_through_its_folder(planted, tmp_path: Path) -> None:
    _, _, rows, train = planted
    learned = remembered(rows, train)
    bundle.write_model(Model(tmp_path, {}, {}, learned=learned))
    again = bundle.read_model(tmp_path).learned
    assert again.files == learned.files
    assert again.labels == learned.labels
    assert again.arrays["embedding"].nbytes == 2 * len(rows) * WIDTH
    np.testing.assert_array_equal(again.arrays["embedding"], learned.arrays["embedding"])
    (tmp_path / "plain").mkdir()
    bundle.write_model(Model(tmp_path / "plain", {}, {}))
    assert not (tmp_path / "plain" / "learned").exists()
