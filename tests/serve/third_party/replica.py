"""A real server in a process of its own, and questions to it as a client would put them."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

HERE = str(Path(__file__).parent)
START = """
import sys
from pathlib import Path
from atarimae import serve
from atarimae.errors import AtarimaeError
try:
    serve.run(Path(sys.argv[1]), port=int(sys.argv[2]), max_bytes=200_000, max_pixels=1_000_000)
except AtarimaeError as error:
    sys.exit(f"{error.what}|{error.found}|{error.fix}")
print("torch" if "torch" in sys.modules else "no torch")
"""


@dataclass
class Replica:
    """A server under way."""

    process: subprocess.Popen[str]
    url: str = ""

    def send(self, method: str, path: str, body: bytes = b"", **headers: str):
        """Status and body: JSON as what it says, anything else as text."""
        line = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            line.request(
                method, path, body or None, {k.replace("_", "-"): v for k, v in headers.items()}
            )
            response = line.getresponse()
            text = response.read()
            if response.headers.get_content_type() == "application/json":
                return response.status, json.loads(text)
            return response.status, text.decode("utf-8", "replace")
        finally:
            line.close()

    def get(self, path: str):
        return self.send("GET", path)

    def ask(self, picture: bytes, field: str = "image", path: str = "/nearest"):
        body, kind = form(picture, field)
        return self.send("POST", path, body, content_type=kind)

    def metric(self, name: str) -> float:
        """The value of one sample, by its name and labels as /metrics writes them."""
        lines = [line.rpartition(" ") for line in self.get("/metrics")[1].splitlines()]
        return sum(float(value) for key, _, value in lines if key == name)

    def stop(self, how: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=15)
        return self.process.returncode, out, err


def launch(folder: Path, port: int = 0) -> Replica:
    """A server that has just been started."""
    paths = os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH", "")]))
    return Replica(
        subprocess.Popen(
            [sys.executable, "-c", START, str(folder), str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": paths},
        )
    )


@contextmanager
def serving(folder: Path) -> Iterator[Replica]:
    """A server that has said that it is ready, on a free port."""
    replica = launch(folder)
    assert replica.process.stderr
    said = replica.process.stderr.readline()
    assert said.startswith("http://"), said + replica.process.stderr.read()
    replica.url = said.split()[0]
    try:
        yield replica
    finally:
        if replica.process.poll() is None:
            replica.stop()


def form(picture: bytes, field: str = "image", name: str = "写真.jpg") -> tuple[bytes, str]:
    """A multipart body and its content type."""
    head = f'--B\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return head.encode() + picture + b"\r\n--B--\r\n", "multipart/form-data; boundary=B"


def picture(colour, size: tuple[int, int] = (64, 48), format: str = "PNG") -> bytes:
    stream = BytesIO()
    Image.new("RGB", size, colour).save(stream, format)
    return stream.getvalue()


def until(true, seconds: float = 15) -> None:
    """Wait until it is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
