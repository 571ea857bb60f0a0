"""Pictures whose names are hard to write: in quotes, in lines, in XML, in a shell."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from atarimae.predict.source import examine
from atarimae.types import Box, Data, File, Image, Label, Version

NAMES = (
    "写真/瓶 1.png", "b#,\"'&<>.jpg", "c\nd.png", "🍶/瓶 1.png", "e%20f\\.bmp", ".hidden.dat",
    "写真/二つ目.png",
)  # fmt: skip
SAME = 6  # the last is the first's content at another place

Drawn = list[tuple[str, Image]]
Make = Callable[..., Data]


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("場所 & root").resolve()


@pytest.fixture(scope="session")
def drawn(root: Path) -> Drawn:
    """Paths below `root` with their images, 32 × 24 and larger."""
    found = []
    for number, name in enumerate(NAMES):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        size = (24 + 8 * (number % SAME), 32 + 5 * (number % SAME), 3)
        noise = np.random.default_rng(number % SAME).integers(0, 255, size, dtype=np.uint8)
        kind = {".jpg": "JPEG", ".bmp": "BMP"}.get(path.suffix, "PNG")
        Pillow.fromarray(noise).save(path, kind)
        found.append((name, examine(str(path), 10_000, {})))
    return found


@pytest.fixture(scope="session")
def data(root: Path, drawn: Drawn) -> Make:
    """Makes data of files by number, with facts, and of labels as (number, value, box), or as
    (number, label), whose image is set; that of a pair names the other by its number."""

    def made(files: dict[int, dict[str, str]], *said: tuple[int, str, Box | None]) -> Data:
        labels: dict[str, list[Label]] = {}
        for number, *rest in said:
            image = drawn[number][1].hash
            label = rest[0]
            if not isinstance(label, Label):
                value, box = rest
                label = Label("", value, "class" if box is None else "box", box)
            label = replace(label, image=image)
            if label.other is not None:
                pair = sorted((image, drawn[int(label.other)][1].hash))
                label = replace(label, image=pair[0], other=pair[1])
            labels.setdefault(label.image, []).append(label)
        return Data(
            root,
            Version(1, ""),
            tuple(File(drawn[n][0], drawn[n][1].hash, **facts) for n, facts in files.items()),
            {image.hash: image for _, image in drawn},
            {image: tuple(found) for image, found in labels.items()},
        )

    return made
