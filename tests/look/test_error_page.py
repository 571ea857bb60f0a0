"""What a person sees who opens an address that is none, and what a script is told."""

import pytest
from fastapi.testclient import TestClient

from atarimae import look

TOKEN = "a-token-of-the-test"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ADDRESS = "http://127.0.0.1:8321"


@pytest.fixture
def client(maker):
    maker.picture("a.png", (200, 30, 30), "獺祭")
    return TestClient(look.create_app(maker.record()), base_url=ADDRESS)


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/nothing", 404, "There is no page /nothing."),
        ("/runs/none", 404, "none"),
        ("/annotate/abc", 404, "abc"),
        ("/filter/none", 400, "No filter &#39;none&#39;."),
        ("/api/images?start=-1", 422, "values that can&#39;t be used"),
        ("/<script>alert(1)</script>", 404, "no page /&lt;script&gt;"),
    ],
)
def test_a_person_reads_an_error_on_a_page_with_the_way_back(client, path, status, word):
    shown = client.get(path, headers=BROWSER)
    told = client.get(path)

    assert (shown.status_code, told.status_code) == (status, status)
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in shown.headers["content-security-policy"]
    assert word in shown.text
    assert '<a href="/map">Map</a>' in shown.text
    assert "<script>alert" not in shown.text
    assert set(told.json()["error"]) == {"what", "found", "fix"}


def test_who_comes_without_the_token_reads_why_and_nothing_else(maker):
    maker.picture("a.png", (200, 30, 30), "獺祭")
    app = look.create_app(maker.record(), token=TOKEN)
    said = TestClient(app, base_url=ADDRESS).get("/", headers=BROWSER)

    assert said.status_code == 401
    assert "only to those who have its whole address" in said.text
    assert "<style>" in said.text, "its style is in it, since no other file is given out"
    assert 'src="' not in said.text
    assert "獺祭" not in said.text
    assert TOKEN not in said.text


def test_a_kept_filter_may_have_any_name(client):
    name = "a/b 日本? #1"
    client.post("/api/filters", json={"name": name, "query": "label=獺祭"})
    kept = client.get("/filter/a%2Fb%20日本%3F%20%231", follow_redirects=False)
    assert (kept.status_code, kept.headers["location"]) == (303, "/?label=%E7%8D%BA%E7%A5%AD")
