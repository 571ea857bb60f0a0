"""The demo's drawings as a workspace, with the split that they come with."""

import zipfile
from importlib.resources import files
from pathlib import Path

from atarimae import api


def workspace(folder: Path) -> Path:
    """Made where it is not there yet."""
    if not (folder / "emoji" / "labels.csv").is_file():
        space = api.init(folder)
        with zipfile.ZipFile(str(files("atarimae") / "demo" / "emoji.zip")) as archive:
            archive.extractall(folder / "emoji")
        space.add(folder / "emoji" / "labels.csv")
    return folder
