"""What stands beside the graphs: the card, the Dockerfile, the notebook cell."""

import json
import re
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from string import Template
from typing import cast

from atarimae.runlog import Run
from atarimae.task import Model
from atarimae.types import Index

DOCKERFILE = Template("""\
# Put the wheel of atarimae $version beside this file, then:
# docker build -f $file -t $tag . && docker run -p 8000:8000 $tag
FROM python:3.12-slim
COPY atarimae-$version-*.whl /tmp/
RUN pip install --no-cache-dir /tmp/atarimae-$version-*.whl \\
    && useradd --create-home --uid 10001 serve
COPY --chown=serve $copied
USER serve
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD python -c \\
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"
CMD ["atarimae", "serve", "/bundle", "--host", "0.0.0.0", "--port", "8000"]
""")

CELL = Template("""\
# One notebook cell: ask the bundle about a picture, without a network and without torch; and
# where a competition's files lie beside it, write its submission.
from pathlib import Path

import atarimae as at

bundle = at.Bundle($name)
picture = sorted((bundle.folder / "golden").glob("[0-9]*"))[0]  # put your own file here
print(bundle.search(picture))

competition = Path(".")  # the folder with sample_submission.csv, test.csv and the folder test
if (competition / "sample_submission.csv").is_file():
    print(bundle.submit(competition / "sample_submission.csv", "submission.csv"))
""")


def about(run: Run, index: Index) -> dict[str, object]:
    """bundle.json without the files' hashes."""
    return {
        "task": run.task,
        "run": run.id,
        "because": run.because,
        "stage": run.stage,
        "seed": run.seed,
        "data": None if run.data is None else {"edit": run.data.edit, "hash": run.data.hash},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "atarimae": version("atarimae"),
        "recipe": dict(run.recipe),
        "gallery": len(index),
        "scores": [score.as_dict() for score in run.scores],
        "costs": dict(run.costs),
    }  # fmt: skip


def markdown(run: Run, index: Index, model: Model) -> str:
    """The card that people read."""
    scores = "\n".join(
        f"| {s.metric} | {s.value:.4f} | {s.low:.4f} to {s.high:.4f} | {_said(s.convention)} |"
        for s in run.scores
    )
    settings = "\n".join(f"| {key} | `{value}` |" for key, value in run.recipe.items())
    graphs = ", ".join(f"{name} ({path.name})" for name, path in model.graphs.items())
    constants = _said(model.constants) or "none"
    return f"""# {run.task}: {run.because}

Shipped from run `{run.id}` (stage {run.stage}, seed {run.seed}), by atarimae {version("atarimae")}.
The scores below were measured on the validation split, and this bundle reproduced them before
it was written.

| metric | value | 95 % interval | convention |
|---|---|---|---|
{scores}

Answers are looked up in {len(index)} files{_searched(index)}{_learned(model)} Graphs: {graphs}.
Steps: {", ".join(map(str, _steps(model)))}. Constants: {constants}.

| setting | value |
|---|---|
{settings}

Use it: `atarimae serve DIR`, or `atarimae score DIR --queries Q.csv`.
"""


def recall_lines(index: Index) -> list[str]:
    """What the index misses, a line a filter; none where it is searched exactly."""
    found = cast(list[dict[str, object]], index.finder.get("recall", []))
    k = index.finder.get("k")
    return [
        f"recall@{k} {one['recall']:.4f}, {one['milliseconds']:.1f} ms a query, "
        f"filter: {one['filter']}"
        for one in found
    ]


def _searched(index: Index) -> str:
    if not index.finder:
        return ", exactly."
    lines = "".join(f"\n- {line}" for line in recall_lines(index))
    return (
        f" by an index of kind {index.finder['kind']}. Against the exact search, with "
        f"{index.finder.get('queries')}, it had:\n{lines}\n\n"
    )


def _learned(model: Model) -> str:
    if not len(model.learned):
        return ""
    size = sum(array.nbytes for array in model.learned.arrays.values())
    return (
        f" Of {len(model.learned)} training images it carries embeddings and labels, "
        f"{size / 1e6:.1f} MB, which its chain of steps looks at."
    )


def dockerfile(name: str) -> str:
    """A slim image without torch, not run as root, with a health check."""
    # Docker's names for images are narrower than those of folders.
    tag = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "bundle"
    return DOCKERFILE.substitute(
        copied=json.dumps([name, "/bundle"], ensure_ascii=False),
        file=shlex.quote(f"{name}.Dockerfile"),
        tag=tag,
        version=version("atarimae"),
    )


def notebook_cell(name: str) -> str:
    """A cell that runs the bundle offline."""
    return CELL.substitute(name=repr(name))


def _steps(model: Model) -> list[object]:
    steps = model.settings.get("steps", list(model.graphs))
    return list(steps) if isinstance(steps, list) else [steps]


def _said(values: Mapping[str, object]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in values.items())
