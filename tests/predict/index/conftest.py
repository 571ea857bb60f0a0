"""One catalogue, searched by every backend."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from atarimae.predict.index import KINDS, Catalogue
from atarimae.types import File, Floats, Index

WIDTH = 32


@pytest.fixture(scope="session")
def lite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of Milvus Lite: the same client as for a server."""
    pytest.importorskip("pymilvus")
    pytest.importorskip("milvus_lite")
    return str(tmp_path_factory.mktemp("milvus") / "catalogue.db")


@pytest.fixture
def milvus(lite: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """It is named as the server of this test's catalogues."""
    monkeypatch.setenv("ATARIMAE_INDEX", lite)
    return lite


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Every backend in turn."""
    if request.param == "milvus":
        request.getfixturevalue("milvus")
    return str(request.param)


def vectors(n: int, seed: int = 0) -> Floats:
    """Unit vectors around 40 centres, as embeddings of classes lie."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(40, WIDTH))
    rows = centres[rng.integers(0, 40, n)] + 0.5 * rng.normal(size=(n, WIDTH))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def known(n: int, seed: int = 0, first: int = 0) -> Index:
    """Images in order of path, from 5 sources, of 30 labels and 7 groups, in 2 splits."""
    numbers = range(first, first + n)
    sources = ("", "it's", 'a "shop"', "店", "b\\c")
    files = tuple(
        File(
            f"絵/{i:06d}.png", f"{i:064x}", source=sources[i % 5],
            split=("train", "val")[i % 2], group=f"棚 {i % 7}" if i % 7 else None,
        )
        for i in numbers
    )  # fmt: skip
    labels = tuple(f"class {i % 30}" for i in numbers)
    return Index(files, labels, {"embedding": vectors(n, seed)})


@pytest.fixture
def questions() -> Callable[[int], Floats]:
    """Rows that are in no catalogue."""
    return lambda n: vectors(n, seed=1)


@pytest.fixture
def images() -> Callable[..., Index]:
    """Images in order of path, with sources and labels."""
    return known


@pytest.fixture
def catalogue(kind: str) -> Callable[[Index], Catalogue]:
    """A catalogue of some images, that looks as hard as it can."""

    def made(index: Index) -> Catalogue:
        found = Catalogue.made(index, kind)
        if found.finder is not None:
            found.finder.effort = found.finder.efforts[-1]
        return found

    return made


@pytest.fixture
def again(tmp_path: Path) -> Callable[[Catalogue], Catalogue]:
    """What comes back after saving."""

    def again(catalogue: Catalogue) -> Catalogue:
        folder = tmp_path / f"saved {len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return Catalogue.opened(catalogue.save(folder))

    return again
