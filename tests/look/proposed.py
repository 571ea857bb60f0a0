"""A workspace in which a run proposes classes: some surely right, some wrong, some unsure."""

import numpy as np
from maker import Maker

from atarimae import bundle, runlog
from atarimae import task as tasks
from atarimae.predict.run import outputs
from atarimae.store import Origin, Store
from atarimae.task import Model
from atarimae.types import Box, Label

RED, GREEN, BLUE = "赤 red 🍶", "<script>alert(1)</script>", "青 blue"
COLOURS = {RED: (200, 40, 40), GREEN: (40, 200, 40), BLUE: (40, 40, 200)}
MODEL = "模型 v1"  # a run's id would draw another control slice each time
BETWEEN = (120, 120, 40)  # red and green


def world(folder, each=24, boxes=0, known=6):
    """Labelled pictures of three colours, and as many `each` without a label that are proposed.

    Each third picture of red lies half way to green, and is proposed as red all the same.
    """
    maker, random = Maker(folder), np.random.default_rng(0)

    def near(colour):
        return tuple((np.array(colour) + random.integers(-18, 19, 3)).clip(0, 255).tolist())

    said = []
    for name, colour in COLOURS.items():
        for n in range(known):
            maker.picture(f"labelled/{len(said)} {name[-3:]} {n}.png", near(colour), name)
    for place, (name, colour) in enumerate(COLOURS.items()):
        for n in range(each):
            unsure = name == RED and n % 3 == 0
            image = maker.picture(f"新しい/{place}-{n:02}.png", near(BETWEEN if unsure else colour))
            said.append((image, name, round(0.9 - n / 100, 3)))
    workspace = maker.record()
    run = embedded(maker)
    store = Store(workspace)
    labels = [Label(image, name, by=MODEL, score=score) for image, name, score in said]
    labels += [
        Label(image, name, "box", Box(4, 3, 20, 20), MODEL, 0.4) for image, name, _ in said[:boxes]
    ]
    store.say(labels, action="propose", by="花子", origin=Origin(run=run))
    return workspace, run


def embedded(maker):
    """A finished run that learned nothing from labels, and embedded every file."""
    data = maker.data
    with runlog.start(
        maker.workspace, because="x", stage="holdout", data=data.version, recipe={"epochs": 0}
    ) as run:
        bundle.write_model(Model(run.folder / "model", {}, {}))
        outputs(tasks.load("mean-colour").predictor(None), data, cache=maker.workspace.cache)
        run.finish()
    return run.id
