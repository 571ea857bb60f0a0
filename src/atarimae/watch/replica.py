"""Reading a replica's /metrics."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit
from urllib.request import urlopen

from atarimae.errors import AtarimaeError, UsageError
from atarimae.watch.counters import Counters, parse

TIMEOUT = 3  # seconds


@dataclass(frozen=True)
class Reading:
    """What a replica said at a time (seconds, monotonic), or why it said nothing."""

    url: str
    at: float
    counters: Counters | None
    error: AtarimaeError | None = None


def read_all(urls: Sequence[str]) -> list[Reading]:
    """A reading of each replica, all at once; raises `UsageError` for what is no URL."""
    addresses = [address(url) for url in urls]
    if not addresses:
        raise UsageError("No URL to watch.", "None was given.", "Say 'atarimae watch URL'.")
    with ThreadPoolExecutor(min(32, len(addresses))) as pool:
        return list(pool.map(_read, addresses))


def address(url: str) -> str:
    """`host:port` or a URL, with or without /metrics, as the URL of the server."""
    full = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(full)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"'{url}' can't be watched.",
            "It is no URL of a server.",
            "Write it like http://127.0.0.1:8000.",
        )
    return full.rstrip("/").removesuffix("/metrics")


def _read(url: str) -> Reading:
    try:
        with urlopen(f"{url}/metrics", timeout=TIMEOUT) as response:
            counters = parse(response.read().decode("utf-8"))
    except (OSError, HTTPException, ValueError) as error:
        return Reading(url, time.monotonic(), None, _down(url, error))
    return Reading(url, time.monotonic(), counters)


def _down(url: str, error: Exception) -> AtarimaeError:
    reason = getattr(error, "reason", None) or error
    return AtarimaeError(
        f"{url} can't be watched.",
        f"{type(reason).__name__ if isinstance(reason, Exception) else 'Answer'}: {reason}.",
        "Is 'atarimae serve' running there?",
    )
