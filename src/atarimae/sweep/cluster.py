"""Workers on a Ray cluster. The runs are all that is kept: what the cluster loses is done again."""

import sys
from contextlib import ExitStack, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atarimae import cluster
from atarimae.errors import AtarimaeError
from atarimae.sweep import work
from atarimae.sweep.work import Job
from atarimae.sweep.workers import LOOK, Ended, error_of, pause

if TYPE_CHECKING:
    from ray import ObjectRef


class Cluster:
    """One job a core, or a GPU where the cluster has some; each core's libraries use one thread."""

    def __init__(self, address: str | None, folder: Path) -> None:
        self._ray = cluster.joined(address)
        self._stack = ExitStack()
        self._stack.enter_context(redirect_stdout(sys.stderr))  # where Ray tells of dead machines
        self._jobs: dict[ObjectRef[Any], Job] = {}
        try:
            cluster.check_folder(self._ray, folder)
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
