"""Watching real servers: one, two, and one that is down."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import threading

import pytest
import replica
from rich.console import Console

from atarimae import watch
from atarimae.errors import AtarimaeError, UsageError

FUNCTIONS = ["wait", "decode", "resize", "embed", "nearest", "total"]


@pytest.fixture
def nobody():
    """The URL of a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("every", [-1, 0, float("nan"), float("inf")])
def test_seconds_between_looks_must_be_some(nobody, every):
    with pytest.raises(UsageError, match="seconds above 0"):
        watch.live([nobody], every)


def test_one_server_since_its_start(servers):
    said = watch.snapshot([servers[0].url])
    (one,) = said["replicas"]
    assert one["up"] is True
    assert one["runs"] == ["2026-11-22-mean"]
    assert one["requests"] == 4
    assert one["statuses"] == {"200": 3, "400": 1}
    assert one["errors"] == {"no_image": 1}
    assert one["unknown"] == pytest.approx(2 / 3, abs=1e-4)
    assert one["rate"] is None
    assert list(one["latency"]) == FUNCTIONS
    for quantiles in one["latency"].values():
        assert 0 < quantiles["p50"] <= quantiles["p95"] <= quantiles["p99"]
    assert {key: one[key] for key in said["sum"]} == said["sum"]
    assert json.loads(json.dumps(said)) == said


def test_two_replicas_one_by_one_and_summed(servers):
    said = watch.snapshot([server.url for server in servers])
    assert [one["requests"] for one in said["replicas"]] == [4, 1]
    assert said["sum"]["requests"] == 5
    assert said["sum"]["unknown"] == 2 / 4
    assert said["down"] == 0


def test_replica_that_is_down_is_said_and_the_rest_goes_on(servers, nobody):
    said = watch.snapshot([servers[0].url, nobody])
    assert said["down"] == 1
    assert said["replicas"][1]["up"] is False
    assert "refused" in said["replicas"][1]["error"]["found"]
    assert said["sum"]["requests"] == 4


def test_rate_within_a_span_counts_only_that_span(servers):
    first, second = servers
    timer = threading.Timer(0.3, lambda: [second.ask(replica.picture("yellow")) for _ in range(5)])
    timer.start()
    said = watch.snapshot([first.url, second.url], seconds=1.5)
    timer.join()
    assert [one["requests"] for one in said["replicas"]] == [0, 5]
    assert said["sum"]["rate"] == pytest.approx(5 / 1.5, rel=0.3)
    assert said["sum"]["unknown"] == 1
    assert said["replicas"][0]["latency"]["total"]["p50"] is None


def test_if_none_answers_it_is_an_error(nobody):
    with pytest.raises(AtarimaeError, match="No server answers") as caught:
        watch.snapshot([nobody, nobody])
    assert "refused" in caught.value.found


def test_server_of_somebody_else_is_not_taken_for_ours(servers):
    with pytest.raises(AtarimaeError, match="No server answers"):
        watch.snapshot([f"{servers[0].url}/openapi.json?"])


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "localhost:eighty", "ftp://x"])
def test_what_is_no_url_is_wrong_usage(url):
    with pytest.raises(UsageError, match="can't be watched"):
        watch.snapshot([url])


def test_url_with_or_without_scheme_and_path_is_the_same_server(servers):
    url = servers[0].url
    for same in (f"{url}/", f"{url}/metrics", url.removeprefix("http://")):
        assert watch.snapshot([same])["replicas"][0]["url"] == url


def test_table_names_every_server_function_and_error(servers, nobody):
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(watch.table(watch.snapshot([servers[0].url, nobody])))
    text = console.export_text()
    assert "Since the start" in text
    for said in (servers[0].url.removeprefix("http://"), "down", "sum", "66.7%", *FUNCTIONS):
        assert said in text
    assert "no_image 1" in text
    assert max(map(len, text.splitlines())) <= 80


def test_live_view_goes_on_until_it_is_interrupted(servers):
    terminal, inside = pty.openpty()
    # A process in the background of a shell is started with SIGINT ignored.
    heard = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code = heard + "from atarimae import watch; watch.live(sys.argv[1:], every=0.2)"
    process = subprocess.Popen(
        [sys.executable, "-c", code, servers[0].url], stdout=inside, stderr=subprocess.PIPE
    )
    seen = b""
    while b"The last" not in seen and select.select([terminal], [], [], 15)[0]:
        seen += os.read(terminal, 65536)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 0
    assert b"Since the start" in seen
    assert b"The last" in seen
