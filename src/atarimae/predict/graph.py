"""ONNX graphs under ONNX Runtime, on the processor."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

# When it is imported it (1.32) writes an id of the device and counts uses for its maker: not here.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime as ort

from atarimae.errors import AtarimaeError
from atarimae.types import Array


def cores() -> int:
    """The cores that this process may use, at most `OMP_NUM_THREADS` where that is set."""
    there = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(there, int(os.environ.get("OMP_NUM_THREADS") or there))


class Graph:
    """One ONNX graph with one input and one output, both batches first."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that spin for work take the core from reading, searching and HTTP. Measured on 2
        # cores that others used too, without and with: one picture 9 and 13 ms at 128 px, 19 and
        # 30 ms at 224 px; batches of 32 at 128 px 120 and 84 pictures a second (one reader or two
        # made no difference). On an idle machine spinning may answer one picture 5 ms sooner.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises a class of its own for each kind of fault
            raise AtarimaeError(
                f"The graph {path.name} can't be loaded.", f"{error}.", "Ship the run again."
            ) from None
        self._input = self._session.get_inputs()[0].name

    def __call__(self, batch: Sequence[Array]) -> list[Array]:
        """Run the rows of a batch, all of one shape, through the graph."""
        (rows,) = self._session.run(None, {self._input: np.stack(batch)})
        return list(rows)
