"""Pictures with a run that embedded them by their mean colour, without fitting anything."""

from atarimae import bundle, runlog, task
from atarimae.predict.run import outputs
from atarimae.task import Model


def embedded(maker, because="色"):
    """A finished run that embedded every recorded picture; gives its id."""
    data = maker.data
    with runlog.start(maker.workspace, because=because, stage="holdout", data=data.version) as run:
        bundle.write_model(Model(run.folder / "model", {}, {}))
        outputs(task.load("mean-colour").predictor(None), data, cache=maker.workspace.cache)
        run.finish()
    return run.id
