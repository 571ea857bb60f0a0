"""The workspace's labels in the formats of other tools: one file a format."""

from atarimae.export.export import Exported, export, write
from atarimae.export.formats import FORMATS
from atarimae.export.frame import frame

__all__ = ["FORMATS", "Exported", "export", "frame", "write"]
