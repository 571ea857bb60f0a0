"""Debian's PostgreSQL on loopback, made for the tests and gone after them."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pg8000.native

from atarimae.store import schema

USER = "postgres"  # Debian's; the server refuses root
SECONDS = 30  # until it answers
STORES = 3  # more than one test has
TABLES = [table.name for table in schema.metadata.tables.values() if table is not schema.format_]
EMPTY = f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY"
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=16MB")


def programs() -> Path | None:
    """The folder of initdb and postgres; None where they are not installed."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian's are not on the path
    return Path(found).parent if found else next(reversed(folders), None)


class Server:
    """A server that lets everybody in. A store is a database; as many as `STORES` are kept."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.given = 0

    def new(self) -> str:
        """The URL of a store with nothing in it; the first ones have no tables yet."""
        name = f"store{self.given % STORES}"
        if self.given < STORES:
            self.run(f"CREATE DATABASE {name}")
        else:
            self.run(EMPTY, name)
        self.given += 1
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://atarimae@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> None:
        connection = pg8000.native.Connection(
            "atarimae", host="127.0.0.1", port=self.port, database=database
        )
        try:
            connection.run(statement)
        finally:
            connection.close()


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server whose own order of text is that of Japanese: neither Python's nor SQLite's."""
    home = tempfile.mkdtemp(prefix="atarimae-postgres-")
    words: dict[str, object] = {"cwd": home, "stdin": subprocess.DEVNULL}
    if os.geteuid() == 0:
        ids = pwd.getpwnam(USER)
        os.chown(home, ids.pw_uid, ids.pw_gid)
        words |= {"user": ids.pw_uid, "group": ids.pw_gid, "extra_groups": []}
    data, port = f"{home}/data", _free_port()
    made = subprocess.run(
        [folder / "initdb", "-D", data, "-U", "atarimae", "--auth=trust", "--no-sync",
         "--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=ja"],
        capture_output=True, text=True, check=False, **words,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    settings = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *QUICK)
    options = [word for setting in settings for word in ("-c", setting)]
    process = subprocess.Popen(
        [folder / "postgres", "-D", data, *options], stderr=subprocess.DEVNULL, **words
    )
    try:
        server = Server(port)
        _wait(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # at once: SIGTERM would wait for every connection
        process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            server.run("SELECT 1")
        except pg8000.Error:
            assert process.poll() is None, "PostgreSQL ended"
            assert time.monotonic() < end, "PostgreSQL does not answer"
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
