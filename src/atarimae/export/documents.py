"""Text files inside an export's folder. The folder is renamed whole, so they need no care alone."""

import json
import re
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

# What XML 1.0 can hold, even as a reference.
_XML = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


def put(path: Path, text: str) -> None:
    """UTF-8, line ends as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def put_json(path: Path, value: object) -> None:
    """As people can read it, Japanese as it is."""
    put(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def is_xml(text: str) -> bool:
    """Whether XML has a way to write the text."""
    return _XML.fullmatch(text) is not None


def inner(text: object) -> str:
    """Text between tags. A bare carriage return would be read as a line feed."""
    return escape(str(text), {"\r": "&#13;"})


def attributes(**values: object) -> str:
    """` name="value"` for each that is not None."""
    return "".join(
        f" {name}={quoteattr(str(value))}" for name, value in values.items() if value is not None
    )
