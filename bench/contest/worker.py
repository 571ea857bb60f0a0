"""One row of a peer, in a process of its own: train for so many seconds of the processor.

Of atarimae it imports nothing, because open-metric-learning wants another NumPy: the images, their
class numbers and the network's weights come in files. `python worker.py JOB`, where JOB is a JSON
file that says `recipe`, `lr`, `seed`, `seconds`, `autocast`, `channels_last`, `size`, `width`,
`mean`, `std`, `paths`, `targets`, `weights` (what the network starts from) and `out` (a folder).
With `steps` in place of `seconds` it only says what a step takes.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms as t

BACKBONE = "tf_efficientnet_lite0"
Job = dict[str, Any]
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Batch = tuple[torch.Tensor, torch.Tensor]


def main(path: Path) -> None:
    """Train, then write the weights, and what the row took, into the job's folder."""
    job = json.loads(path.read_text())
    torch.set_num_threads(job.get("threads", 1))
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(job["seed"])
    peer = PEERS[job["recipe"]](job)
    if "steps" in job:
        print(json.dumps(timed(peer, job["steps"])))
        return
    began = time.process_time()
    steps, images = trained(peer, job, began)
    taken = time.process_time() - began
    out = Path(job["out"])
    plain = {name: value.contiguous() for name, value in peer.trunk.state_dict().items()}
    save_file(plain, str(out / "trunk.safetensors"))
    if isinstance(peer.embedder, nn.Linear):
        np.save(out / "embedder.npy", peer.embedder.weight.detach().numpy())
        np.save(out / "embedder_bias.npy", peer.embedder.bias.detach().numpy())
    told = {"seconds": taken, "steps": steps, "images": images, "torch": torch.__version__}
    (out / "trained.json").write_text(json.dumps(told))


def trained(peer: "Peer", job: Job, began: float) -> tuple[int, int]:
    """Steps and images until the seconds are over: decoding, augmentation and all."""
    steps = images = 0
    peer.trunk.train()
    while True:
        for inputs, targets in peer.loader:
            if time.process_time() - began >= job["seconds"]:
                return steps, images
            peer.step(inputs, targets, autocast=job["autocast"])
            steps, images = steps + 1, images + len(targets)


def timed(peer: "Peer", steps: int) -> dict[str, float]:
    """Medians of a step with its reading: seconds that pass, and seconds of the processor."""
    peer.trunk.train()
    stamps: list[tuple[float, float]] = []
    for inputs, targets in peer.loader:
        peer.step(inputs, targets, autocast=False)
        stamps.append((time.perf_counter(), time.process_time()))
        if len(stamps) > steps:
            break
    return between(stamps)


def between(stamps: list[tuple[float, float]]) -> dict[str, float]:
    """Medians of what lies between two stamps; the first step is before the first of them."""
    apart = np.median(np.diff(np.array(stamps), axis=0), axis=0)
    return {"wall": float(apart[0]), "processor": float(apart[1])}


class Peer:
    """A network, a loss, an optimiser and a loader; `step` is what both READMEs show."""

    def __init__(self, job: Job, transform: t.Compose, **batches: Any) -> None:
        self.trunk = timm.create_model(BACKBONE, pretrained=False, num_classes=0)
        self.trunk.load_state_dict(load_file(job["weights"]))
        self.layout = torch.channels_last if job["channels_last"] else torch.contiguous_format
        self.trunk.to(memory_format=self.layout)
        self.embedder: nn.Module = nn.Identity()
        images = Pictures(job["paths"], job["targets"], transform)
        self.loader = DataLoader(images, num_workers=0, **batches)
        self.optimisers: list[torch.optim.Optimizer] = []
        self.loss: Loss

    def step(self, inputs: torch.Tensor, targets: torch.Tensor, *, autocast: bool) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            embeddings = self.embedder(self.trunk(inputs.contiguous(memory_format=self.layout)))
        loss = self.loss(embeddings.float(), targets)
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        torch.autograd.backward(loss)
        for optimiser in self.optimisers:
            optimiser.step()


class Pictures(Dataset[tuple[torch.Tensor, int]]):
    """Decoded anew each time, as the datasets of both libraries do by default."""

    def __init__(self, paths: list[str], targets: list[int], transform: t.Compose) -> None:
        self.paths, self.targets, self.transform = paths, targets, transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, int]:
        with Image.open(self.paths[number]) as picture:
            return self.transform(picture.convert("RGB")), self.targets[number]


