"""The annotation guide as one HTML file, with its pictures inside, to be read and printed."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from markupsafe import Markup

from atarimae.look import crops, frame
from atarimae.look.checks.finding import by_image
from atarimae.look.document import save, style
from atarimae.look.prose import prose
from atarimae.look.thumbnails import thumbnail
from atarimae.store import Fact, Guide, Store
from atarimae.types import Data
from atarimae.workspace import Workspace

Source = Callable[[Fact], str | None]


def write(workspace: Workspace, path: Path) -> Path:
    """Write the guide as it is now: every class that has an entry."""
    store = Store(workspace)
    data = store.data()
    entries = list(Guide(store).entries().values())
    own = (frame.HERE / "static" / "guide.css").read_text(encoding="utf-8")
    html = frame.pages().text(
        "guide-document.html",
        title=f"{workspace.root.name}: guide",
        style=style() + Markup(own),
        when=datetime.now(UTC).astimezone().strftime("%Y-%m-%d %H:%M"),
        version=data.version,
        entries=entries,
        src=inlined(workspace, data),
        prose=prose,
    )
    save(path, html)
    return path


def inlined(workspace: Workspace, data: Data) -> Source:
    """Gives pictures of facts as data URIs; None for one whose content is gone."""
    places = by_image(data.files)

    def src(fact: Fact) -> str | None:
        found = places.get(fact.image or "", [])
        path = (
            thumbnail(workspace, data, found)
            if fact.box is None
            else crops.crop(workspace, data, found, crops.Cut(fact.box))
        )
        if path is None:
            return None
        return "data:image/webp;base64," + base64.b64encode(path.read_bytes()).decode()

    return src


def linked(fact: Fact) -> str | None:
    """Where the page finds the picture of a fact."""
    if fact.box is None:
        return f"/thumbnail/{fact.image}.webp"
    return crops.linked(fact.image or "", crops.Cut(fact.box))
