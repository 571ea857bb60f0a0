"""A worker's process: `python -m atarimae.sweep.worker`. Jobs come in by lines, answers go out.

When nobody holds the other end it is over, at once: the run it is at keeps its last checkpoint.
"""

import json
import os
import queue
import sys
import threading

from atarimae.sweep.work import do


def main() -> None:
    """Do one job after the other, until there is nobody to do them for."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    while True:
        answers.write(json.dumps(do(json.loads(jobs.get()))) + "\n")
        answers.flush()


def _listen(jobs: "queue.SimpleQueue[str]") -> None:
    for line in sys.stdin:
        jobs.put(line)
    os._exit(0)  # also from the middle of a fit: whoever asked for it is gone


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # Ctrl-C reaches everybody at the terminal; the run says "stopped"
        os._exit(130)  # the thread that listens can't be woken
