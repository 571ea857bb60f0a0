"""The Task protocol, and loading a task by name (entry points).

A task says what is predicted and how that is judged. The loops belong to `fit` and `score`:
a task hands them small functions. Whoever adds a task writes a folder with an object of this
shape and one line under `[project.entry-points."atarimae.tasks"]`.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, cast, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from atarimae.errors import UsageError, unknown_name
from atarimae.types import (
    ALL,
    Array,
    Batch,
    Box,
    Data,
    Floats,
    Index,
    Only,
    Predictions,
    Progress,
    Score,
    Source,
    silent,
)

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

ENTRY_POINTS = "atarimae.tasks"


class Settings(BaseModel):
    """Typed settings of one TOML file; unknown keys are errors that name the nearest key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, path: Path | None, changes: Mapping[str, object] | None = None) -> Self:
        """The recipe of a TOML file with `changes` on top; errors name the nearest known key."""
        return cls.of(settings_of(path, changes))

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> Self:
        """The recipe of plain settings, with errors in three parts."""
        for key in settings:
            if key not in cls.model_fields:
                raise unknown_name("recipe key", key, cls.model_fields)
        try:
            return cls.model_validate(settings)
        except ValidationError as error:
            wrong = [
                f"{'.'.join(map(str, item['loc']))} = {item['input']!r}: {item['msg']}"
                for item in error.errors()
            ]
            raise UsageError(
                "The recipe has values that can't be used.",
                "; ".join(wrong) + ".",
                "See docs/fit.md for every key, its unit and range.",
            ) from None


class Recipe(Settings):
    """All settings of a fit. A task extends it; these are the ones that the loop itself reads."""

    # By stage, the settings whose change it can't judge: it says so and passes the idea on.
    unjudged: ClassVar[Mapping[str, frozenset[str]]] = {
        "smoke": frozenset({"epochs", "warmup", "average_decay", "average_epochs", "pseudo_labels"})
    }

    epochs: int = Field(20, ge=0, description="passes over the training images; 0 trains nothing")
    lr: float = Field(1e-3, gt=0, description="peak learning rate of AdamW")
    weight_decay: float = Field(1e-4, ge=0, description="weight decay of AdamW, per step")
    warmup: float = Field(0.1, ge=0, le=1, description="share of the steps that warm up, 0 to 1")
    average_decay: float = Field(
        0.0, ge=0, lt=1, description="decay per step of an average of the weights, 0.999 say; "
        "0: none",
    )  # fmt: skip
    average_epochs: int = Field(
        0, ge=0, description="last epochs whose weights are averaged, all alike; 0: none"
    )
    pseudo_labels: bool = Field(
        False, description="whether classes that models proposed for unlabelled images are learned"
    )
    workers: int = Field(-1, ge=-1, description="processes that load images; -1: one per core")

    @model_validator(mode="after")
    def _averages_once(self) -> Self:
        if self.average_decay and self.average_epochs:
            raise ValueError("average_decay and average_epochs exclude each other: set one to 0")
        return self


def settings_of(
    path: Path | None, changes: Mapping[str, object] | None = None
) -> dict[str, object]:
    """What a TOML file says, with `changes` on top; nobody has looked at it yet."""
    settings: dict[str, object] = {}
    if path is not None:
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(
                f"The recipe {path} can't be read.", f"{error}.", "Write it as plain TOML."
            ) from None
    return settings | dict(changes or {})


@dataclass(frozen=True)
class Model:
    """What a training leaves behind: everything that a predictor needs, in one folder."""

    folder: Path
    graphs: Mapping[str, Path]  # named ONNX files
    settings: Mapping[str, object]  # preprocessing and the like; plain JSON values
    arrays: Mapping[str, Array] = field(default_factory=dict)  # whitening and the like
    constants: Mapping[str, float] = field(default_factory=dict)  # thresholds fitted on val
    learned: Index = field(default_factory=Index)  # what it was trained on, where answers need it


@dataclass(frozen=True)
class Context:
    """What `Task.finish` needs beyond an image's own outputs."""

    index: Index = field(default_factory=Index)
    constants: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)  # the model's own
    only: Only = ALL  # what of the index may be answered with; for tasks that are `Filters`
    learned: Index = field(default_factory=Index)  # the model's own


class Predictor(Protocol):
    """From a picture to its outputs, torch-free: one code in scoring, shipping and serving."""

    @property
    def key(self) -> str:
        """Hash of all that decides `windows` and the first `cached` steps."""

    @property
    def cached(self) -> int:
        """How many of the steps are worth keeping on disk: the dear ones."""

    @property
    def reads(self) -> int | None:
        """What `windows` passes to `Source.pixels`: the shorter side it needs, in px."""

    def windows(self, source: Source) -> Array:
        """What the first step reads of one picture: resized, or cut into tiles."""

    @property
    def steps(self) -> Mapping[str, Callable[[Batch], Batch]]:
        """Named steps in order; each takes one array an image and gives one array an image."""


