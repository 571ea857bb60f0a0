import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "third_party"))

import colours
import replica


@pytest.fixture(scope="session")
def shipped(tmp_path_factory):
    return colours.ship(tmp_path_factory.mktemp("serve") / "bundle")


@pytest.fixture(scope="session")
def server(shipped):
    with replica.serving(shipped) as started:
        yield started
