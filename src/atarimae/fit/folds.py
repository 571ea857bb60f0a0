"""The dearest stage: a training a fold, and one score over the queries of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from atarimae import bundle, files, runlog
from atarimae.fit import split
from atarimae.fit.costs import costs
from atarimae.fit.part import Work, fold_folder
from atarimae.runlog.writer import join_predictions, write_parts
from atarimae.score.leaks import Leaks, joined, of_record
from atarimae.score.pooled import pooled
from atarimae.types import Score

SUMMED = ("training_seconds", "embed_seconds", "check_seconds")


@dataclass(frozen=True)
class Folded:
    """What all folds together gave."""

    scores: Sequence[Score]
    costs: dict[str, float]
    leaks: Leaks


def train_folds(whole: Work, number: int, *, resume: bool) -> Folded:
    """Train and judge each fold; those that are done already are only read.

    `whole.data` is split by hand or at random; its train and val are dealt out anew. Whitening,
    thresholds and whatever else is fitted are fitted inside the fold.
    """
    folders = []
    for turn, data in enumerate(split.folds(whole.task, whole.data, number), 1):
        folder = fold_folder(whole.folder, turn)
        folders.append(folder)
        if not (folder / "result.json").is_file():
            _train(whole.fold(turn, number, data), resume=resume)
    join_predictions([folder / "predictions.parquet" for folder in folders], whole.folder)
    results = [files.read_json(folder / "result.json") for folder in folders]
    scores = pooled([runlog.fold_scores(folder) for folder in folders])
    found = [of_record(cast(dict[str, object], one.get("leaks") or {})) for one in results]
    told = _joined([cast(dict[str, float], one["costs"]) for one in results])
    return Folded(scores, told, joined(found))


def _train(part: Work, *, resume: bool) -> None:
    """One fold; its result.json is written last, and says that it is done."""
    trained = part.train(resume=resume)
    bundle.write_model(trained.model)
    write_parts(part.folder, trained.found.scores, trained.found.predictions)
    judged = [file.path for file in trained.found.data.files]
    files.write_json(part.folder / "evaluated.json", {"files": judged})
    told: dict[str, object] = {
        "scores": [score.as_dict() for score in trained.found.scores],
        "leaks": trained.leaks.as_dict(),
        "costs": costs(part.task, trained, part.workspace.max_pixels),
    }
    files.write_json(part.folder / "result.json", told)
    part.forget()


def _joined(each: Sequence[dict[str, float]]) -> dict[str, float]:
    """Seconds of all folds together; the rest is of the dearest one."""
    return {name: (sum if name in SUMMED else max)(one[name] for one in each) for name in each[0]}