@runtime_checkable
class Crops(Protocol):
    """A predictor that may read the region of a picture's box in place of the picture. Optional.

    `windows` is handed sources that know of their box (`predict.region.box_of`).
    """

    def part(self, box: Box, size: tuple[int, int]) -> Box | None:
        """What is read of a picture of that size, in whole pixels; None for all of it."""


@runtime_checkable
class Joint(Protocol):
    """A predictor made of others, each of which keeps what is dear by itself. Optional.

    Its first step takes what all of them read of a picture, and gives what `gathered` does.
    """

    @property
    def members(self) -> Sequence[Predictor]:
        """The others, in order."""

    def gathered(self, rows: Sequence[Batch]) -> Batch:
        """One array an image from the outputs of each member for the same images."""


class Update(Protocol):
    """The loop's side of a training step."""

    def __call__(self, loss: "Tensor", optimiser: str = "main") -> float:
        """One step of the named optimiser down `loss` (a scalar); returns its value."""


class Samples(Protocol):
    """Training samples by number."""

    in_memory: bool  # whether a batch costs less than handing it over from another process

    def __len__(self) -> int: ...

    def __getitems__(self, numbers: list[int]) -> object:
        """One batch, ready for `Training.step`."""


class Training(Protocol):
    """Modules, optimisers, samples and what one step does with them."""

    modules: Mapping[str, "nn.Module"]
    optimisers: Mapping[str, "Optimizer"]
    samples: Samples
    parameters: int  # of the whole model, frozen ones too

    def batches(self, epoch: int) -> Iterable[list[int]]:
        """The sample numbers of each batch, the same for one seed and epoch, from 0 on."""

    def step(self, batch: object, update: Update) -> Mapping[str, float]:
        """One step; what it returns is logged by name."""

    def export(self, folder: Path) -> Model:
        """Write the graphs and arrays that predict with the modules as they are now."""


@dataclass(frozen=True)
class Setup:
    """What a training starts from."""

    train: Data
    seed: int
    device: str  # cpu, cuda or mps
    scratch: Path  # a folder for graphs that several runs share
    outputs: Callable[[Model, Data], Floats]  # (n, d): a predictor's outputs, through the cache
    max_pixels: int  # what a file may declare, see `open_source`
    progress: Progress = silent
    teacher: Model | None = None  # of the run that the recipe names, see `Distils`


class Task(Protocol):
    """What is predicted, and how it is judged."""

    name: str
    recipe: type[Recipe]
    metric: str  # the main one: runs are compared by it, and higher is better
    endpoint: str  # what `serve` calls it: POST /<endpoint>
    unseen_classes: bool  # validation asks about classes that training has not seen
    one_label: bool  # an image with several classes is a finding

    def samples(self, data: Data) -> Data:
        """The files that can be predicted and judged."""

    def training(self, recipe: Recipe, setup: Setup) -> Training:
        """A training that has not begun."""

    def predictor(self, model: Model) -> Predictor:
        """The predictor of a trained model."""

    def index(self, outputs: Sequence[Array], data: Data) -> Index:
        """What answers are looked up in, from the outputs for the files of `data`."""

    def finish(self, outputs: Sequence[Array], data: Data, context: Context) -> Predictions:
        """Final predictions for the files of `data` that are asked about."""

    def calibrate(
        self, predictions: Predictions, data: Data, context: Context
    ) -> Mapping[str, float]:
        """Constants that are fitted on validation predictions, such as a threshold."""

    def score(self, predictions: Predictions, data: Data, context: Context) -> list[Score]:
        """The metrics, the main one first. Pure."""

    def answer(self, predictions: Predictions, row: int, context: Context) -> dict[str, object]:
        """One prediction as JSON values. `matches`, if there, holds dicts with `file`."""


@runtime_checkable
class Crossfits(Protocol):
    """A task whose constants flatter the predictions that they were fitted on. Optional."""

    def crossfitted(self, predictions: Predictions, data: Data, context: Context) -> Predictions:
        """What `calibrate` was given, each by constants that were fitted without its class."""


@dataclass(frozen=True)
class Answers:
    """What a run answered on data that it was judged by, to be counted in other ways."""

    predictions: Predictions
    data: Data  # the files asked about, and those answered with
    outputs: Sequence[Array] | None  # one a file of `data`; None where they can't be had again
    train: Data  # what the run learned from, as far as it is known
    train_outputs: Sequence[Array] | None
    settings: Mapping[str, object] = field(default_factory=dict)  # of the run's model


