"""Walk from a folder and a CSV to a submission and write docs/competition.md.

Every command is really run and what it printed stands below it:

    python scripts/walk_competition.py WORKSPACE --out docs/competition.md

WORKSPACE is made anew, but for its cache. The competition is made of the demo's drawings: its
organiser asks about one vendor's, and keeps the answers in `truth.json`.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from walk import Step, arguments_of, page, prepare

ASKED = "twemoji"  # the vendor whose drawings of the test classes are the queries; it has no others
K = 20

MIDDLE = """\
image_size = 128
power = 0.5
pooling = ["blocks.3.0.bn1:mean", "blocks.4.1.bn1:mean", "blocks.5.0.bn1:mean"]
whiten = "learned"
whiten_shrink = 0.15
"""

BEFORE = (
    Step("""# A competition, from a folder and a CSV to a submission

A competition gives pictures, labels of some of them, queries, and a sample of what to send.
This one is made of the demo's drawings: three vendors' are given, a fourth one's are the
queries, and drawings of the same emoji are to be found. No drawing of that vendor is in train,
and none of the emoji that are asked about. Every command was run, and what it printed stands
below it; the page is written by

    python scripts/walk_competition.py WORKSPACE --out docs/competition.md

## What there is

The organiser's files lie in the workspace's folder: a CSV of the pictures, one of the queries,
and the sample.""", "head -n 3 train.csv test.csv sample_submission.csv"),
    Step("", "atarimae add train.csv"),
    Step("""## Something to hold against the board

The simplest thing first. Where nothing is said of val, `fit` would make one; here the CSV has
it: classes that train lacks, as the queries' are. A `fit` at holdout ends in a submission.""",
         'atarimae fit --because "baseline: what ImageNet knows" --set image_size=128', "baseline"),
    Step("Ideas go into a recipe, and each says what it should gain:", "cat middle.toml"),
    Step("", 'atarimae fit middle.toml --because "middle layers see strokes, and what varies '
         'between vendors should not count" --expect +0.15', "middle"),
    Step("", 'atarimae fit middle.toml --because "a trained projection learns the rest" '
         "--expect +0.01 --set projection=512 --set dropout=0.5 --set epochs=15 --set scale=24.0 "
         "--set classes_per_batch=64 --set weight_decay=0.0", "projected"),
    Step("Another size sees other things, so it may be a good partner:",
         'atarimae fit middle.toml --because "larger drawings have more strokes" --expect +0.005 '
         "--set image_size=192", "large"),
    Step("""## Folds

One val is one draw. Three folds judge every class of train and val once, each by a model that
has not seen it: that is the CV to hold against the board.""",
         'atarimae fit middle.toml --because "middle layers, on folds" --stage folds', "folds"),
    Step("""## An ensemble

Runs of one stage are joined into one run, which says what each adds.""",
         'atarimae fit --ensemble {projected} {large} --because "two sizes, one of them trained" '
         "--expect +0.005", "ensemble"),
    Step("""## Post-processing

What is made of the answers is searched on cached embeddings. The score that is told is of
queries that the chain was not chosen by.""",
         "atarimae rank {ensemble} --write ranked.toml --budget 2m"),
    Step("", "atarimae fit ranked.toml --ensemble {projected} {large} "
         '--because "the chain that rank found" --parent {ensemble}', "ranked"),
    Step("One line a run, the best first:", "atarimae runs --sort -score"),
    Step("""## Send it

In the sample's format, read again and compared before it is written:""",
         "atarimae submit {ranked} --out submission.csv"),
    Step("", "head -c 300 submission.csv"),
)  # fmt: skip

AFTER = (
    Step("""## What the board says

The organiser's script counts MRR@20 of the file: **{score:.4f}**. Record it, so that CV and LB
are held against each other from now on.""",
         "atarimae lb {ranked} --score {score:.4f} --queries {queries} "
         "--submission submission.csv"),
    Step("""The same for the baseline's submission, which the board gave {first:.4f}:""",
         "atarimae lb {baseline} --score {first:.4f}"),
    Step("", "atarimae lb"),
    Step("""The board's queries are of a vendor that the workspace has no drawing of, and its
gallery is larger than val's: LB lies below CV. What can be held against it is the order of
runs."""),
    Step("""What was not used here: pseudo-labels and crops from boxes ([retrieve](retrieve.md)),
votes of train's labels ([rank](rank.md); the classes asked about are not in train), seeds
([verdicts](verdicts.md))."""),
)  # fmt: skip


def main() -> None:
    """Make the competition, run every step and write the page."""
    arguments = arguments_of(__doc__)
    folder = arguments.workspace
    prepare(folder)
    truth = organise(folder)
    (folder / "middle.toml").write_text(MIDDLE, encoding="utf-8")
    lines = list(page(folder, BEFORE))
    sent = sorted(folder.glob("runs/*/submission.csv"))
    told = {
        "score": mrr(folder / "submission.csv", truth), "first": mrr(sent[0], truth),
        "queries": len(truth), "baseline": mark(sent[0]), "ranked": mark(sent[-1]),
    }  # fmt: skip
    after = [Step(one.words.format(**told), one.command.format(**told)) for one in AFTER]
    lines += page(folder, after)
    arguments.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def organise(folder: Path) -> dict[str, set[str]]:
    """Write what competitors get; the answers of each query, by its id."""
    rows = list(csv.DictReader((folder / "emoji" / "labels.csv").open(encoding="utf-8")))
    asked = [row for row in rows if row["split"] == "test" and row["source"] == ASKED]
    known = [row for row in rows if row["source"] != ASKED]
    drawings: dict[str, set[str]] = {}
    for row in known:
        if row["split"] == "test" and row["label"]:
            drawings.setdefault(row["label"], set()).add(f"emoji/{row['file']}")
    asked = [row for row in asked if row["label"] in drawings]
    truth = {f"q{number:03d}": drawings[row["label"]] for number, row in enumerate(asked)}
    _write(folder / "train.csv", ("file", "label", "split", "role", "source"), (
        (f"emoji/{row['file']}", row["label"], row["split"],
         "gallery" if row["split"] == "test" else row["role"], row["source"])
        for row in known
    ))  # fmt: skip
    files = [f"emoji/{row['file']}" for row in asked]
    _write(folder / "test.csv", ("id", "file"), zip(truth, files, strict=True))
    sample = " ".join(f"emoji/{row['file']}" for row in known[:K])
    _write(folder / "sample_submission.csv", ("id", "images"), ((one, sample) for one in truth))
    answers = {one: sorted(found) for one, found in truth.items()}
    (folder / "truth.json").write_text(json.dumps(answers, ensure_ascii=False), encoding="utf-8")
    return truth


def mrr(path: Path, truth: dict[str, set[str]]) -> float:
    """As the organiser counts: the mean of one over the place of the first right answer of K."""
    total = 0.0
    for row in csv.DictReader(path.open(encoding="utf-8")):
        answers = row["images"].split(" ")[:K]
        right = [place for place, one in enumerate(answers, 1) if one in truth[row["id"]]]
        total += 1 / right[0] if right else 0.0
    return total / len(truth)


def mark(submission: Path) -> str:
    """The end of the id of the run that the submission is of."""
    return submission.parent.name.rpartition("-")[2]


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


if __name__ == "__main__":
    main()
