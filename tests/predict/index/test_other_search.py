"""Libraries that put another search into FAISS leave ours as it is."""

import subprocess
import sys

import pytest

PROGRAM = """
import faiss.contrib.torch_utils  # as pytorch-metric-learning does
import numpy as np
from atarimae.predict.index import ROWS, Catalogue
from atarimae.types import File, Index

rows = np.random.default_rng(0).standard_normal((3000, 32), dtype=np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
files = tuple(File(f"{n}.png", f"{n:064x}") for n in range(len(rows)))
known = Index(files, ("one",) * len(rows), {ROWS: rows})
for kind in ("exact", "hnsw", "ivfpq"):
    found, _ = Catalogue.made(known, kind).search(rows[:50], 1)
    print(kind, (found[:, 0] == np.arange(50)).mean())
"""


@pytest.mark.long
def test_every_kind_of_index_answers_beside_torchs_search_of_faiss() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = dict(line.split() for line in done.stdout.splitlines())
    assert float(found["exact"]) == 1
    assert min(float(share) for share in found.values()) > 0.9
