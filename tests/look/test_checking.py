"""Nobody waits for checks that take long: the page says that they run."""

import threading
import time

import pytest
from fastapi.testclient import TestClient

from atarimae import look
from atarimae.look import checks
from atarimae.look.checks import Check
from atarimae.look.pages import findings

RUNNING = "Looking at every image"


@pytest.fixture
def gate(monkeypatch):
    """One check more, which goes through when this is set."""
    opened = threading.Event()

    def find(data, beside):
        opened.wait(60)
        return []

    monkeypatch.setattr(findings, "PATIENCE", 0.3)
    monkeypatch.setattr(checks, "CHECKS", (*checks.CHECKS, Check("slow", "It is slow.", find)))
    return opened


@pytest.fixture
def client(maker):
    maker.picture("a.png", (80, 0, 0), "獺祭", "出羽桜")
    return TestClient(look.create_app(maker.record()), base_url="http://127.0.0.1")


def over(client):
    """The page of findings, once it is there."""
    while RUNNING in (text := client.get("/findings").text):
        time.sleep(0.05)
    return text


def test_pages_say_that_the_checks_run_and_show_what_they_found_once_it_is_there(client, gate):
    assert RUNNING in client.get("/findings").text
    assert RUNNING in client.get("/queue").text
    image = client.get("/api/images").json()["items"][0]["image"]
    assert "several labels" not in client.get(f"/image/{image}").text.lower()

    gate.set()
    found = over(client)
    assert "出羽桜" in found
    assert "獺祭" in client.get(f"/image/{image}").text


def test_a_change_is_checked_and_what_was_found_before_is_shown_meanwhile(client, maker, gate):
    gate.set()
    over(client)
    gate.clear()
    maker.picture("b.png", (0, 80, 0), "獺祭", "久保田")
    maker.record()
    while RUNNING not in client.get("/findings").text:  # the data is read again each second
        time.sleep(0.1)
    image = client.get("/api/images").json()["items"][0]["image"]
    assert 'class="note"' in client.get(f"/image/{image}").text
    gate.set()
    ends = time.monotonic() + 20
    while "久保田" not in over(client):  # labels may be newer than the files for a second
        assert time.monotonic() < ends


def test_checks_that_fail_say_so_on_the_page(client, monkeypatch):
    def find(data, beside):
        raise OSError("the disk is gone")

    monkeypatch.setattr(checks, "CHECKS", (Check("broken", "It breaks.", find),))
    with pytest.raises(OSError, match="the disk is gone"):
        client.get("/findings")
