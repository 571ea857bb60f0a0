"""One fit of the network, or of what is on top of a frozen one."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

from atarimae.errors import AtarimaeError, UsageError
from atarimae.predict import unit
from atarimae.task import Model, Setup, Update
from atarimae.tasks.retrieve import cells
from atarimae.tasks.retrieve.logistic import FEWEST
from atarimae.tasks.retrieve.network import data, layers, lora, losses, mining, model
from atarimae.tasks.retrieve.network.losses.follow import Following
from atarimae.tasks.retrieve.rank import pairs
from atarimae.tasks.retrieve.rank.chain import is_local, looks_back, parse
from atarimae.tasks.retrieve.rank.learned import remembered
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.tasks.retrieve.whitening import fit_whitening, whitened
from atarimae.types import Array, Data, Floats


class RetrieveTraining:
    """Backbone, head and loss; with a frozen backbone, its cached features are the samples."""

    def __init__(self, recipe: RetrieveRecipe, setup: Setup) -> None:
        self.recipe = recipe
        # A query without a label asks for what is not there: nothing can be learned from it.
        labelled = setup.train.where(lambda file: setup.train.label(file) is not None)
        self.labelled = labelled
        labelled = data.with_enough(labelled, recipe.min_images)
        self.setup = setup = replace(setup, train=labelled)
        self.classes, self.targets = data.targets_of(labelled)
        if recipe.trains and len(self.classes) < 2:
            raise AtarimaeError(
                "There is nothing to tell apart.",
                f"The training images have {len(self.classes)} class"
                + (f" of {recipe.min_images} images or more." if recipe.min_images > 1 else "."),
                "Label images of two classes at least, lower min_images, or set epochs = 0.",
            )
        data.check_boxes(recipe, labelled)
        # What the loss gets of each sample: its class, or where a teacher is followed its number.
        self.told = list(range(len(labelled))) if recipe.teacher else self.targets
        self.features = model.Features(recipe).to(setup.device)
        self.arrays: dict[str, Array] = {}  # of a whitening after the network
        self.whitening: model.Whitening | None = None  # of frozen features, before the head
        self.samples: data.FeatureSamples | data.ImageSamples
        self.frozen = recipe.freeze == "backbone"
        if not self.frozen:  # as the batches are
            self.features.to(memory_format=torch.channels_last)
        self.dimension = self._prepare()
        self.head = model.Head(self.dimension, recipe) if recipe.projection else nn.Identity()
        self.head.to(setup.device)
        self.loss = self._loss()
        if self.frozen and recipe.trains and isinstance(self.loss, losses.Centres):
            self._place_centres(self.loss, self._rows())
        self.loss.to(setup.device)
        trained = {"head": self.head, "loss": self.loss}
        self.means: mining.Means | None = None  # of classes, where they have no centres
        self.modules: dict[str, nn.Module] = (
            trained if self.frozen else {"features": self.features} | trained
        )
        if self.whitening is not None:
            self.modules["whitening"] = self.whitening
        if recipe.hard_classes and not isinstance(self.loss, losses.Centres):
            width = recipe.projection or self.dimension
            self.means = mining.Means(len(self.classes), width).to(setup.device)
            self.modules["means"] = self.means
        self.optimisers = {"main": self._optimiser()} if recipe.trains else {}
        self.parameters = sum(
            parameter.numel()
            for part in (self.features, self.head)
            for parameter in part.parameters()
        )

    def batches(self, epoch: int) -> Iterator[list[int]]:
        """Class-balanced batches; none where the recipe trains nothing."""
        if not self.recipe.trains:
            return iter(())
        if isinstance(self.samples, data.ImageSamples):
            self.samples.epoch = epoch
        recipe = self.recipe
        batches = data.balanced_batches(
            self.targets, recipe.classes_per_batch, recipe.images_per_class, self.setup.seed, epoch,
            self._together() if recipe.hard_classes else None,
        )  # fmt: skip
        if not recipe.pseudo_weights:
            return batches
        weights = data.weights_of(self.setup.train)
        return data.drawn_by_weight(batches, self.targets, weights, self.setup.seed, epoch)

    def step(self, batch: object, update: Update) -> Mapping[str, float]:
        """The loss of one batch."""
        assert isinstance(batch, tuple)
        inputs, targets = (part.to(self.setup.device) for part in batch)
        if not self.frozen:
            inputs = self.features.pooled(inputs.contiguous(memory_format=torch.channels_last))
        embeddings = inputs.float()
        if isinstance(self.head, model.Head):
            embeddings = self.head.projected(embeddings)
        with torch.autocast(self.setup.device, enabled=False):
            loss = self.loss(embeddings.float(), targets)
        value = update(loss)
        if self.means is not None:
            self.means.keep(embeddings, targets)
        return {"loss": value}

    def export(self, folder: Path) -> Model:
        """The graphs `embed` and, with a projection, `project`; whitening as arrays.

        With what it was trained on, where the chain looks at that.
        """
        made = self._exported(folder)
        if self.recipe.cells:
            made = self._with_cells(made)
        if not looks_back(parse(self.recipe.rank)):
            return made
        rows = self.setup.outputs(made, self.labelled)
        return replace(made, learned=remembered(rows, self.labelled))

    def _with_cells(self, made: Model) -> Model:
        """The same with local features, and what tells pairs by them; both learned from train."""
        some = pairs.sample(self.setup.train)
        if not len(some):
            raise _too_few(some)
        rows, behind = self.setup.outputs(made, some), self.features.behind
        raw = rows[:, -behind:].reshape(len(rows), self.recipe.cells**2, -1)
        _, targets = data.targets_of(some)
        arrays = cells.fit_described(raw, np.asarray(targets), self.recipe.cells_dimension)
        local = cells.described(raw, arrays).astype(np.float16)
        constants = pairs.learned(rows[:, :-behind], local, some)
        if not constants and is_local(parse(self.recipe.rank)):
            raise _too_few(some)
        steps = cast(Sequence[str], made.settings["steps"])
        settings = {**made.settings, "steps": [*steps, "cells"]}
        return replace(
            made, settings=settings, arrays={**made.arrays, **arrays}, constants=constants
        )

    def _exported(self, folder: Path) -> Model:
        folder.mkdir(parents=True, exist_ok=True)
        graphs = {"embed": folder / "embed.onnx"}
        if self.frozen:
            shutil.copyfile(self._frozen_graph(), graphs["embed"])
        else:
            with lora.merged(self.features) if self.recipe.lora_rank else nullcontext():
                model.export(self.features, self._example(), graphs["embed"])
        if self.recipe.projection:
            graphs["project"] = folder / "project.onnx"
            model.export(
                self.head,
                torch.zeros(2, self.dimension, device=self.setup.device),
                graphs["project"],
            )
        if self.recipe.whiten == "none":
            return self._model(folder, graphs, list(graphs))
        if self.frozen:
            return self._model(folder, graphs, ["embed", "whiten", *list(graphs)[1:]])
        plain = self._model(folder, graphs, list(graphs))
        rows = self._before_cells(self.setup.outputs(plain, self.setup.train))
        self.arrays = fit_whitening(self.recipe, rows, self.targets)
        return self._model(folder, graphs, [*graphs, "whiten"])

    def _prepare(self) -> int:
        """Read what a frozen backbone says of the training images; returns the features' width."""
        if not self.frozen:
            self.samples = data.ImageSamples(
                self.setup.train, self.told, self.recipe, self.setup.seed, self.setup.max_pixels
            )
            with torch.no_grad():
                width = self.features.eval()(self._example()).shape[1]
            return int(width) - self.features.behind
        if not self.recipe.projection and self.recipe.whiten == "none":
            self.samples = data.FeatureSamples(lambda: np.zeros((0, 1), np.float32), [])
            return 1
        graph = self._frozen_graph()
        plain = self._model(graph.parent, {"embed": graph}, ["embed"])
        self.plain = self._before_cells(self.setup.outputs(plain, self.setup.train))
        if self.recipe.whiten != "none":
            self.whitening = model.Whitening(fit_whitening(self.recipe, self.plain, self.targets))
        self.samples = data.FeatureSamples(self._rows, self.told)
        return int(self._rows().shape[1])

    def _loss(self) -> nn.Module:
        if self.setup.teacher is not None:
            rows = unit.embeddings(self.setup.outputs(self.setup.teacher, self.setup.train))
            return Following(rows, self.recipe.temperature)
        counts = np.bincount(self.targets, minlength=len(self.classes)).tolist()
        return losses.build(self.recipe, counts, self.recipe.projection or self.dimension)

    def _before_cells(self, rows: Floats) -> Floats:
        """What stands before the local features, where there are any."""
        return rows[:, : rows.shape[1] - self.features.behind]

    def _rows(self) -> Floats:
        """(n, d) of the training images, whitened by what is in the buffers now."""
        return self.plain if self.whitening is None else whitened(self.plain, self.whitening.arrays)

    def _together(self) -> data.Together | None:
        """Classes by how alike they are now; none where that is not known yet."""
        if isinstance(self.loss, losses.Centres):
            centres, subcentres = self.loss.W.T, self.loss.subcentres
        else:
            assert self.means is not None
            centres, subcentres = self.means.rows, 1
            if not centres.any():
                return None
        near = mining.nearest(centres.detach().float().cpu().numpy(), subcentres)
        classes = self.recipe.classes_per_batch
        hard = min(classes - 1, round(self.recipe.hard_classes * classes))
        return lambda drawn: mining.together(drawn, near, classes, hard)

    def _place_centres(self, loss: losses.Centres, features: Floats) -> None:
        assert isinstance(self.samples, data.FeatureSamples)
        with torch.no_grad():
            rows = self.head.eval()(torch.from_numpy(features).to(self.setup.device)).cpu()
        loss.place(rows, self.samples.targets)

    def _frozen_graph(self) -> Path:
        """The graph of the frozen features, exported once for all runs that share it."""
        deciding = (
            "backbone", "weights", "pooling", "gem_p", "power", "image_size", "sizes", "tta_flip"
        )  # fmt: skip
        local = ("cells", "cells_layer", "cells_dimension") if self.recipe.cells else ()
        said = repr([getattr(self.recipe, name) for name in (*deciding, *local)])
        seed = self.setup.seed if self.recipe.weights == "random" else ""
        name = hashlib.sha256(f"{said} {seed} {model.OPSET}".encode()).hexdigest()[:16]
        path = self.setup.scratch / f"{name}.onnx"
        return path if path.is_file() else model.export(self.features, self._example(), path)

    def _example(self) -> torch.Tensor:
        size = self.recipe.read_size
        return torch.zeros((2, size, size, 3), dtype=torch.uint8, device=self.setup.device)

    def _model(self, folder: Path, graphs: Mapping[str, Path], steps: Sequence[str]) -> Model:
        settings: dict[str, object] = {
            "image_size": self.recipe.read_size, "fit": self.recipe.fit, "steps": list(steps),
            "rank": list(self.recipe.rank), "confidence": self.recipe.confidence,
        }  # fmt: skip
        if self.recipe.around is not None:
            settings["box_margin"] = self.recipe.around
        if self.features.cells is not None:
            settings["cells"] = [self.features.cells.side, self.features.cells.numbers]
        arrays = self.whitening.arrays if self.whitening else self.arrays
        return Model(folder, dict(graphs), settings, arrays if "whiten" in steps else {})

    def _optimiser(self) -> torch.optim.Optimizer:
        recipe = self.recipe
        groups = layers.groups(nn.Identity() if self.frozen else self.features, self.head, recipe)
        centres = list(model.trainable(self.loss))
        if centres:
            groups.append({"params": centres, "lr": recipe.lr_loss, "weight_decay": 0.0})
        if not groups:
            raise UsageError(
                "There is nothing to train.",
                f"freeze_layers = {recipe.freeze_layers!r} freezes the whole backbone, and "
                "projection is 0.",
                "Freeze fewer layers, or set projection.",
            )
        return torch.optim.AdamW(groups)


def _too_few(some: Data) -> AtarimaeError:
    return AtarimaeError(
        "There is nothing to learn from which pairs of images show one thing.",
        f"Asked among themselves, {len(some)} labelled training images have right answers beside "
        f"wrong ones fewer than {FEWEST} times.",
        "Label more images, or set cells = 0 and leave the step cells out of rank.",
    )
