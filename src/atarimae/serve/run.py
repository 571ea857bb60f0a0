"""The server process: from a bundle's folder to a port that answers, until it is told to stop."""

import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from atarimae.errors import AtarimaeError
from atarimae.predict.ask import Asker
from atarimae.serve.app import create_app
from atarimae.serve.limits import Limits
from atarimae.serve.worker import Worker

DEFAULTS = Limits()
BACKLOG = 128
PATIENCE = 10  # seconds that a request under way has to end when the server stops


def run(
    folder: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    max_bytes: int = DEFAULTS.bytes,
    max_pixels: int = DEFAULTS.pixels,
) -> None:
    """Serve until SIGTERM or Ctrl-C. Port 0 takes a free one; the URL is printed to stderr."""
    with _stoppable(), _listen(host, port) as listener:
        logging.getLogger("python_multipart").setLevel(logging.ERROR)  # warns of each broken form
        app = create_app(folder, Limits(max_bytes, max_pixels), host)
        worker: Worker = app.state.worker
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=PATIENCE,
            )
        )

        def loaded(loading: Future[Asker]) -> None:
            if loading.cancelled() or loading.exception():
                server.should_exit = True
            else:
                print(f"{_url(listener)} answers for {folder}", file=sys.stderr, flush=True)  # noqa: T201

        worker.loading.add_done_callback(loaded)
        try:
            server.run(sockets=[listener])
        finally:
            worker.close()
    if not worker.loading.cancelled() and (failure := worker.loading.exception()):
        raise failure


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket: taken before the model is loaded, so that a port in use fails at once."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server((address[0], port), family=family, backlog=BACKLOG)
        # An answer is sent in two pieces, and the second would wait 40 ms for the client's receipt
        # of the first. asyncio sets this only on sockets made with a protocol number.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, OverflowError) as error:
        raise _no_address(error, host, port) from None


def _no_address(error: Exception, host: str, port: int) -> AtarimaeError:
    what = f"Can't listen on {host}, port {port}."
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return AtarimaeError(
            what, "The port is in use.", f"Stop what uses it, or choose --port {port + 1}."
        )
    if number == errno.EACCES:
        return AtarimaeError(
            what, "Ports below 1024 need special rights.", "Choose another, such as --port 8000."
        )
    return AtarimaeError(
        what, f"{error}.", "Use --host 127.0.0.1 or 0.0.0.0, and a port from 0 to 65535."
    )


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, without an error: the server's way of being told.

    uvicorn first ends the requests under way, then raises the signal once more.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
