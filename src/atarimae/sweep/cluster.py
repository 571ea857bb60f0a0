"""Workers on a Ray cluster. The runs are all that is kept: what the cluster loses is done again."""

import logging
import os
import secrets
import sys
from contextlib import ExitStack, redirect_stdout, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.sweep import work
from atarimae.sweep.work import Job
from atarimae.sweep.workers import LOOK, Ended, error_of, pause, threads_of

if TYPE_CHECKING:
    from ray import ObjectRef

PASSED = ("PYTHONPATH", "ATARIMAE_STORE")  # of our environment, what a worker needs as well
ANSWER = 60.0  # seconds in which each machine must say what it sees


class Cluster:
    """One job a core, or a GPU where the cluster has some; each core's libraries use one thread."""

    def __init__(self, address: str | None, folder: Path) -> None:
        self._ray = _connected(address)
        self._stack = ExitStack()
        self._stack.enter_context(redirect_stdout(sys.stderr))  # where Ray tells of dead machines
        self._jobs: dict[ObjectRef[Any], Job] = {}
        try:
            self._check_folder(folder)
        except BaseException:
            self.close()
            raise

    def free(self) -> int:
        """Cores or GPUs of the machines that live, without those that work for us."""
        there = self._ray.cluster_resources()
        return int(there.get("GPU") or there.get("CPU", 0)) - len(self._jobs)

    def start(self, job: Job) -> None:
        """Hand it to the cluster, which knows who is free. Retries are ours: they need a look."""
        gpus = 1 if self._ray.cluster_resources().get("GPU") else 0
        task = self._ray.remote(work.do).options(num_cpus=1, num_gpus=gpus, max_retries=0)
        self._jobs[task.remote(job.as_dict())] = job

    def wait(self) -> list[Ended]:
        """Wait a moment at most."""
        if not self._jobs:
            pause()
            return []
        ready, _ = self._ray.wait(list(self._jobs), num_returns=1, timeout=LOOK)
        return [self._ended(reference) for reference in ready]

    def _ended(self, reference: "ObjectRef[Any]") -> Ended:
        job = self._jobs.pop(reference)
        try:
            return Ended(job, error_of(self._ray.get(reference)))
        except self._ray.exceptions.RayError as error:
            said = str(error).strip().partition("\n")[0]
            died = AtarimaeError(
                "A worker on the cluster died.", said, "See Ray's logs; memory may have run out."
            )
            return Ended(job, died, died=True)

    def close(self) -> None:
        """Leave the cluster; what still works for us is stopped by it."""
        for reference in self._jobs:
            with suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=True)
        self._jobs.clear()
        self._ray.shutdown()
        self._stack.close()

    def _check_folder(self, folder: Path) -> None:
        """Every machine must see the workspace under the same path, as one that is shared."""
        word = secrets.token_hex(8)
        sign = folder / "seen"
        files.write(sign, word)
        blind = [f"{name}: {found}" for name, found in self._asked(sign).items() if found != word]
        if blind:
            raise AtarimaeError(
                f"{len(blind)} machines of the cluster don't see the workspace.",
                f"They don't find what was just written to {sign}. {'; '.join(sorted(blind))}.",
                "Put the workspace on a disk that all of them mount at the same path.",
            )

    def _asked(self, sign: Path) -> dict[str, str]:
        """By machine, what it reads in the file, or why it can't."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        asked = {}
        for node in self._ray.nodes():
            if node["Alive"] and node["Resources"].get("CPU"):
                there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                task = self._ray.remote(_read).options(num_cpus=1, scheduling_strategy=there)
                asked[f"{node['NodeManagerAddress']} ({node['NodeID'][:6]})"] = task.remote(
                    str(sign)
                )
        if not asked:
            raise AtarimaeError(
                "The cluster has no machine that works.", "None offers a core.", "See 'ray status'."
            )
        found = {}
        for name, reference in asked.items():
            try:
                found[name] = str(self._ray.get(reference, timeout=ANSWER))
            except self._ray.exceptions.RayError as error:
                found[name] = type(error).__name__
        return found


def _read(sign: str) -> str:
    try:
        return Path(sign).read_text(encoding="utf-8")
    except OSError as error:
        return error.strerror or str(error)


def _connected(address: str | None) -> ModuleType:
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
