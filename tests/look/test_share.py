"""A shared page over a real socket: nothing without the token, nothing changed with it."""

import io
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest
import segno
from family import tried
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae import look
from atarimae.errors import UsageError
from atarimae.look import share
from atarimae.web.token import Token

TOKEN = "VGhlIHRva2VuIG9mIHRl"


@pytest.fixture
def image(maker):
    return maker.picture("photos/a.png", (200, 0, 0), "獺祭")


@pytest.fixture
def shared(maker, image):
    workspace = maker.record()
    tried(workspace, "基準", 0.7)
    with serving(workspace, TOKEN) as address:
        yield address


@pytest.fixture
def guest(shared):
    """Somebody who opened the address."""
    with httpx.Client(base_url=shared, follow_redirects=True) as client:
        assert client.get(f"/?token={TOKEN}").status_code == 200
        yield client


def paths(maker, image):
    """Every path that is served, with something real in its gaps, and some that are not."""
    app = look.create_app(maker.workspace)
    found = [path.replace("{image}", image) for path in app.openapi()["paths"]]
    static = ["/static/atarimae.css", "/look/look.css", "/look/runs.js", "/static/icon.svg"]
    return [*found, *static, "/openapi.json", "/nothing", "//"]


@pytest.mark.parametrize("cookie", [None, "", TOKEN[:-1], TOKEN + "x", TOKEN.lower(), "é"])
def test_nothing_is_served_without_the_right_token(shared, maker, image, cookie):
    cookies = f"{_name()}={cookie}; atarimae={TOKEN}".encode() if cookie is not None else b""
    with httpx.Client(base_url=shared) as client:
        for path in paths(maker, image):
            said = client.get(path, headers={"Cookie": cookies})
            assert said.status_code == 401, path
            assert "獺祭" not in said.text
            assert "set-cookie" not in said.headers


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_no_other_way_of_asking_helps(shared, method):
    for path in (f"/search?token={TOKEN}", "/runs", "/static/icon.svg"):
        headers = {"Content-Length": "0"}
        assert httpx.request(method, shared + path, headers=headers).status_code == 401


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "%00", "%C3%A9"])
def test_a_wrong_token_in_the_address_gives_no_cookie(shared, token):
    said = httpx.get(f"{shared}/?token={token}")

    assert said.status_code == 401
    assert "set-cookie" not in said.headers
    assert "atarimae" not in said.headers.get("location", "")
    assert said.json()["error"]["fix"].startswith("Open the address")


def test_the_token_becomes_a_cookie_and_leaves_the_address(shared):
    said = httpx.get(f"{shared}/runs?text=獺祭&token={TOKEN}&sort=-score")

    assert said.status_code == 303
    assert said.headers["location"] == "/runs?text=%E7%8D%BA%E7%A5%AD&sort=-score"
    cookie = said.headers["set-cookie"]
    assert TOKEN in cookie
    for flag in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert flag in cookie
    assert "Secure" not in cookie  # it would never come back over plain HTTP
    assert said.headers["referrer-policy"] == "no-referrer"


def test_with_the_token_no_link_leads_to_another_server(shared):
    for path in ("//evil.example/", "/%2Fevil.example", "///evil.example"):
        location = httpx.get(f"{shared}{path}?token={TOKEN}").headers["location"]
        assert re.match(r"/(?!/)", location)


def test_a_guest_sees_pages_and_pictures(guest, maker, image):
    assert guest.get("/runs").status_code == 200
    assert guest.get("/api/runs").json()["runs"][0]["because"] == "基準"
    assert guest.get(f"/thumbnail/{image}.webp").headers["content-type"] == "image/webp"
    assert guest.get("/look/runs.js").status_code == 200
    assert guest.get("/nothing").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_guest_changes_nothing_and_may_search(guest, method):
    headers = {"Content-Length": "0"}
    for path in ("/", "/runs", "/api/runs", "/nothing"):
        said = guest.request(method, path, headers=headers)
        assert said.status_code == 403
        assert "read" in said.json()["error"]["what"]
    search = guest.post("/search", files={"image": b"x"})
    assert search.status_code == 400  # it was asked; there is no bundle
    foreign = {"Origin": "http://evil.example"}
    assert guest.post("/search", files={"image": b"x"}, headers=foreign).status_code == 403


