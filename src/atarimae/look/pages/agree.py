"""Agreement: the page on which each person answers alone, and what came of it."""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi.responses import HTMLResponse

from atarimae.look.agree import Outcome, answered, outcome, settle, take_over
from atarimae.look.site import Site
from atarimae.predict.boxes import corners
from atarimae.store import Opinion, Said
from atarimae.web.frame import WebError

SHOWN = 100  # disagreements on one page
Pairs = list[tuple[str, tuple[float, float, float, float] | None]]  # classes with their boxes


def router(site: Site) -> APIRouter:
    """`/agree`, `/agree/{number}`, `/agree/{number}/outcome`, and what they ask and tell."""
    made = APIRouter()
    _pages(made, site)
    _answers(made, site)
    return made


def _pages(made: APIRouter, site: Site) -> None:
    @made.get("/agree")
    def every() -> HTMLResponse:
        agreements = site.catalogue.store.agreements
        known = [(one, answered(agreements.opinions(one.id))) for one in agreements.all()]
        return site.pages.page("agreements.html", known=known[::-1])

    @made.get("/agree/{number}")
    def page(request: Request, number: int, who: str = "") -> HTMLResponse:
        asked = site.catalogue.store.agreements.of(number)
        people = sorted({one.by for one in site.catalogue.store.agreements.opinions(number)})
        named = site.people.name(request) if site.people.shared else who.strip()
        return site.pages.page("agree.html", asked=asked, who=named, people=people)

    @made.get("/agree/{number}/outcome")
    def came(number: int, unfinished: bool = False) -> HTMLResponse:
        found = outcome(site.workspace, number, unfinished=unfinished)
        listing = site.catalogue.now()
        return site.pages.page(
            "agree-outcome.html",
            found=found,
            unfinished=unfinished,
            shown=found.left[:SHOWN],
            images=listing.data.images,
            answered=_answered(found),
            src=site.src,
        )


def _answers(made: APIRouter, site: Site) -> None:
    agreements = site.catalogue.store.agreements

    @made.get("/api/agree/{number}")
    def mine(request: Request, number: int, who: str = "") -> dict[str, object]:
        """What is asked, and what this person said; nothing of others."""
        asked, images = agreements.of(number), site.catalogue.now().data.images
        name = _who(site, request, who)
        said = {one.image: one.said for one in agreements.opinions(number, name)}
        return {
            "kind": asked.kind,
            "classes": asked.classes,
            "images": [
                {
                    "image": image, "size": [images[image].width, images[image].height],
                    "said": _pairs(said[image]) if image in said else None,
                }
                for image in asked.images
            ],
        }  # fmt: skip

    @made.post("/api/agree/{number}")
    def answer(
        request: Request,
        number: int,
        image: Annotated[str, Body()],
        said: Annotated[Pairs, Body()],
        who: Annotated[str, Body()] = "",
    ) -> dict[str, int]:
        name = _who(site, request, who)
        _open(agreements.settled(number).keys(), image)
        agreements.answer(number, [Opinion(image, name, _said(said))])
        return {"answered": len(agreements.opinions(number, name))}

    @made.post("/api/agree/{number}/choose")
    def choose(
        request: Request, number: int, image: Annotated[str, Body()], said: Annotated[Pairs, Body()]
    ) -> dict[str, object]:
        author = site.people.author(request)
        edit = settle(site.workspace, number, {image: _said(said)}, by=author)
        return {"edit": edit and edit.id}

    @made.post("/api/agree/{number}/take")
    def take(request: Request, number: int) -> dict[str, object]:
        images, edit = take_over(site.workspace, number, by=site.people.author(request))
        return {"images": images, "edit": edit and edit.id}


def _who(site: Site, request: Request, said: str) -> str:
    """Whose answers: on a shared page the visitor's own and no others, here whoever is named."""
    return site.people.author(request) if site.people.shared else said.strip()


def _open(settled: Collection[str], image: str) -> None:
    if image in settled:
        raise WebError(
            409, "settled", "This image is settled.", "Its right answer was chosen meanwhile.",
            "Undo that edit to ask again.",
        )  # fmt: skip


def _answered(found: Outcome) -> dict[str, list[tuple[str, Pairs]]]:
    """By image who said what, in order of name."""
    return {
        image: [(name, _pairs(said)) for name, said in sorted(found.answers[image].items())]
        for image in found.left
    }


def _pairs(said: Said) -> Pairs:
    return [(name, None if b is None else (b.x0, b.y0, b.x1, b.y1)) for name, b in said]


def _said(pairs: Pairs) -> Said:
    return tuple((name, None if box is None else corners(box)) for name, box in pairs)
