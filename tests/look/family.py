"""Runs as their folders tell them, written without fitting anything."""

from atarimae import runlog
from atarimae.types import Score


def tried(workspace, because, value=None, *, parent=None, verdict=None, recipe=None, **more):
    """A finished run; gives its id. `value` None: no score."""
    log = runlog.start(
        workspace, because=because, stage="holdout", parent=parent, recipe=recipe or {}
    )
    if value is not None:
        more["scores"] = [Score("mrr@20", value, {"k": 20}, low=value - 0.01, high=value + 0.01)]
    log.finish(**more)
    if verdict:
        log.verdict({"verdict": verdict, "against": parent})
    return log.id