def test_a_tunnels_name_is_answered_with_the_token_alone(shared, guest):
    headers = {"Host": "some-tunnel.example"}

    assert httpx.get(f"{shared}/runs", headers=headers).status_code == 401
    cookie = {"Cookie": f"{_name()}={TOKEN}"}
    assert httpx.get(f"{shared}/runs", headers=headers | cookie).status_code == 200


@pytest.mark.long
def test_two_shared_pages_of_one_machine_have_cookies_of_their_own(shared, guest, maker):
    with serving(maker.workspace, "another token") as address:
        assert guest.get(f"{address}/runs").status_code == 401
        assert guest.get(f"{address}/runs?token=another token").status_code == 200
    assert guest.get("/runs").status_code == 200


def test_on_a_phone_the_scanned_address_opens_the_runs(page, shared):
    page.set_viewport_size(PHONE)
    page.goto(f"{shared}/runs?token={TOKEN}")

    expect(page.locator(".there .reason")).to_have_text("基準")
    expect(page).to_have_url(f"{shared}/runs")
    assert page.evaluate("document.cookie") == ""


def test_whoever_reads_the_images_is_shown_the_keys_for_it_and_none_that_edits(page, shared):
    page.goto(f"{shared}/?token={TOKEN}")
    expect(page.locator(".tile")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.locator("#keys th")).to_have_text(["/", "← → ↑ ↓", "Enter", "?"])
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("?")  # is typed, and no key of the page
    expect(page.locator("input[name=text]")).to_have_value("?")
    expect(page.locator("#keys")).to_be_hidden()


def test_the_command_prints_addresses_and_a_code_that_says_the_first(maker):
    workspace = maker.record()
    command = [sys.executable, "-m", "atarimae", "-C", str(workspace.root), "look"]
    words = ["--share", "--port", "0", "--no-browser"]
    with subprocess.Popen([*command, *words], stderr=subprocess.PIPE, text=True) as running:
        try:
            said = ""
            while "tunnel" not in said:
                line = running.stderr.readline()
                assert line, said
                said += line
            addresses = re.findall(r"http://\S+", said)
            port, token = re.search(r":(\d+)/\?token=(\S+)", addresses[0]).groups()
            assert len(token) >= 22
            assert segno.make(addresses[0], micro=False, error="l").matrix == _read(said)
            assert max(map(len, said.splitlines())) <= 80
            assert httpx.get(f"http://127.0.0.1:{port}/runs").status_code == 401
            assert httpx.get(f"http://127.0.0.1:{port}/runs?token={token}").status_code == 303
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(20)


class Opened(Exception):  # noqa: N818 - it ends the command where it would begin to serve
    pass


def opened(address):
    raise Opened(address)


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.2"])
@pytest.mark.parametrize("edit", [False, True])
def test_a_host_beyond_this_machine_has_a_token_without_being_asked(maker, host, edit):
    with pytest.raises(Opened, match=r"^http://[\d.]+:\d+/\?token=\S{22,}$"):
        look.run(maker.workspace, host, 0, open_browser=False, opened=opened, edit=edit)


def test_on_this_machine_there_is_no_token_and_nothing_to_allow(maker):
    with pytest.raises(Opened, match=r"^http://127.0.0.1:\d+/$"):
        look.run(maker.workspace, port=0, open_browser=False, opened=opened)
    with pytest.raises(UsageError) as error:
        look.run(maker.workspace, port=0, open_browser=False, opened=opened, edit=True)
    assert "--share" in error.value.fix


def test_what_is_told_says_whether_it_can_be_changed():
    for edit, word in ((False, "reading"), (True, "editing")):
        said = io.StringIO()
        share.tell(said, ["http://box:1/?token=t"], edit=edit)
        assert word in said.getvalue()
        assert max(map(len, said.getvalue().splitlines())) <= 80


def test_the_addresses_are_of_this_machine_and_never_its_loopback():
    for address in share.addresses(7860, TOKEN):
        host = re.match(rf"http://([^:/]+):7860/\?token={TOKEN}$", address)[1]
        assert not host.startswith("127.")
        with socket.socket() as tried_:
            tried_.bind((host, 0))  # another machine's would be refused


def _name():
    return Token(None, TOKEN).cookie


def _read(said):
    """The code's modules, 1 for dark, without its border of 2."""
    lines = [line for line in said.splitlines() if line and set(line) <= set(" ▀▄█")]
    rows = []
    for line in lines:
        rows.append([int(block in " ▄") for block in line])
        rows.append([int(block in " ▀") for block in line])
    side = len(lines[0])
    return tuple(bytearray(row[2:-2]) for row in rows[2 : side - 2])
