"""What joining several runs came to: ensemble.json in the folder of the run that they became."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from atarimae import files

FILE = "ensemble.json"
ORIGIN = "ensemble"  # of a run that was joined


@dataclass(frozen=True)
class Beside:
    """The whole less something else on the main metric, paired over queries, at 95 %."""

    value: float  # of the something else
    difference: float
    low: float | None  # None where there are fewer than two clusters to resample
    high: float | None
    verdict: str  # of the whole: helped, hurt, no difference seen


@dataclass(frozen=True)
class Member:
    """One of the runs, and what it is worth among the others."""

    run: str
    because: str
    weights: tuple[float, ...]  # what its cosine counts; one a fold at stage folds
    alone: Beside
    without: Beside  # the others, joined in the same way


@dataclass(frozen=True)
class Together:
    """Two members, and how often they are wrong on the same query."""

    first: str
    second: str
    either: int  # queries on which one of them at least has less than 1
    both: int


@dataclass(frozen=True)
class Ensemble:
    """The members of a run, in their order."""

    metric: str
    value: float
    queries: int
    members: tuple[Member, ...]
    together: tuple[Together, ...]

    def as_dict(self) -> dict[str, object]:
        """The shape of ensemble.json."""
        return asdict(self)


def write(folder: Path, told: Ensemble) -> None:
    """Keep it in the run's folder."""
    files.write_json(folder / FILE, told.as_dict())


def read(folder: Path) -> Ensemble | None:
    """None of a run that was not joined."""
    if not (folder / FILE).is_file():
        return None
    told = files.read_json(folder / FILE)
    members = cast(list[dict[str, object]], told["members"])
    pairs = cast(list[dict[str, object]], told["together"])
    return Ensemble(
        str(told["metric"]),
        cast(float, told["value"]),
        cast(int, told["queries"]),
        tuple(_member(one) for one in members),
        tuple(Together(**cast(dict[str, str], one)) for one in pairs),  # type: ignore[arg-type]
    )


def _member(told: Mapping[str, object]) -> Member:
    alone, without = (
        Beside(**cast(dict[str, float], told[name]))  # type: ignore[arg-type]
        for name in ("alone", "without")
    )
    weights = tuple(cast(list[float], told["weights"]))
    return Member(str(told["run"]), str(told["because"]), weights, alone, without)
