"""The map: images that are alike lie together, and a lasso chooses some."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from atarimae.look import colours
from atarimae.look.likeness import with_models
from atarimae.look.maps import KINDS, Map
from atarimae.look.pages.media import FOREVER
from atarimae.look.projection import NEIGHBOURS, PCA, can_arrange
from atarimae.look.site import Site
from atarimae.web.frame import WebError

PATIENCE = 2.0  # seconds that an answer waits for the map
SHOWN = 200  # images that are told of in one answer
BY = (*colours.BY, "suspicion", "seen")


def router(site: Site) -> APIRouter:
    """`/map`, and what it draws under `/api/map`."""
    made = APIRouter()

    @made.get("/map")
    def page() -> HTMLResponse:
        runs = with_models(site.workspace)
        return site.pages.page("map.html", runs=runs, by=BY, arranged=can_arrange())

    @made.get("/api/map")
    def ask(run: str = "", kind: str = PCA) -> dict[str, object]:
        """The name of a map; while it is not there yet, how far it is."""
        _known("kind", kind, KINDS)
        if kind == NEIGHBOURS and not can_arrange():
            raise WebError(
                501, "map", "Neighbours can't be arranged here.", "openTSNE is not installed.",
                "pip install 'atarimae[map]'",
            )  # fmt: skip
        found = site.maps.now(run, kind, PATIENCE)
        if found is None:
            return {"map": None, "said": site.maps.said}
        return {
            "map": found.name, "of": found.of, "images": len(found.images), "by": found.told,
        }  # fmt: skip

    _parts(site, made)
    return made


def _parts(site: Site, made: APIRouter) -> None:
    """What is drawn of one map."""

    @made.get("/api/map/{name}/places")
    def places(name: str) -> Response:
        """x and y of every image, as float32 (little-endian)."""
        return _binary(np.ascontiguousarray(_map(site, name).places, "<f4").tobytes())

    @made.get("/api/map/{name}/images")
    def images(name: str) -> Response:
        """The hash of every image, 32 bytes each."""
        return _binary(bytes.fromhex("".join(_map(site, name).images)))

    @made.get("/api/map/{name}/colours")
    def coloured(name: str, by: str = "label") -> dict[str, object]:
        """The colours by that name, where they are known already."""
        _known("colour", by, BY)
        shown, listing = _map(site, name).images, site.catalogue.now()
        if by == "seen":
            return colours.by_seen(shown, site.catalogue.store.seen()).as_dict()
        if by != "suspicion":
            return colours.BY[by](listing, shown).as_dict()
        queue = site.checking.now(PATIENCE)
        if queue is None:
            return {"said": site.checking.said or "the checks are at work"}
        lacks = queue.lacks.get(colours.SUSPECTS, "")
        return colours.by_suspicion(shown, queue.findings).as_dict() | {"note": lacks}

    @made.get("/api/map/{name}/items")
    def items(
        name: str, number: Annotated[list[int], Query(max_length=SHOWN)]
    ) -> list[dict[str, object]]:
        """What is said of the images with these numbers."""
        shown, listing = _map(site, name).images, site.catalogue.now()
        wanted = [shown[one] for one in number if 0 <= one < len(shown)]
        files = [listing.files_by_image[image][0] for image in wanted
                 if image in listing.files_by_image]  # fmt: skip
        return [
            {"image": file.image, "path": file.path, "labels": listing.data.classes(file),
             "split": file.split}
            for file in files
        ]  # fmt: skip


def _map(site: Site, name: str) -> Map:
    found = site.maps.named(name)
    if found is None:
        raise WebError(
            404, "map", "There is no such map.", f"It is asked for as '{name[:40]}'.",
            "Load the page again: the data may have changed, or the cache was deleted.",
        )  # fmt: skip
    return found


def _known(kind: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise WebError(
            422, kind, f"There is no {kind} '{name[:40]}'.", f"There are {', '.join(names)}."
        )


def _binary(content: bytes) -> Response:
    return Response(content, media_type="application/octet-stream", headers=FOREVER)
