"""Several files with one content."""

from atarimae.look.checks.finding import Beside, Check, Finding, by_image, listed
from atarimae.types import Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    return [
        Finding(
            check.name,
            f"{len(files):,} files hold the same picture.",
            (image,),
            tuple(file.path for file in files),
            f"Equal to the last byte: {listed(file.path for file in files)}.",
            f"Keep {files[0].path} and remove the rest, unless each is meant to be there.",
        )
        for image, files in by_image(data.files).items()
        if len(files) > 1
    ]


check = Check(
    "exact duplicates",
    "A picture that lies there twice counts twice, in training and in scores.",
    _find,
)
