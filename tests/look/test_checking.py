"""Nobody waits for checks that take long: the page says that they run."""

import threading

import pytest
from fastapi.testclient import TestClient

from atarimae import look
from atarimae.look import checks
from atarimae.look.checks import Check

RUNNING = "Looking at every image"


@pytest.fixture
def gate(monkeypatch):
    """One check more, which goes through when this is set."""
    opened = threading.Event()

    def find(data, beside):
        opened.wait(60)
        return []

    monkeypatch.setattr(checks, "CHECKS", (*checks.CHECKS, Check("slow", "It is slow.", find)))
    return opened


@pytest.fixture
def client(maker):
    maker.picture("a.png", (80, 0, 0), "獺祭", "出羽桜")
    return TestClient(look.create_app(maker.record()), base_url="http://127.0.0.1")


def test_pages_say_that_the_checks_run_and_show_what_they_found_once_it_is_there(client, gate):
    assert RUNNING in client.get("/findings").text
    assert RUNNING in client.get("/queue").text
    image = client.get("/api/images").json()["items"][0]["image"]
    assert "several labels" not in client.get(f"/image/{image}").text.lower()

    gate.set()
    found = client.get("/findings").text
    assert RUNNING not in found
    assert "出羽桜" in found
    assert "獺祭" in client.get(f"/image/{image}").text


def test_a_change_is_checked_and_what_was_found_before_is_shown_meanwhile(client, maker, gate):
    gate.set()
    assert RUNNING not in client.get("/findings").text
    gate.clear()
    maker.picture("b.png", (0, 80, 0), "獺祭", "久保田")
    maker.record()
    pages = [client.get("/findings").text for _ in range(2)]  # the data is read again each second
    assert RUNNING in pages[-1]
    image = client.get("/api/images").json()["items"][0]["image"]
    assert 'class="note"' in client.get(f"/image/{image}").text
    gate.set()
    assert "久保田" in client.get("/findings").text


def test_checks_that_fail_say_so_on_the_page(client, monkeypatch):
    def find(data, beside):
        raise OSError("the disk is gone")

    monkeypatch.setattr(checks, "CHECKS", (Check("broken", "It breaks.", find),))
    with pytest.raises(OSError, match="the disk is gone"):
        client.get("/findings")
