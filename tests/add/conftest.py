"""A workspace, and pictures made on the spot."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atarimae import workspace
from atarimae.workspace import Workspace

Paint = Callable[..., Path]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace.create(tmp_path / "ws", "retrieve")


@pytest.fixture
def paint(tmp_path: Path) -> Paint:
    """Writes a picture below tmp_path; another number gives another content."""

    def paint(name: str, number: int = 0, **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 255, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path, **options)
        return path

    return paint
