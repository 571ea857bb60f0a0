"""What a sample answers with: files of the gallery, classes, or the test's own ids."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from atarimae.errors import UsageError
from atarimae.submission.queries import names, plain
from atarimae.submission.sample import Sample
from atarimae.submission.settings import Settings
from atarimae.types import File

FORMS = ("its name without suffix", "its name", "its path")  # in the order of `names`


@dataclass(frozen=True, slots=True)
class Gallery:
    """What can be answered with."""

    files: Sequence[File]
    labels: Collection[str]

    def answers(self) -> set[str]:
        """Every way to write one of them."""
        told = {plain(name) for file in self.files for name in names(file.path)}
        return told | set(self.labels)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is answered with, and in which way."""

    name: str  # files, labels or test
    form: int = 0  # of files: which of `FORMS`
    itself: bool = False  # the sample answers to each query with the query first
    unknown: str | None = None  # what stands for "none of these"
    number: int | None = None  # answers a query; None: as many as there are

    def write(self, match: Mapping[str, object]) -> str:
        """One match as the sample would write it."""
        if self.name == "labels":
            return str(match.get("label") or "")
        file = str(match["file"])
        return file if self.name == "test" else names(file)[self.form]


def kind_of(sample: Sample, gallery: Gallery, settings: Settings) -> Kind:
    """What the sample shows, where the settings don't say it."""
    answers = sample.answers()
    tokens = {token for found in answers.values() for token in found}
    itself = bool(tokens) and all(found[:1] == [query] for query, found in answers.items())
    name, form = _name(sample, tokens, gallery, itself, settings.answers)
    strange = tokens - {token for token in tokens if _knows(name, form, gallery, sample)(token)}
    unknown = settings.unknown
    if unknown is None and len(strange) == 1 and len(tokens) > 1:
        (unknown,) = strange
    number = settings.number or _number(sample, answers, itself)
    return Kind(name, form, itself, unknown, number)


def _name(
    sample: Sample, tokens: set[str], gallery: Gallery, itself: bool, said: str | None
) -> tuple[str, int]:
    """The kind that knows most of the sample's answers: half of them at least."""
    ways = [("files", form) for form in range(len(FORMS))] + [("labels", 0), ("test", 0)]
    ways = [way for way in ways if said in (None, way[0])]
    if itself and said is None:
        return "test", 0
    shares = {
        way: sum(map(_knows(*way, gallery, sample), tokens)) / max(len(tokens), 1) for way in ways
    }
    best = max(ways, key=lambda way: shares[way])
    if said is None and shares[best] < 0.5:
        shown = ", ".join(sorted(tokens)[:3]) or "nothing"
        raise UsageError(
            f"The sample {sample.path} does not show what to answer with.",
            f"It answers {shown}: no files of the gallery, no classes and no ids of the test.",
            'Say it: answers = "files", "labels" or "test" in [submission] of atarimae.toml.',
        )
    return best


def _knows(name: str, form: int, gallery: Gallery, sample: Sample) -> Callable[[str], bool]:
    if name == "labels":
        return set(gallery.labels).__contains__
    if name == "test":
        return set(sample.queries).__contains__
    known = {plain(names(file.path)[form]) for file in gallery.files}
    return lambda token: plain(token) in known


def _number(sample: Sample, answers: Mapping[str, Sequence[str]], itself: bool) -> int | None:
    """As many as the sample has, where all of its queries have as many; one may be a dummy."""
    if sample.layout == "wide":
        return len(sample.header) - 1
    if sample.layout == "long":
        return None
    lengths = {len(found) for found in answers.values()}
    return lengths.pop() if len(lengths) == 1 and not itself and lengths != {0} else None
