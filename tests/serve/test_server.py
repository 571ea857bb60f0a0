"""The server as its clients and its operator see it."""

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import colours
import pytest
import replica
from fastapi.testclient import TestClient

from atarimae import serve
from atarimae.errors import AtarimaeError


def test_answers_with_the_nearest_and_says_unknown(server):
    status, body = server.ask(replica.picture((45, 45, 190), (640, 480), "JPEG"))
    assert status == 200
    assert body["unknown"] is False
    assert body["matches"][0]["label"] == "青"
    assert body["matches"][0]["id"] == "photos/青.jpg"
    assert server.ask(replica.picture("yellow"))[1]["unknown"] is True


def test_openapi_describes_the_question_and_no_page_loads_from_elsewhere(server):
    described = server.get("/openapi.json")[1]
    form = described["paths"]["/nearest"]["post"]["requestBody"]["content"]
    assert form["multipart/form-data"]["schema"]["required"] == ["image"]
    assert {"/healthz", "/readyz", "/metrics"} < set(described["paths"])
    assert server.get("/docs")[0] == 404
    assert "https://" not in server.get("/")[1]


def test_thumbnails_are_served_where_they_were_shipped(server):
    assert server.get("/thumbnail/photos/red.jpg")[0] == 200
    assert server.get(f"/thumbnail/{0:064x}")[0] == 200
    assert server.get("/thumbnail/photos/green.jpg")[0] == 404


def test_counts_requests_errors_unknowns_and_every_function(tmp_path):
    known, strange = replica.picture(colours.NAMED["red"]), replica.picture("yellow")
    with replica.serving(colours.ship(tmp_path / "bundle")) as server:
        for picture in (known, strange, known, strange, strange, b"no image", b""):
            server.ask(picture)
        assert server.metric('atarimae_requests_total{status="200"}') == 5
        assert server.metric('atarimae_requests_total{status="400"}') == 2
        assert server.metric('atarimae_errors_total{kind="no_image"}') == 1
        assert server.metric('atarimae_errors_total{kind="empty"}') == 1
        assert server.metric("atarimae_unknown_total") == 3
        assert server.metric('atarimae_bundle_info{run="2026-11-22-mean",task="colours"}') == 1
        for function in ("wait", "decode", "resize", "embed", "nearest", "total"):
            assert server.metric(f'atarimae_seconds_count{{function="{function}"}}') == 5


def test_concurrent_answers_are_the_serial_ones(server):
    pictures = [replica.picture((n * 3 % 256, n * 7 % 256, n * 11 % 256)) for n in range(48)]
    serial = [server.ask(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(server.ask, pictures)) == serial


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example"])
def test_foreign_name_that_points_here_is_refused(server, host):
    status, body = server.send("GET", "/", host=host)
    assert status == 403
    assert host in body["error"]["found"]


def test_page_of_another_site_may_not_ask(server):
    body, kind = replica.form(replica.picture("red"))
    sent = {"content-type": kind, "origin": "http://evil.example"}
    assert server.send("POST", "/nearest", body, **sent)[0] == 403


def test_bound_elsewhere_any_host_is_answered(tmp_path):
    bundle = colours.ship(tmp_path / "bundle")
    for host, status in ((None, 200), ("0.0.0.0", 200), ("127.0.0.1", 403), ("::1", 403)):
        app = serve.create_app(bundle, host=host)
        with TestClient(app, base_url="http://gpu-box:8000") as client:
            assert client.get("/healthz").status_code == status


def test_uploads_that_come_slowly_take_a_place_each_and_no_more(tmp_path):
    with replica.serving(colours.ship(tmp_path / "bundle")) as server:
        address = urlsplit(server.url)
        head = "POST /nearest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n"
        head += "Content-Type: multipart/form-data; boundary=B\r\n\r\n--B\r\n"
        slow = []
        for _ in range(serve.Limits().waiting):
            slow.append(socket.create_connection((address.hostname, address.port)))
            slow[-1].sendall(head.encode())
        replica.until(lambda: server.ask(replica.picture("red"))[0] == 503)
        assert server.metric('atarimae_errors_total{kind="busy"}') == 1
        for line in slow:
            line.close()
        replica.until(lambda: server.ask(replica.picture("red"))[0] == 200)


def test_health_is_answered_while_the_model_works(tmp_path):
    bundle = colours.ship(tmp_path / "bundle", answer_seconds=1.5)
    with replica.serving(bundle) as server, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.ask, replica.picture("red"))
        time.sleep(0.3)
        assert server.get("/healthz") == (200, {"alive": True})
        assert not asked.done()
        assert asked.result()[0] == 200


def test_lives_at_once_and_is_ready_when_a_first_question_is_answered(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = replica.launch(colours.ship(tmp_path / "bundle", load_seconds=2), port)
    server.url = f"http://127.0.0.1:{port}"
    replica.until(lambda: _answers(server))
    status, body = server.get("/readyz")
    assert (status, body["error"]["found"]) == (503, "The bundle is being loaded.")
    assert server.ask(replica.picture("red"))[0] == 503
    assert server.get("/healthz")[0] == 200
    replica.until(lambda: server.get("/readyz") == (200, {"ready": True}))
    assert server.ask(replica.picture("red"))[0] == 200
    assert server.stop(signal.SIGINT)[0] == 0, "Ctrl-C is no error"


def test_sigterm_ends_what_is_under_way_and_torch_was_never_imported(tmp_path):
    bundle = colours.ship(tmp_path / "bundle", answer_seconds=0.5)
    with replica.serving(bundle) as server, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.ask, replica.picture(colours.NAMED["red"]))
        time.sleep(0.25)
        code, out, err = server.stop(signal.SIGTERM)
        assert asked.result()[0] == 200, "the request under way was dropped"
    assert (code, out, err) == (0, "no torch\n", "")


def test_port_in_use_is_said_before_anything_is_loaded(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AtarimaeError) as caught:
            serve.run(tmp_path / "no bundle", port=port)
    assert caught.value.as_dict() == {
        "what": f"Can't listen on 127.0.0.1, port {port}.",
        "found": "The port is in use.",
        "fix": f"Stop what uses it, or choose --port {port + 1}.",
    }


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("127.0.0.1", 70_000)])
def test_address_that_is_none_is_said(tmp_path, host, port):
    with pytest.raises(AtarimaeError, match=f"Can't listen on {host}, port {port}"):
        serve.run(tmp_path, host, port)


@pytest.mark.parametrize("name", ["mean.onnx", "index.safetensors", "model.json"])
def test_flipped_byte_refuses_to_start(tmp_path, name):
    bundle = colours.ship(tmp_path / "bundle")
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(AtarimaeError, match="is not what was shipped") as caught:
        serve.run(bundle, port=0)
    assert f"{name} has changed" in caught.value.found


def test_folder_that_is_no_bundle_refuses_to_start(tmp_path):
    with pytest.raises(AtarimaeError, match="is no bundle"):
        serve.run(tmp_path, port=0)


def test_model_that_cannot_be_loaded_ends_the_server(tmp_path):
    bundle = colours.ship(tmp_path / "bundle", load_seconds=-1)  # time.sleep raises ValueError
    # In a thread of its own: the browser of other tests keeps an event loop in this one.
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="non-negative"):
        pool.submit(serve.run, bundle, port=0).result(timeout=60)


def _answers(server):
    try:
        return server.get("/healthz")[0] == 200
    except OSError:
        return False
