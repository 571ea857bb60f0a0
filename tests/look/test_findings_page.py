"""The page of findings while the first look at the pixels goes on."""

from threading import Event

from fastapi.testclient import TestClient
from scenes import flip, scene

from atarimae import look
from atarimae.look import site
from atarimae.look.pages import findings, images


def test_a_long_look_tells_how_far_it_is_and_its_findings_come_when_it_is_done(maker, monkeypatch):
    one = maker.drawn("a.png", scene(0), "酒")
    maker.drawn("b.png", flip(scene(0)), "酒")
    client = TestClient(look.create_app(maker.record()), base_url="http://127.0.0.1")
    goes_on, real = Event(), site.run

    def slow(data, known):
        known.surveyor.progress(1, 2)
        goes_on.wait(20)
        return real(data, known)

    monkeypatch.setattr(site, "run", slow)
    monkeypatch.setattr(findings, "WAIT", 0.1)
    monkeypatch.setattr(images, "WAIT", 0.1)

    assert "Looking at every image, once: 1 of 2." in client.get("/findings").text
    assert client.get(f"/image/{one}").status_code == 200  # shown without findings

    goes_on.set()
    monkeypatch.setattr(findings, "WAIT", 20)
    assert "2 images show one picture." in client.get("/findings").text
