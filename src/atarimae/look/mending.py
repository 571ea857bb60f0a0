"""What the page edits: every call is one edit, by whoever asks, who saw some version."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, Field

from atarimae.errors import AtarimaeError, UsageError, unknown_name
from atarimae.look.catalogue import Listing
from atarimae.look.confirm import classes_of
from atarimae.look.items import item
from atarimae.look.preview import changes
from atarimae.look.shown import parsed
from atarimae.look.site import Site
from atarimae.store import Edit, Origin
from atarimae.types import CHECKED, FLAG, File, Label
from atarimae.web.frame import WebError

TOLD = 500  # files that an answer tells of; after an edit of more the page asks again
LONGEST = 200  # letters of a class, group or source
FLAGGED = "look again"  # what a flag says
COLUMNS = ("split", "role", "group", "source")


class Target(BaseModel):
    """What is to be edited: files by path, or all that an address shows, less some of them."""

    paths: list[str] = []
    where: str | None = None  # the query of an address
    without: list[str] = []  # paths
    seen: int | None = None  # the version that its author looked at
    why: Annotated[str, Field(max_length=1000)] = ""
    finding: str | None = None

    @property
    def origin(self) -> Origin:
        """What the edit rests on."""
        return Origin(finding=self.finding, seen=self.seen)


class Labelling(Target):
    """Of which classes the images are; a class that nobody knows is refused unless `new`."""

    classes: list[str] = []
    also: bool = False
    new: bool = False


class Flagging(Target):
    """To be looked at again, or not any more."""

    on: bool = True


class Changing(Target):
    """New values of columns; null takes one away, what is not named stays."""

    columns: dict[str, str | None]


Answer = Mapping[str, object]  # JSON values


class Mending:
    """Edits the data of a site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.store = site.catalogue.store

    def label(self, by: str, asked: Labelling) -> Answer:
        """The images are of these classes."""
        files = self.targets(asked)
        names = _classes(self.site.catalogue.now(), asked)
        edit = self.store.label(
            {file.image: names for file in files},
            also=asked.also, why=asked.why, by=by, origin=asked.origin,
        )  # fmt: skip
        return self._answer(edit, files)

    def preview(self, asked: Labelling) -> Answer:
        """What `label` would change."""
        files, listing = self.targets(asked), self.site.catalogue.now()
        names = tuple(map(_clean, asked.classes))
        images = list(dict.fromkeys(file.image for file in files))
        found = changes(listing, images, names, also=asked.also)
        return {
            "files": len(files),
            "images": len(images),
            "changes": [one.as_dict() for one in found],
            "new": [name for name in names if name not in listing.sizes],
        }

    def confirm(self, by: str, asked: Target) -> Answer:
        """Somebody looked, and the images' classes are right."""
        files, data = self.targets(asked), self.site.catalogue.now().data
        labels = [
            Label(image, value, CHECKED, by=by)
            for image in dict.fromkeys(file.image for file in files)
            for value in classes_of(data, image)
        ]
        if not labels:
            raise UsageError("There is nothing to confirm.", "No label is on it.", "Label it.")
        why = asked.why or "looked at, and right"
        edit = self.store.say(labels, action="confirm", why=why, by=by, origin=asked.origin)
        return self._answer(edit, files)

    def flag(self, by: str, asked: Flagging) -> Answer:
        """Somebody is to look at the images again; or not any more, whoever asked for it."""
        files, said = self.targets(asked), self.site.catalogue.now().data.labels
        images = dict.fromkeys(file.image for file in files)
        old = [one for image in images for one in said.get(image, ()) if one.kind == FLAG]
        bare = images.keys() - {one.image for one in old}
        edit = self.store.relabel(
            () if asked.on else old,
            [Label(image, FLAGGED, FLAG, by=by) for image in sorted(bare)] if asked.on else (),
            action="flag", why=asked.why, by=by, origin=asked.origin,
        )  # fmt: skip
        return self._answer(edit, files)

    def change(self, by: str, asked: Changing) -> Answer:
        """The files have other values in some columns."""
        if unknown := [name for name in asked.columns if name not in COLUMNS]:
            raise unknown_name("column", unknown[0], COLUMNS)
        columns = {name: _clean(value) if value else None for name, value in asked.columns.items()}
        files = self.targets(asked)
        self._refuse_changed(asked)
        wanted = [replace(file, **columns) for file in files]  # type: ignore[arg-type]
        edit = self.store.change(wanted, why=asked.why, by=by, origin=asked.origin)
        return self._answer(edit, files)

    def remove(self, by: str, asked: Target) -> Answer:
        """The files leave the data."""
        files = self.targets(asked)
        self._refuse_changed(asked)
        paths = [file.path for file in files]
        edit = self.store.remove(paths, why=asked.why, by=by, origin=asked.origin)
        return self._answer(edit, files)

    def undo(self, by: str, since: int, *, everything: bool) -> Answer:
        """The newest edit that somebody made by hand after a version, or all of them together."""
        edits = self.store.sitting(since, by).undoable
        if not edits:
            raise AtarimaeError(
                "There is nothing to undo.",
                "You have changed nothing since you opened the page, or all of it is undone.",
                "Older edits are undone by 'atarimae undo'.",
            )
        why = f"all {len(edits):,} edits of a sitting" if everything and edits[1:] else None
        return self._moved(self.store.undo(*(edits if everything else edits[:1]), why=why, by=by))

    def redo(self, by: str, since: int) -> Answer:
        """What somebody undid last, unless he or she changed something after it."""
        number = self.store.sitting(since, by).redoable
        if number is None:
            raise AtarimaeError(
                "There is nothing to redo.",
                "Nothing was undone, or something was changed after it.",
                "Make the change again.",
            )
        return self._moved(self.store.redo(number, by=by))

    def targets(self, asked: Target) -> list[File]:
        """The files that are meant, as they are now. An error where one has left the data."""
        listing = self.site.catalogue.now(at_once=True)
        if asked.where is not None:
            found = self.site.shown.found(listing, parsed(asked.where)).files
            left = set(asked.without)
            files = [listing.file(file.path) for file in found if file.path not in left]
            return [file for file in files if file]
        known = {path: listing.file(path) for path in dict.fromkeys(asked.paths)}
        if gone := [path for path, file in known.items() if file is None]:
            raise _gone(gone)
        if not known:
            raise UsageError("Which images?", "The request names none.", "Name 'paths'.")
        return [file for file in known.values() if file]

    def _refuse_changed(self, asked: Target) -> None:
        """Of labels both are kept; of a file's columns only one could be."""
        news = None if asked.seen is None else self.store.news(asked.seen)
        changed = [path for path in asked.paths if news and path in news.files]
        if changed:
            raise WebError(
                409,
                "changed",
                f"{changed[0]} has been changed since you looked.",
                "Somebody changed its split, role, group or source. Nothing was done.",
                "Look at it again, and do it again if it is still right.",
            )

    def _moved(self, edit: Edit) -> Answer:
        """The answer to an undo or redo: whatever it touched."""
        listing, news = self.site.catalogue.now(at_once=True), self.store.news(edit.id - 1)
        if news is None:
            return self._answer(edit, ()) | {"all": True}
        gone = [path for path, file in news.files.items() if file is None]
        return self._answer(edit, listing.touched(news)) | {"gone": gone}

    def _answer(self, edit: Edit | None, files: Sequence[File]) -> dict[str, object]:
        listing = self.site.catalogue.now(at_once=True)
        told = files if len(files) <= TOLD else ()
        images = list(dict.fromkeys(file.image for file in told))
        known = [listing.conflicts[image] for image in images if image in listing.conflicts]
        return {
            "edit": None if edit is None else edit.as_dict(),
            "version": listing.data.version.edit,
            "files": len(files),
            "all": len(told) < len(files),
            "items": [item(listing, one) for one in _everywhere(listing, images, told)],
            "conflicts": [one.as_dict() for one in known],
        }


