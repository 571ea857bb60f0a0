"""Where the store lies: a SQLite file, or a PostgreSQL server. Both promise the same.

Readers see one state from the first statement to the last. Writers come one after the other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from atarimae.errors import AtarimaeError, UsageError, unknown_name

BUSY_SECONDS = 120  # how long one writer waits for another
WRITERS = 0x61746172696D6165  # the lock that PostgreSQL's writers share: "atarimae" in ASCII
TLS = {"disable": False, "prefer": None, "verify-full": True}  # sslmode, and the driver's word


def open_engine(url: str) -> Engine:
    """The engine of a store. Raises `UsageError` for a URL that names none."""
    try:
        parsed = make_url(url)
    except ArgumentError:  # the URL is not told: it may hold a password
        raise _no_store("It is no URL.") from None
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        engine = create_engine(parsed)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if kind != "postgresql":
        raise _no_store(f"It begins with {parsed.drivername}.")
    engine = _postgresql(parsed)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


@contextmanager
def told(engine: Engine, what: str = "written to") -> Iterator[None]:
    """What the database says becomes an error in three parts."""
    try:
        yield
    except DBAPIError as error:
        fix = "Check disk space and rights, or put back a copy of the store."
        if engine.dialect.name == "postgresql":
            fix = "See that the server of ATARIMAE_STORE runs, and lets you in."
        said = f"{_said(error.orig)}".strip().rstrip(".")
        raise AtarimaeError(f"The store can't be {what}.", f"{said}.", fix) from None


def _said(error: BaseException | None) -> object:
    """pg8000 hands on the server's fields; M is its message."""
    first = error.args[0] if error is not None and error.args else error
    return first.get("M", first) if isinstance(first, dict) else error


def _begin_sqlite(connection: Connection) -> None:
    """Two writers wait for each other from the first statement on; readers wait for nobody."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by the listener, not the driver
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # an edit that is told outlives a power cut


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")


def _postgresql(url: URL) -> Engine:
    """With pg8000, unless the URL names another driver (`postgresql+psycopg://`)."""
    if url.drivername != "postgresql":
        return _with_driver(url, {})
    mode = str(url.query.get("sslmode", "prefer"))
    if mode not in TLS:
        raise unknown_name("sslmode", mode, TLS, " in ATARIMAE_STORE")
    if other := sorted(set(url.query) - {"sslmode"}):
        raise _no_store(f"It has the option '{other[0]}'; only sslmode is known.")
    plain = url.set(drivername="postgresql+pg8000", query={})
    return _with_driver(plain, {"ssl_context": TLS[mode]})


def _with_driver(url: URL, words: dict[str, Any]) -> Engine:
    try:
        return create_engine(url, connect_args=words, pool_pre_ping=True)  # servers restart
    except ModuleNotFoundError as error:
        raise AtarimaeError(
            "A store on PostgreSQL needs a driver.",
            f"There is no {error.name} here.",
            "Install it with: pip install 'atarimae[postgresql]'",
        ) from None


def _no_store(found: str) -> UsageError:
    return UsageError(
        "ATARIMAE_STORE names no store.", found, "Write postgresql://USER:PASSWORD@HOST/DATABASE."
    )
