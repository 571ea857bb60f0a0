"""What libraries say, for the tests that hold metrics to them."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

RANX = """
import json, sys, ranx
for line in sys.stdin:
    judged, run, names = json.loads(line)
    told = ranx.evaluate(ranx.Qrels(judged), ranx.Run(run), names)
    print(json.dumps({name: float(value) for name, value in told.items()}), flush=True)
"""


@pytest.fixture(scope="session")
def told_by_ranx():
    """In a process of its own, where Numba compiles nothing: that takes longer than all else."""
    if find_spec("ranx") is None:
        pytest.skip("No ranx here.")
    started = subprocess.Popen(
        [sys.executable, "-c", RANX], env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    def told(judged, run, names):
        started.stdin.write(json.dumps([judged, run, names]) + "\n")
        started.stdin.flush()
        return json.loads(started.stdout.readline())

    with started:
        yield told
        started.stdin.close()
