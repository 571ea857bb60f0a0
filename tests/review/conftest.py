import sys
from pathlib import Path

import pytest

from atarimae import workspace
from atarimae.store import Store

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(workspace.create(tmp_path / "場所", "retrieve"))
