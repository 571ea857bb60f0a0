"""Gallery images that no query of their class may find."""

from collections.abc import Sequence

from atarimae.look.checks.finding import Beside, Check, Finding, listed
from atarimae.score.leaks import unreachable
from atarimae.types import SPLITS, Data, File


def _find(data: Data, beside: Beside) -> list[Finding]:
    """Each split is a search of its own; files without one may get any, and are searched as one."""
    if not beside.gallery:
        return []
    findings = []
    for split in (None, *SPLITS[1:]):
        part = data.where(lambda file, split=split: file.split == split)  # type: ignore[misc]
        of_class: dict[str, list[File]] = {}
        for file in unreachable(part):
            of_class.setdefault(part.label(file) or "", []).append(file)
        findings += [_finding(part, label, files) for label, files in sorted(of_class.items())]
    return findings


def _finding(part: Data, label: str, files: Sequence[File]) -> Finding:
    paths = {file.path for file in files}
    asked = [f for f in part.files if f.role != "gallery" and part.label(f) == label]
    others = [f.path for f in asked if f.path not in paths] or [f.path for f in asked]
    sources = sorted({file.source for file in files if file.source})
    many = "gallery images" if len(files) > 1 else "gallery image"
    return Finding(
        check.name,
        f"{len(files):,} {many} of '{label}' can be found by no query.",
        tuple(dict.fromkeys(file.image for file in files)),
        tuple(file.path for file in files),
        f"A query never finds its own source, and its queries ({listed(others)}) are of "
        f"{listed(repr(source) for source in sources)} as they are.",
        "Add a query of another source, or empty the column 'source' where it says nothing of how "
        "the pictures came to be.",
    )


check = Check(
    "gallery images out of reach",
    "Nothing can find them, so no score says whether the model knows them.",
    _find,
)
