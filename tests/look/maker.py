"""A workspace with pictures made in the test."""

import hashlib
from io import BytesIO
from pathlib import Path

from PIL import Image as Pillow

from atarimae import workspace as workspaces
from atarimae.store import Row, Store
from atarimae.types import File, Image

COLUMNS = frozenset({"split", "role", "group", "source"})


class Maker:
    """Makes pictures, writes them to a workspace, and records them in its store."""

    def __init__(self, folder: Path):
        self.workspace = workspaces.create(folder, "mean-colour")
        self.rows = []

    def picture(self, path, colour, *labels, size=(32, 24), **columns):
        """A picture of one colour at `path`; gives its hash. The same colour is the same image."""
        stream = BytesIO()
        Pillow.new("RGB", size, colour).save(stream, "PNG")
        return self.content(path, stream.getvalue(), size, labels, **columns)

    def content(self, path, content, size, labels=(), format="PNG", written=True, **columns):
        if written:
            place = self.workspace.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        image = Image(hashlib.sha256(content).hexdigest(), *size, format, len(content))
        self.rows.append(Row(File(path, image.hash, **columns), image, tuple(labels), COLUMNS))
        return image.hash

    def drawn(self, path, picture, *labels, format="PNG", quality=90, **columns):
        """A picture that was drawn at `path`; gives its hash."""
        stream = BytesIO()
        picture.save(stream, format, quality=quality)
        return self.content(path, stream.getvalue(), picture.size, labels, format, **columns)

    def again(self, path, first, *labels, **columns):
        """Another file with the content of the recorded file `first`."""
        known = next(row for row in self.rows if row.file.path == first)
        place = self.workspace.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.hardlink_to(self.workspace.root / first)
        self.rows.append(Row(File(path, known.image.hash, **columns), known.image, labels, COLUMNS))

    def record(self, refused=()):
        Store(self.workspace).record([*self.rows, *refused], by="花子")
        self.rows = []
        return self.workspace

    @property
    def data(self):
        return Store(self.workspace).data()
