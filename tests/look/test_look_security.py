"""Nothing but the store's own files is served, to nobody but this machine's own page."""

import os
import socket

import pytest
from fastapi.testclient import TestClient

from atarimae import look
from atarimae.errors import AtarimaeError, UsageError
from atarimae.look import app, content, thumbnails
from atarimae.web import guard

RED, BLUE = (200, 0, 0), (0, 0, 200)
SCRIPT = "<script>alert('獺祭')</script>"


@pytest.fixture
def image(maker):
    return maker.picture("photos/a.png", RED, SCRIPT, source='"><img src=x onerror=alert(1)>')


@pytest.fixture
def client(maker, image):
    return TestClient(look.create_app(maker.record()), base_url="http://127.0.0.1:8321")


def test_a_known_image_is_served(client, image, maker):
    thumbnail = client.get(f"/thumbnail/{image}.webp")
    original = client.get(f"/original/{image}")

    assert thumbnail.headers["content-type"] == "image/webp"
    assert thumbnail.content[8:12] == b"WEBP"
    assert original.content == (maker.workspace.root / "photos/a.png").read_bytes()
    assert original.headers["content-type"] == "image/png"
    assert original.headers["x-content-type-options"] == "nosniff"
    assert original.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "route",
    ["/thumbnail/{}.webp", "/picture/{}.webp", "/original/{}", "/api/sheet/{}", "/tile/{}/0/0_0"],
)
@pytest.mark.parametrize(
    "name",
    [
        "../atarimae.toml",
        "..%2f..%2fatarimae.toml",
        "%2e%2e/atarimae.toml",
        "..%5catarimae.toml",
        "photos/a.png",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "0" * 64,
        "%00",
    ],
)
def test_only_hashes_of_the_store_are_served(client, route, name):
    said = client.get(route.format(name))

    assert said.status_code == 404
    assert "error" in said.json()


@pytest.mark.parametrize(
    "path", ["/static/../frame.py", "/look/%2e%2e/frame.py", "/look/..%2fapp.py"]
)
def test_static_files_stay_in_their_folder(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("swapped", ["link", "other content", "pipe", "folder", "gone"])
def test_what_took_a_files_place_is_not_served(client, image, maker, tmp_path, swapped):
    place = maker.workspace.root / "photos/a.png"
    size = place.stat().st_size
    place.unlink()
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"s" * size)
    if swapped == "link":
        place.symlink_to(secret)
    elif swapped == "other content":
        place.write_bytes(b"s" * size)
    elif swapped == "pipe":
        os.mkfifo(place)
    elif swapped == "folder":
        place.mkdir()

    for path in (f"/original/{image}", f"/thumbnail/{image}.webp", f"/picture/{image}.webp"):
        assert client.get(path).status_code == 404


def test_a_second_file_of_the_image_steps_in(client, image, maker):
    maker.picture("photos/b.png", RED)
    workspace = maker.record()
    (workspace.root / "photos/a.png").write_bytes(b"changed")
    client = TestClient(look.create_app(workspace), base_url="http://localhost")

    assert client.get(f"/original/{image}").status_code == 200


def test_a_file_too_large_for_memory_is_checked_and_served_as_well(
    client, image, maker, monkeypatch
):
    for module in (content, thumbnails):
        monkeypatch.setattr(module, "IN_MEMORY", 10)
    place = maker.workspace.root / "photos/a.png"
    honest = place.read_bytes()

    assert client.get(f"/original/{image}").content == honest
    assert client.get(f"/thumbnail/{image}.webp").content[8:12] == b"WEBP"
    place.write_bytes(honest[::-1])
    assert client.get(f"/original/{image}").status_code == 404
    assert client.get(f"/picture/{image}.webp").status_code == 404


@pytest.mark.parametrize("name", ["evil.svg", "evil.html"])
def test_svg_and_html_in_the_store_are_never_shown_as_such(maker, name):
    text = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    image = maker.content(name, text, (8, 8), format=name.split(".")[1].upper())
    client = TestClient(look.create_app(maker.record()), base_url="http://127.0.0.1")

    assert client.get(f"/thumbnail/{image}.webp").status_code == 404
    original = client.get(f"/original/{image}")
    assert original.headers["content-type"] == "application/octet-stream"
    assert original.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("page", ["/findings", "/image/{}", "/?label={}"])
def test_labels_are_shown_as_text(client, image, page):
    said = client.get(page.format(SCRIPT if "label" in page else image))

    assert said.status_code == 200
    assert "<script>alert" not in said.text
    assert "<img src=x" not in said.text
    assert "&lt;script&gt;alert" in said.text
    assert "default-src 'self'" in said.headers["content-security-policy"]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8321", "127.0.0.1.evil.example", "", "[::1", "10.0.0.7"],
)
def test_foreign_hosts_are_refused(client, host):
    said = client.get("/api/images", headers={"Host": host})

    assert said.status_code == 403
    assert host in said.json()["error"]["found"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8321", "[::1]:8321", "LOCALHOST"])
def test_this_machines_names_are_answered(client, host):
    assert client.get("/api/images", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "gpu-box"])
def test_beyond_this_machine_there_is_no_page_without_a_token(maker, host):
    with pytest.raises(UsageError) as error:
        look.create_app(maker.workspace, host)

    assert host in error.value.what
    client = TestClient(look.create_app(maker.workspace, host, "t"), base_url="http://gpu-box")
    assert client.get("/").status_code == 401


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
def test_a_post_from_another_page_is_refused(client, origin):
    said = client.post("/search", files={"image": b"x"}, headers={"Origin": origin})

    assert said.status_code == 403
    assert origin in said.json()["error"]["found"]


def test_a_post_from_this_page_is_answered(client):
    headers = {"Origin": "http://127.0.0.1:8321"}
    said = client.post("/search", files={"image": b"x"}, headers=headers)

    assert said.status_code == 400  # there is no bundle
    assert "atarimae ship" in said.json()["error"]["fix"]


def test_a_large_upload_is_refused_before_it_is_read(client):
    headers = {"Content-Length": str(guard.MOST_BYTES + 1)}

    assert client.post("/search", content=b"x", headers=headers).status_code == 413


def test_a_port_in_use_is_an_error_in_three_parts():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AtarimaeError) as error:
            app.listen("127.0.0.1", port)

    assert str(port) in error.value.what
    assert "--port" in error.value.fix


def test_without_a_port_the_next_free_one_is_taken():
    first = app.listen("127.0.0.1", None)
    second = app.listen("127.0.0.1", None)
    with first, second:
        assert first.getsockname()[1] != second.getsockname()[1]


def test_small_answers_are_sent_at_once():
    with app.listen("127.0.0.1", None) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