@dataclass(frozen=True)
class Counting:
    """One way to count answers: the task's own, or with one or two changes to it.

    Its value is the mean of `parts`; their sum where `summed`. `of` counts the queries that were
    asked, also those that it leaves out. Where it could not be recomputed, `missing` says why.
    """

    changes: tuple[str, ...]
    check: str  # how to find out whether a board counts like this
    parts: Floats
    clusters: tuple[str, ...]
    of: int
    summed: bool = False
    missing: str = ""


@runtime_checkable
class Recounts(Protocol):
    """A task that knows how else its answers may be counted. Optional."""

    def countings(self, answers: Answers) -> Sequence[Counting]:
        """Its own way first, then rival conventions and common mistakes."""


@runtime_checkable
class Embeds(Protocol):
    """A task that looks its answers up in a gallery by the cosine of its outputs. Optional.

    Of an output with several rows the first is what the cosine is of.
    """

    near_duplicate: float  # cosine from which two images are one picture to the model


@runtime_checkable
class Learns(Protocol):
    """A task that knows which runs learn from labels. Optional; without it all of them do."""

    def learns(self, recipe: Mapping[str, object]) -> bool:
        """Whether outputs of a run with that recipe owe anything to the labels of its train."""


@runtime_checkable
class Filters(Protocol):
    """A task that can answer with a part of its index: `finish` heeds `Context.only`. Optional."""

    filters: tuple[str, ...]  # what it goes by: some of label, source, group, split


@runtime_checkable
class Proposes(Protocol):
    """A task whose answers say which class an image is of. Optional."""

    def proposals(
        self, predictions: Predictions, context: Context
    ) -> Sequence[tuple[str, float, str]]:
        """For each prediction its class, "" for none, the score of that, and why: a known file."""


@dataclass(frozen=True)
class Forecast:
    """What work will take, as far as can be told before it."""

    bytes: int  # beside what is in memory already
    seconds: float


class Ranker(Protocol):
    """One model's outputs for one set of files, answered through one chain after the other."""

    def score(self, chain: Sequence[str]) -> Score:
        """The main metric, with a part for each query. What chains share is computed once."""

    def forecast(self, chain: Sequence[str]) -> Forecast:
        """What that takes where nothing is shared."""

    def can(self, chain: Sequence[str]) -> bool:
        """Whether all is at hand that the chain looks at."""


@runtime_checkable
class Ranks(Protocol):
    """A task whose answers can be post-processed by a chain of steps. Optional."""

    chain: str  # the recipe's key that holds the chain: a list of texts, empty for none

    def remembered(self, outputs: Sequence[Array], data: Data) -> Index:
        """What a model keeps of the files it was trained on, from its outputs for them."""

    def ranker(
        self,
        outputs: Sequence[Array],
        data: Data,
        learned: Index,
        constants: Mapping[str, float],
    ) -> Ranker:
        """From the outputs for the files of `data`, which are asked about and answered with.

        `learned` is empty where what the model was trained on is not at hand; `constants` are the
        model's.
        """

    def chains(
        self, chain: Sequence[str], *, transductive: bool, learned: bool
    ) -> Sequence[tuple[str, ...]]:
        """The chains that are one change away from a chain; shorter ones first.

        Steps by which an answer depends on other queries only with `transductive`, those that
        look at what the model was trained on only with `learned`.
        """


@runtime_checkable
class Transductive(Protocol):
    """A task that can be set so that an answer depends on other queries. Optional.

    Its scores' convention says so, and such a model is not shipped: a service sees one at a time.
    """

    def transductive(self, settings: Mapping[str, object]) -> Sequence[str]:
        """What in a model's settings does that; empty where nothing does."""


@runtime_checkable
class Distils(Protocol):
    """A task whose training can follow what another run's model says. Optional."""

    teacher: str  # the recipe's key that names the run; an empty text for none


@dataclass(frozen=True)
class Joining:
    """What several models are joined from."""

    folder: Path  # where the joined model goes; it may not lean on the members' folders
    train: Data  # what the members learned from
    outputs: Callable[[Model, Data], Floats]  # (n, d): a predictor's outputs, through the cache
    # What weights of members may be chosen on: their models by name, and data to be judged by.
    sides: Sequence[tuple[Mapping[str, Model], Data]]


@runtime_checkable
class Joins(Protocol):
    """A task that can make one model of several. Optional."""

    ensemble: type[Settings]  # with a key `members`: the names of the runs

    def join(self, settings: Settings, members: Mapping[str, Model], setup: Joining) -> Model:
        """One model of some of the members, or all, by name."""

    def unjoinable(self, settings: Mapping[str, object]) -> str:
        """Why outputs of a model with such settings say nothing alone; empty where they do."""


def load(name: str) -> Task:
    """The installed task of that name."""
    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in found:
        raise unknown_name("task", name, found)
    return cast(Task, found[name].load())
