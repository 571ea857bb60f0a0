import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "third_party")]

from maker import Maker  # noqa: E402 - found by the path above


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path / "酒 workspace")
