"""The annotation guide: read, written, with its history; and what was looked through."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from atarimae.errors import UsageError
from atarimae.look import guidebook
from atarimae.look.pages.images import MOST
from atarimae.look.prose import prose
from atarimae.look.site import Site
from atarimae.store import Classes, Edit, Entry, Guide, Origin
from atarimae.types import Box
from atarimae.web.frame import WebError

LONGEST = 20_000  # characters of one text


class Writing(BaseModel):
    """A definition, written on what was there at version `seen`."""

    name: str = Field(alias="class")
    text: str = Field(max_length=LONGEST)
    seen: int | None = None
    why: str = ""
    new: bool = False  # the class has no label yet


class Showing(BaseModel):
    """An example, a counterexample or, with a case, an edge case; `instead` of that id."""

    name: str = Field(alias="class")
    image: str | None = None
    box: tuple[float, float, float, float] | None = None
    against: bool = False
    case: str | None = Field(None, max_length=LONGEST)
    note: str = Field("", max_length=LONGEST)  # of an edge case the decision
    instead: int | None = None
    new: bool = False


class Taking(BaseModel):
    """What is taken out, by its id."""

    name: str = Field(alias="class")
    id: int


class Covering(BaseModel):
    """Images that were looked through for classes, or for the round's; or, `taken`, were not."""

    images: list[str] = Field(max_length=MOST)
    classes: list[str] = Field([], max_length=MOST)
    taken: bool = False


def router(site: Site) -> APIRouter:
    """`/guide`, `/api/guide…` and `/api/cover`."""
    made = APIRouter()
    _read(made, site)
    _written(made, Guide(site.catalogue.store))
    _covered(made, Classes(site.catalogue.store))
    return made


def _read(made: APIRouter, site: Site) -> None:
    store = site.catalogue.store
    guide, classes = Guide(store), Classes(store)

    @made.get("/guide")
    def page(
        name: Annotated[str, Query(alias="class")] = "", image: str = "", new: bool = False
    ) -> HTMLResponse:
        version = store.last_edit()  # before the rest: what comes since is unseen
        known, entry = classes.names(), _entry(guide, name, new) if name else None
        words = {"src": guidebook.linked, "prose": prose, "known": known}
        if entry is None:
            entries = guide.entries()
            missing = [one for one in known if one not in entries]
            return site.pages.page(
                "guide.html", entries=list(entries.values()), unknown=name, missing=missing,
                **words,
            )  # fmt: skip
        steps = guide.history(entry.name)[::-1] if entry.name in known else []
        return site.pages.page(
            "guide-entry.html", entry=entry, steps=steps, version=version, picked=image, new=new,
            **words,
        )  # fmt: skip

    @made.get("/api/guide")
    def read() -> dict[str, object]:
        return {"entries": [entry.as_dict() for entry in guide.entries().values()]}


def _written(made: APIRouter, guide: Guide) -> None:
    @made.post("/api/guide/define")
    def define(said: Writing) -> dict[str, object]:
        origin = Origin(seen=said.seen)
        return _told(guide.define(said.name, said.text, new=said.new, why=said.why, origin=origin))

    @made.post("/api/guide/show")
    def show(said: Showing) -> dict[str, object]:
        box = None if said.box is None else Box(*said.box)
        if said.case is not None:
            return _told(
                guide.decide(said.name, said.case, said.note, image=said.image, box=box,
                             instead=said.instead, new=said.new)
            )  # fmt: skip
        if said.image is None:
            raise WebError(400, "image", "No picture is chosen.", "", "Choose one.")
        return _told(
            guide.exhibit(said.name, said.image, box, against=said.against, note=said.note,
                          instead=said.instead, new=said.new)
        )  # fmt: skip

    @made.post("/api/guide/take")
    def take(said: Taking) -> dict[str, object]:
        return _told(guide.take(said.name, said.id))


def _covered(made: APIRouter, classes: Classes) -> None:
    @made.post("/api/cover")
    def cover(said: Covering) -> dict[str, object]:
        change = classes.uncover if said.taken else classes.cover
        return _told(change(said.images, *said.classes))


def _entry(guide: Guide, name: str, new: bool) -> Entry | None:
    """The entry of a class; an empty one where it is new, None where it is a slip."""
    try:
        return guide.entry(name)
    except UsageError:
        return Entry(name.strip()) if new and name.strip() else None


def _told(made: Edit | None) -> dict[str, object]:
    return {"edit": None if made is None else made.as_dict()}
