"""Several files with one content."""

from atarimae.look.checks.finding import Beside, Check, Finding, listed
from atarimae.types import SPLITS, Data, File


def _find(data: Data, beside: Beside) -> list[Finding]:
    return [
        Finding(
            check.name,
            f"{len(files):,} files hold the same picture.",
            (image,),
            tuple(file.path for file in _kept_first(files)),
            f"Equal to the last byte: {listed(file.path for file in files)}.",
            f"Keep {_kept(files)} and remove the rest, unless each is meant to be there.",
        )
        for image, files in beside.places(data).items()
        if len(files) > 1
    ]


def _kept_first(files: list[File]) -> list[File]:
    """The one in the latest split comes first, so that nothing judged is trained on."""
    return sorted(
        files, key=lambda file: -(SPLITS.index(file.split) if file.split in SPLITS else -1)
    )


def _kept(files: list[File]) -> str:
    latest = _kept_first(files)[0]
    if len({file.split for file in files}) == 1:
        return latest.path
    return f"{latest.path}, which is in {latest.split},"


check = Check(
    "exact duplicates",
    "A picture that lies there twice counts twice, in training and in scores.",
    _find,
)
