"""Where and how precisely a training computes; chosen once, and logged."""

import os
from dataclasses import dataclass

import torch

from atarimae.errors import UsageError, unknown_name
from atarimae.predict.graph import cores

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Device:
    """A device, the type it computes in, and the threads it may use."""

    name: str  # cpu, cuda or mps
    dtype: torch.dtype
    threads: int

    def autocast(self) -> torch.autocast:
        """The context of a training step; does nothing where fp32 is what is fast."""
        return torch.autocast(self.name, self.dtype, enabled=self.dtype != torch.float32)


def choose(name: str = "auto", threads: int | None = None) -> Device:
    """The named device, or the best there is; sets the threads of this process."""
    if name not in DEVICES:
        raise unknown_name("device", name, DEVICES)
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": _mps()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there[name]:
        raise UsageError(f"There is no {name} here.", "PyTorch does not see one.", "Use cpu.")
    threads = threads or int(os.environ.get("OMP_NUM_THREADS") or cores())
    torch.set_num_threads(threads)
    return Device(name, _dtype(name), threads)


def _mps() -> bool:
    return bool(torch.backends.mps.is_available())


def _dtype(name: str) -> torch.dtype:
    """bf16 where the hardware multiplies in it: elsewhere it is emulated, and far slower."""
    if name == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if name == "cpu" and torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16
    return torch.float32
