"""A training's whole state in one safetensors file, replaced at the end of each epoch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.task import Training


@dataclass(frozen=True)
class Reached:
    """How far a training has come."""

    epoch: int = 0  # whole epochs
    step: int = 0
    seconds: float = 0.0  # in the loop, of all sessions together
    scaler: Mapping[str, float] = field(default_factory=dict)  # of fp16's losses; else empty
    average: Mapping[str, torch.Tensor] = field(default_factory=dict)  # of the weights, if any


def write_weights(path: Path, training: Training) -> None:
    """Keep the modules' state as it is, without what only training needs."""
    files.write(path, save(_weights(training)))


def write(path: Path, training: Training, reached: Reached) -> None:
    """Keep weights and optimisers as they are, and how far that is."""
    tensors = {f"module/{key}": value for key, value in _weights(training).items()}
    tensors |= {f"average/{key}": _plain(value) for key, value in reached.average.items()}
    groups: dict[str, object] = {}
    for name, optimiser in training.optimisers.items():
        state = optimiser.state_dict()
        groups[name] = state["param_groups"]
        for number, values in state["state"].items():
            for key, value in values.items():
                tensors[f"optimiser/{name}/{number}/{key}"] = _plain(torch.as_tensor(value))
    about = {
        "epoch": str(reached.epoch),
        "step": str(reached.step),
        "seconds": str(reached.seconds),
        "scaler": json.dumps(dict(reached.scaler)),
        "groups": json.dumps(groups),
    }
    files.write(path, save(tensors, metadata=about))


def read(path: Path, training: Training) -> Reached:
    """Restore what `write` kept; how far it had come."""
    try:
        with safe_open(path, framework="pt") as kept:
            tensors = {key: kept.get_tensor(key) for key in kept.keys()}  # noqa: SIM118
            about = kept.metadata()
    except (OSError, SafetensorError) as error:
        raise AtarimaeError(
            f"The checkpoint {path} can't be read.", f"{error}.", "Start a new run."
        ) from None
    for name, module in training.modules.items():
        module.load_state_dict(_below(tensors, f"module/{name}/"))
    groups = json.loads(about["groups"])
    for name, optimiser in training.optimisers.items():
        state: dict[int, dict[str, Any]] = {}
        for key, value in _below(tensors, f"optimiser/{name}/").items():
            number, _, entry = key.partition("/")
            state.setdefault(int(number), {})[entry] = value
        optimiser.load_state_dict({"state": state, "param_groups": groups[name]})
    return Reached(
        int(about["epoch"]),
        int(about["step"]),
        float(about["seconds"]),
        json.loads(about["scaler"]),
        _below(tensors, "average/"),
    )


def _weights(training: Training) -> dict[str, torch.Tensor]:
    """Each module's state, by the module's name and the state's."""
    return {
        f"{name}/{key}": _plain(value)
        for name, module in training.modules.items()
        for key, value in module.state_dict().items()
    }


def _plain(value: torch.Tensor) -> torch.Tensor:
    """A copy as safetensors takes it."""
    return value.detach().cpu().contiguous().clone()


def _below(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}
