"""Images that a run can hardly tell from one on the other side of a split."""

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.judged import Judged
from atarimae.score.leaks import Near, near_duplicates
from atarimae.types import SPLITS, Data, File


def _find(data: Data, beside: Beside) -> list[Finding]:
    """Only what a run embedded already is looked at: without one, nothing is said."""
    judged = beside.judged
    if judged is None or judged.near_duplicate is None:
        return []
    known, rows = beside.embedded(data)
    sides = _sides(known, judged)
    findings = []
    for turn, split in enumerate(SPLITS[1:], 1):
        before = [n for n, file in enumerate(known.files) if sides[file.path] in SPLITS[:turn]]
        here = [n for n, file in enumerate(known.files) if sides[file.path] == split]
        found = near_duplicates(
            _rows(known, before), [rows[n] for n in before],
            _rows(known, here), [rows[n] for n in here], judged.near_duplicate,
        )  # fmt: skip
        findings += [_finding(data, one, sides, judged) for one in found]
    return findings


def _sides(data: Data, judged: Judged) -> dict[str, str]:
    """By path, its split; where none was given, the one that the run made."""
    val = judged.val()
    return {f.path: f.split or ("val" if f.path in val else "train") for f in data.files}


def _rows(data: Data, numbers: list[int]) -> Data:
    kept = {data.files[n].path for n in numbers}
    return data.where(lambda file: file.path in kept)


def _finding(data: Data, near: Near, sides: dict[str, str], judged: Judged) -> Finding:
    pair = (near.other, near.file)
    same = not set(data.classes(near.other)).isdisjoint(data.classes(near.file))
    given = all(file.split for file in pair)
    return Finding(
        check.name,
        f"One picture is nearly in {sides[near.other.path]} and {sides[near.file.path]}.",
        tuple(file.image for file in pair),
        tuple(file.path for file in pair),
        f"{_said(data, near.other)} and {_said(data, near.file)}: cosine {near.cosine:.3f} in the "
        f"embeddings of run {judged.run.mark}.",
        (f"Keep both in {sides[near.file.path]}" if given else "Give both one 'group'")
        + ("." if same else ", if they show one thing: then their labels should agree as well."),
    )


def _said(data: Data, file: File) -> str:
    names = " and ".join(f"'{name}'" for name in data.classes(file))
    return f"{file.path} ({names or 'no label'})"


check = Check(
    "near-duplicates across splits",
    "The newest run can hardly tell them apart: a copy is a leak, a look-alike is a hard case.",
    _find,
)