def oml(job: Job, transform: t.Compose, miner: str, margin: float, *, unit: bool) -> Peer:
    """TripletLossWithMiner over batches of BalanceSampler, and Adam."""
    miners, losses, samplers = (import_module(f"oml.{name}") for name in OML)
    kept = [n for n, enough in enumerate(_several(job["targets"])) if enough]
    job = job | {name: [job[name][n] for n in kept] for name in ("paths", "targets")}
    each = 4  # a class has no more, a drawing of each vendor
    sampler = samplers.BalanceSampler(job["targets"], n_labels=BATCH // each, n_instances=each)
    peer = Peer(job, transform, batch_sampler=sampler)
    triplets = losses.TripletLossWithMiner(margin, getattr(miners, miner)())
    peer.loss = lambda rows, targets: triplets(
        nn.functional.normalize(rows) if unit else rows, targets
    )
    peer.optimisers = [torch.optim.Adam(peer.trunk.parameters(), lr=job["lr"])]
    return peer


def oml_all(job: Job) -> Peer:
    """As the README's first example: all triplets of a batch, no augmentation, any length.

    https://github.com/OML-Team/open-metric-learning: Adam, TripletLossWithMiner(0.1,
    AllTripletsMiner()), BalanceSampler.
    """
    transform = t.Compose([t.Resize(job["size"], BICUBIC), *_ends(job)])
    return oml(job, transform, "AllTripletsMiner", 0.1, unit=False)


def oml_hard(job: Job) -> Peer:
    """As the recipe for Stanford Online Products: the hardest triplets.

    pipelines/features_extraction/extractor_sop/train_sop.yaml: normalise_features, margin 0.15,
    hard_triplets, augs_hypvit_torch, Adam.
    """
    augment = t.RandomResizedCrop(job["size"], scale=(0.2, 1.0), interpolation=BICUBIC)
    transform = t.Compose([augment, t.RandomHorizontalFlip(), *_ends(job)])
    return oml(job, transform, "HardTripletsMiner", 0.15, unit=True)


def pml(job: Job, loss: nn.Module, miner: nn.Module) -> Peer:
    """Trunk and embedder with an Adam each, batches of MPerClassSampler."""
    from pytorch_metric_learning import samplers

    crop = t.RandomResizedCrop(scale=(0.16, 1), ratio=(0.75, 1.33), size=job["size"])
    transform = t.Compose([t.Resize(job["size"]), crop, t.RandomHorizontalFlip(0.5), *_ends(job)])
    sampler = samplers.MPerClassSampler(
        job["targets"], m=4, batch_size=BATCH, length_before_new_iter=len(job["targets"])
    )
    peer = Peer(job, transform, sampler=sampler, batch_size=BATCH, drop_last=True)
    peer.embedder = nn.Linear(1280, job["width"])
    decay, rate = 1e-4, job["lr"]
    peer.optimisers = [
        torch.optim.Adam(peer.trunk.parameters(), lr=rate, weight_decay=decay),
        torch.optim.Adam(peer.embedder.parameters(), lr=rate, weight_decay=decay),
    ]
    peer.loss = lambda rows, targets: loss(rows, targets, miner(rows, targets))
    return peer


def pml_triplet(job: Job) -> Peer:
    """As examples/notebooks/MetricLossOnly.ipynb: triplets, mined by multi-similarity.

    https://github.com/KevinMusgrave/pytorch-metric-learning: Adam for trunk and embedder,
    TripletMarginLoss(0.1), MultiSimilarityMiner(0.1), MPerClassSampler(m=4).
    """
    from pytorch_metric_learning import losses, miners

    return pml(job, losses.TripletMarginLoss(margin=0.1), miners.MultiSimilarityMiner(epsilon=0.1))


def pml_similarity(job: Job) -> Peer:
    """The same with the loss that its documentation gives beside that miner."""
    from pytorch_metric_learning import losses, miners

    loss = losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5)
    return pml(job, loss, miners.MultiSimilarityMiner(epsilon=0.1))


def _ends(job: Job) -> list[Any]:
    return [t.ToTensor(), t.Normalize(mean=job["mean"], std=job["std"])]


def _several(targets: list[int]) -> Iterator[bool]:
    """Whether the class of each has two images: BalanceSampler refuses others."""
    counts = np.bincount(targets)
    return (bool(counts[target] > 1) for target in targets)


OML = ("miners", "losses", "samplers")
BATCH = 64
BICUBIC = t.InterpolationMode.BICUBIC
PEERS: dict[str, Callable[[Job], Peer]] = {
    "oml_all": oml_all, "oml_hard": oml_hard,
    "pml_triplet": pml_triplet, "pml_similarity": pml_similarity,
}  # fmt: skip

if __name__ == "__main__":
    main(Path(sys.argv[1]))
