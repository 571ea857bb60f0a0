"""A file of a workspace as a notebook shows it."""

from pathlib import Path


class Picture:
    """A file that a notebook shows as a picture."""

    def __init__(self, path: Path, label: str | None) -> None:
        self.path = path
        self.label = label

    def _repr_png_(self) -> bytes:
        from io import BytesIO

        from PIL import Image

        from atarimae.predict.source import open_source

        picture = Image.fromarray(open_source(self.path).pixels(at_least=512))
        picture.thumbnail((512, 512))
        stream = BytesIO()
        picture.save(stream, "PNG")
        return stream.getvalue()

    def __repr__(self) -> str:
        return f"Picture({str(self.path)!r}, label={self.label!r})"
