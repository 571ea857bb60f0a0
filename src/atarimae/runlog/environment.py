"""What a run was computed with: packages, processor, threads, variables."""

import os
import platform
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from atarimae.runlog.confidential import why_content

# Variables that may change a result or its speed.
RELEVANT = re.compile(
    r"(OMP|MKL|OPENBLAS|GOTO|VECLIB|NUMEXPR|KMP|CUDA|CUBLAS|CUDNN|NVIDIA|NCCL|ROCM|HIP|HSA|TORCH|"
    r"PYTORCH|TF|XLA|ONNX|ORT|PYTHON|LD|MALLOC|GLIBC|CONDA|VIRTUAL_ENV|SLURM|RAY|HF|TIMM|ATARIMAE|"
    r"LANG|LC|TZ|RANK|LOCAL_RANK|WORLD_SIZE)(_|$|[A-Z]*$)"
)
SECRET = re.compile(r"TOKEN|KEY|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)


def environment() -> dict[str, object]:
    """JSON values; it costs a few milliseconds, and the list of packages is made once."""
    return {
        "python": sys.version,
        "executable": sys.executable,
        "system": platform.platform(),
        "command": _command(),
        "folder": str(Path.cwd()),
        "cpu": {"model": _cpu(), "cores": os.cpu_count(), "usable": _usable()},
        "memory_mb": _memory(),
        "torch": _torch(),
        "nvidia_driver": _driver(),
        "variables": _variables(os.environ)[0],
        "packages": packages(),
    }


def hidden() -> list[str]:
    """The relevant variables that look like secrets, and are not recorded."""
    return _variables(os.environ)[1]


@cache
def packages() -> Mapping[str, str]:
    """Every installed package by name, told by the names of the folders: no file is opened."""
    found: dict[str, str] = {}
    for place in sys.path:
        try:
            inside = os.listdir(place or ".")
        except OSError:
            continue
        for name in inside:
            if name.endswith((".dist-info", ".egg-info")):
                package, _, version = name.rpartition(".")[0].partition("-")
                found.setdefault(package.replace("_", "-").lower(), version.partition("-py")[0])
    return dict(sorted(found.items()))


def _variables(all_: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    kept: dict[str, str] = {}
    secret: list[str] = []
    for name in sorted(name for name in all_ if RELEVANT.match(name)):
        value = all_[name]
        if SECRET.search(name) or why_content(value.encode(errors="replace")):
            secret.append(name)
        else:
            kept[name] = value
    return kept, secret


def _command() -> list[str]:
    """The words of the command line, without those that look like secrets."""
    return ["…" if why_content(word.encode(errors="replace")) else word for word in sys.orig_argv]


def _cpu() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _usable() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    except (OSError, ValueError):
        return None


def _torch() -> dict[str, object] | None:
    """Threads, CUDA and devices, where PyTorch is loaded already: loading it takes seconds."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    cuda = torch.cuda.is_available()
    return {
        "version": str(torch.__version__),
        "threads": torch.get_num_threads(),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if cuda else None,
        "devices": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


def _driver() -> str | None:
    try:
        text = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.partition("\n")[0]
