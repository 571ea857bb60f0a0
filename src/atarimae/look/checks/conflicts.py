"""Several classes on one image, for a task that wants one."""

from atarimae.look.checks.finding import Beside, Check, Finding, by_image
from atarimae.types import Data, Label


def _find(data: Data, beside: Beside) -> list[Finding]:
    if not beside.one_label:
        return []
    findings = []
    for image, files in by_image(data.files).items():
        classes = data.classes(files[0])
        if len(classes) > 1:
            findings.append(
                Finding(
                    check.name,
                    "One picture is labelled "
                    + " and ".join(f"'{name}'" for name in classes)
                    + ".",
                    (image,),
                    tuple(file.path for file in files),
                    "; ".join(_said(label) for label in data.labels[image] if label.kind == "class")
                    + ".",
                    f"Keep the right one; until then '{classes[0]}' counts, which was said first.",
                )
            )
    return findings


def _said(label: Label) -> str:
    sure = "" if label.score is None else f", {label.score:.0%} sure"
    return f"'{label.value}' by {label.by or 'unknown'}{sure}"


check = Check(
    "several labels on one image",
    "One of them is wrong, or the picture shows two things.",
    _find,
)