def _gone(paths: Sequence[str]) -> WebError:
    more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
    return WebError(
        409,
        "gone",
        f"{paths[0]}{more} left the data.",
        "Somebody has removed it since. Nothing was changed.",
        "Go on with the next one, or undo the edit that removed it.",
    )


def _everywhere(listing: Listing, images: Iterable[str], files: Sequence[File]) -> list[File]:
    """Every file of the images, as it is now; and of those that left the data as they were."""
    now = [file for image in images for file in listing.files_by_image.get(image, ())]
    there = {file.path for file in now}
    return now + [file for file in files if file.path not in there]


def _classes(listing: Listing, asked: Labelling) -> tuple[str, ...]:
    names = tuple(map(_clean, asked.classes))
    unknown = [name for name in names if name not in listing.sizes]
    if unknown and not asked.new:
        raise WebError(
            409,
            "new class",
            f"There is no class '{unknown[0]}' yet.",
            f"There are {len(listing.sizes):,} others.",
            "Say that it is new, or choose one of those.",
        )
    return names


def _clean(name: str) -> str:
    """Without spaces around it and without what can't be seen."""
    kept = "".join(letter for letter in name if unicodedata.category(letter) != "Cc").strip()
    if not 0 < len(kept) <= LONGEST:
        found = f"It has {len(kept)} letters." if kept else "It is empty."
        raise UsageError("This name can't be used.", found, f"Write 1 to {LONGEST} letters.")
    return kept
