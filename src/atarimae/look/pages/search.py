"""Search: drop a picture, see what the newest bundle finds."""

from collections.abc import Mapping
from typing import cast

from fastapi import APIRouter, UploadFile
from fastapi.responses import HTMLResponse

from atarimae.look.searcher import newest_bundle
from atarimae.look.site import Site
from atarimae.types import File


def router(site: Site) -> APIRouter:
    """`GET /search` and `POST /search`."""
    made = APIRouter()

    @made.get("/search")
    def page() -> HTMLResponse:
        folder = newest_bundle(site.workspace)
        name = folder.relative_to(site.workspace.root).as_posix() if folder else None
        return site.pages.page("search.html", bundle=name)

    @made.post("/search")
    def search(image: UploadFile) -> dict[str, object]:
        answer = site.search(image.file.read())
        matches = answer.get("matches")
        if isinstance(matches, list):
            paths = site.catalogue.now().file_by_path
            answer = answer | {"matches": [_match(match, paths) for match in matches]}
        return answer

    return made


def _match(match: object, paths: Mapping[str, File]) -> dict[str, object]:
    """A match whose `id` is the image's hash, by which its thumbnail is found."""
    known = dict(cast(Mapping[str, object], match))
    path = str(known.get("file", ""))
    file = paths.get(path)
    found = file.image if file else known.get("id", path)
    return known | {"id": found, "label": known.get("label") or path}
