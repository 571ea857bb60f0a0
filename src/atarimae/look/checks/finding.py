"""What a check gives, and what it is given."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from atarimae.look.checks.answers import Answers
from atarimae.look.checks.judged import Judged
from atarimae.runlog import Run
from atarimae.store import Conflict, Refusal, Store
from atarimae.survey import Survey, Surveyor
from atarimae.types import Array, Box, Data, File
from atarimae.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the data, with its evidence and a fix."""

    check: str  # the check's name
    what: str  # one sentence
    images: tuple[str, ...]  # hashes
    files: tuple[str, ...]  # paths, as in the store
    evidence: str
    fix: str
    sure: float = 1.0  # the probability that it is true
    share: float | None = None  # of the queries that it touches; None: what its files are of them
    like: tuple[str, ...] = ()  # hashes of images that are shown as evidence, not found fault with
    label: str | None = None  # the class that it proposes
    box: Box | None = None  # the box that it proposes
    own: Box | None = None  # the box that it finds fault with
    named: str | None = None  # the class of that box, "" for none

    @property
    def pictures(self) -> tuple[str, ...]:
        """The images that are shown with it, at most three."""
        return (*self.images, *self.like)[:3]

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        lists = {name: list(getattr(self, name)) for name in ("images", "files", "like")}
        return asdict(self) | lists


@dataclass(frozen=True, slots=True)
class Beside:
    """What checks need beside the data."""

    one_label: bool = True  # the task wants one class an image
    refusals: tuple[Refusal, ...] = ()
    unseen_classes: bool = False  # the task asks about classes that training has not seen
    gallery: bool = False  # the task looks its answers up in a gallery
    judged: Judged | None = None  # the newest run that left a model
    conflicts: tuple[Conflict, ...] = ()  # images of which people say different classes
    surveyor: Surveyor | None = None  # what looks at pixels; None where nobody may
    witnesses: tuple[Judged, ...] = ()  # runs that may judge labels, see unseen.py
    # Who said labels with a score, each with its run, if it is one: see proposed.py.
    proposers: Mapping[str, Judged | None] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers, compare=False, repr=False)

    def survey(self, data: Data) -> Survey | None:
        """What the pixels of `data` say; None where nobody may look, or nothing can be read."""
        looks = self.surveyor
        if looks is None:
            return None
        found = self.answers.once("survey", data, lambda: looks.survey(data))
        return found if found.images else None

    def places(self, data: Data) -> Mapping[str, list[File]]:
        """The files of `data` by image."""
        return self.answers.once("places", data, lambda: by_image(data.files))

    def embedded(
        self, data: Data, keep: Callable[[File], bool] = lambda file: True
    ) -> tuple[Data, Sequence[Array]]:
        """The files that the newest run embedded, if `keep` says yes to them, with their outputs.

        There are none without a run.
        """
        judged = self.judged
        if judged is None:
            return data.where(lambda file: False), []
        there, rows = self.answers.once("embedded", data, lambda: judged.embedded(data))
        some = [place for place, file in enumerate(there.files) if keep(file)]
        if len(some) == len(there):
            return there, rows
        files = tuple(there.files[place] for place in some)
        return replace(there, files=files), [rows[place] for place in some]

    def then(self, data: Data, workspace: Workspace, run: Run) -> Data:
        """All data as a run had it, where `data` is all that there is now."""
        edit = run.data.edit if run.data else data.version.edit
        if edit == data.version.edit:
            return data
        return self.answers.once(
            f"version {edit}", data, lambda: Store(workspace).data(edit, hashed=False)
        )


@dataclass(frozen=True, slots=True)
class Check:
    """A check by its name; `why` says in one sentence why its findings matter."""

    name: str
    why: str
    find: Callable[[Data, Beside], list[Finding]]
    lacks: Callable[[Data, Beside], str] = lambda data, beside: ""  # what it needs to say more


def by_image(files: Iterable[File]) -> dict[str, list[File]]:
    """Files by the image that lies there, both in the order they are given in."""
    found: dict[str, list[File]] = {}
    for file in files:
        found.setdefault(file.image, []).append(file)
    return found


def listed(names: Iterable[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    known = list(names)
    more = f" and {len(known) - most:,} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
