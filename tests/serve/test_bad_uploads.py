"""Each bad upload gets its status and {"error": {what, found, fix}}, and the server goes on."""

import http.client
import json
from urllib.parse import urlsplit

import colours
import pytest
import replica

RED = replica.picture(colours.NAMED["red"])
JPEG = replica.picture(colours.NAMED["red"], (640, 480), "JPEG")


@pytest.mark.parametrize(
    ("upload", "status", "kind", "found"),
    [
        (b"", 400, "empty", "'image' holds 0 bytes."),
        (b"Dear Sir or Madam", 400, "no_image", "begins with 'Dear Sir or '"),
        (b"%PDF-1.7 ...", 400, "no_image", "It is a PDF."),
        (JPEG[: len(JPEG) // 2], 400, "no_image", "The file is cut off"),
        (RED[:40] + b"\0" * 20 + RED[60:], 400, "no_image", "broken"),
        (RED + b"\0" * 200_000, 413, "too_large", "the limit is 200,000."),
        (RED + b"\0" * 2_000_000, 413, "too_large", "the limit is 200,000."),
        (replica.picture("red", (1001, 1000)), 413, "too_many_pixels", "1,001 × 1,000 pixels"),
    ],
    ids=["empty", "text", "pdf", "cut", "broken", "a-bit-too-large", "far-too-large", "pixels"],
)
def test_bad_picture_is_refused_and_counted(server, upload, status, kind, found):
    before = server.metric(f'atarimae_errors_total{{kind="{kind}"}}')
    answered, body = server.ask(upload)
    assert answered == status
    assert list(body) == ["error"]
    assert list(body["error"]) == ["what", "found", "fix"]
    assert found in body["error"]["found"]
    assert all(body["error"].values())
    assert server.metric(f'atarimae_errors_total{{kind="{kind}"}}') == before + 1
    assert server.ask(RED)[0] == 200


@pytest.mark.parametrize(
    ("form", "status", "found"),
    [
        (replica.form(RED, "file"), 422, "The form has 'file'."),
        ((b"--B--\r\n", "multipart/form-data; boundary=B"), 422, "no field at all"),
        (
            (
                replica.form(RED)[0].replace(b"; filename", b"; x"),
                "multipart/form-data; boundary=B",
            ),
            422,
            "holds text",
        ),
        (
            (replica.form(RED)[0][:-7] + replica.form(RED)[0], "multipart/form-data; boundary=B"),
            422,
            "2 times",
        ),
        ((b"{}", "application/json"), 415, "'application/json'"),
        ((RED, "image/png"), 415, "'image/png'"),
        ((RED, "multipart/form-data"), 400, "boundary"),
        ((b"nonsense", "multipart/form-data; boundary=B"), 400, "Invalid"),
    ],
    ids=["wrong-field", "no-field", "text-field", "twice", "json", "bare", "no-boundary", "broken"],
)
def test_bad_form_is_refused_with_an_example(server, form, status, found):
    body, kind = form
    answered, said = server.send("POST", "/nearest", body, content_type=kind)
    assert (answered, found in said["error"]["found"]) == (status, True), said
    assert "curl -F image=@photo.jpg" in said["error"]["fix"]
    assert server.ask(RED)[0] == 200


def test_upload_of_unknown_length_is_cut_at_the_limit(server):
    body, kind = replica.form(RED + b"\0" * 5_000_000)
    line = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    chunks = (body[start : start + 65536] for start in range(0, len(body), 65536))
    line.request("POST", "/nearest", chunks, {"Content-Type": kind}, encode_chunked=True)
    response = line.getresponse()
    assert response.status == 413
    assert "More than 200,000 bytes came" in json.loads(response.read())["error"]["found"]
    line.close()
    assert server.ask(RED)[0] == 200


def test_upload_that_breaks_off_leaves_the_server_alive(server):
    body, kind = replica.form(JPEG)
    line = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    line.putrequest("POST", "/nearest")
    line.putheader("Content-Type", kind)
    line.putheader("Content-Length", str(len(body)))
    line.endheaders(body[:500])
    line.close()
    replica.until(lambda: server.metric('atarimae_errors_total{kind="cut_off"}') == 1)
    assert server.ask(RED)[0] == 200


@pytest.mark.parametrize("path", ["/nearest", "/nothing", "/thumbnail/nothing", "/static/nothing"])
def test_wrong_address_has_the_same_error_shape(server, path):
    status, body = server.get(path)
    assert status == (405 if path == "/nearest" else 404)
    assert list(body["error"]) == ["what", "found", "fix"]


@pytest.mark.parametrize("path", ["/thumbnail/../bundle.json", "/static/../frame.py"])
def test_nothing_else_of_the_disk_is_served(server, path):
    assert server.get(path)[0] == 404
