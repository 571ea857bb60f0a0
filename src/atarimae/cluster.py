"""A Ray cluster as we use it: joined quietly, and all its machines see one folder."""

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from atarimae import files
from atarimae.errors import AtarimaeError, UsageError

PASSED = ("PYTHONPATH", "ATARIMAE_STORE")  # of our environment, what a worker needs as well
ANSWER = 60.0  # seconds in which each machine must say what it sees


def address_of(workers: str) -> str | None:
    """What stands behind `ray:`; None for `ray` alone, which is the cluster of this machine."""
    kind, _, address = workers.partition(":")
    if kind != "ray":
        raise UsageError(
            f"There are no workers '{workers}'.", "It is not ray.", "Give ray, or ray:HOST:PORT."
        )
    return address or None


def joined(address: str | None) -> ModuleType:
    """`ray`, connected to the cluster there, or to a new one on this machine."""
    # Nothing is reported to anybody, also where a cluster of our own is started.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ModuleNotFoundError:
        raise AtarimaeError(
            "Workers on a cluster need Ray.",
            "There is no ray here.",
            "Install it with: pip install 'atarimae[ray]'",
        ) from None
    passed = {name: os.environ[name] for name in PASSED if name in os.environ}
    try:
        ray.init(
            address=address, include_dashboard=False, log_to_driver=False,
            logging_level=logging.ERROR, runtime_env={"env_vars": passed | threads_of(1)},
        )  # fmt: skip
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise AtarimaeError(
            f"There is no Ray cluster at {address or 'this machine'}.",
            f"{error}",
            "Start one with 'ray start --head', or name its address: --workers ray:HOST:6379.",
        ) from None
    return ray


def check_folder(ray: ModuleType, folder: Path) -> None:
    """Every machine must see it under the same path, as one that is shared."""
    word = secrets.token_hex(8)
    sign = folder / "seen"
    files.write(sign, word)
    blind = [f"{name}: {found}" for name, found in _asked(ray, sign).items() if found != word]
    if blind:
        raise AtarimaeError(
            f"{len(blind)} machines of the cluster don't see {folder}.",
            f"They don't find what was just written to {sign}. {'; '.join(sorted(blind))}.",
            "Put it on a disk that all of them mount at the same path.",
        )


def _asked(ray: ModuleType, sign: Path) -> Mapping[str, str]:
    """By machine, what it reads in the file, or why it can't."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked = {}
    for node in ray.nodes():
        if node["Alive"] and node["Resources"].get("CPU"):
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            task = ray.remote(_read).options(num_cpus=1, scheduling_strategy=there)
            asked[f"{node['NodeManagerAddress']} ({node['NodeID'][:6]})"] = task.remote(str(sign))
    if not asked:
        raise AtarimaeError(
            "The cluster has no machine that works.", "None offers a core.", "See 'ray status'."
        )
    found = {}
    for name, reference in asked.items():
        try:
            found[name] = str(ray.get(reference, timeout=ANSWER))
        except ray.exceptions.RayError as error:
            found[name] = type(error).__name__
    return found


def _read(sign: str) -> str:
    try:
        return Path(sign).read_text(encoding="utf-8")
    except OSError as error:
        return error.strerror or str(error)


def threads_of(number: int) -> dict[str, str]:
    """The environment in which the libraries below us start so many threads."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VIPS_CONCURRENCY")
    return dict.fromkeys(names, str(number))
