"""The proposals: reviewed one by one or as a control slice, classes, and what it costs."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from atarimae.look.economics.picture import picture
from atarimae.look.reviewing import Reviewing, Wanted
from atarimae.look.site import Site
from atarimae.review import BAR, Slice, precisions

Bar = Annotated[float, Query(gt=0, lt=1)]
Size = Annotated[int | None, Query(ge=1)]  # of the control slice of each class
Order = Literal["margin", "entropy", "gain", "score"]


def router(site: Site) -> APIRouter:
    """`/review` and `/review/control`, with what they ask for."""
    made = APIRouter()
    reviewing = Reviewing(site)
    store = site.catalogue.store

    @made.get("/review")
    @made.get("/review/control")
    def page() -> HTMLResponse:
        found = store.proposals()
        return site.pages.page(
            "review.html", bar=BAR, proposals=len(found),
            classes=sorted({one.label.value for one in found if one.label.value}),
            models=sorted({one.label.by for one in found}),
            labels=site.catalogue.now().data.class_names,
        )  # fmt: skip

    @made.get("/api/review")
    def queue(
        order: Order = "margin",
        label: str = "",
        model: str = "",
        control: bool = False,
        bar: Bar = BAR,
        slice: Size = None,
        start: Annotated[int, Query(ge=0)] = 0,
    ) -> dict[str, object]:
        return reviewing.queue(Wanted(order, label, model, control, Slice(bar, slice)), start)

    @made.get("/api/review/classes")
    def classes(bar: Bar = BAR, slice: Size = None) -> dict[str, object]:
        found = precisions(store.proposals(), Slice(bar, slice))
        return {"bar": bar, "classes": [one.as_dict(bar) for one in found]}

    @made.get("/api/economics")
    def economics(more: bool = False) -> dict[str, object]:
        found = reviewing.economics(more=more)
        drawn = "" if found.more is None else picture(found.more)
        return {**found.as_dict(), "lines": list(found.lines()), "picture": drawn}

    return made
