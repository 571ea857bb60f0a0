"""Sharing the page: the addresses of this machine, and one of them as a QR code."""

import io
import socket
from collections.abc import Iterator
from typing import TextIO

from atarimae.web.token import FIELD

ANYWHERE = "0.0.0.0"  # every IPv4 address of this machine
ROUTED = ("192.0.2.1", 9)  # of RFC 5737, nobody's: only the way there is asked, nothing is sent
WHITE_ON_BLACK, PLAIN = "\x1b[97;40m", "\x1b[0m"


def addresses(port: int, token: str, bound: str = ANYWHERE) -> list[str]:
    """Where others reach the page, the likeliest first; where it is bound to one host, there."""
    if bound != ANYWHERE:
        host = socket.gethostname() if bound == "::" else bound
        return [address(f"[{host}]" if ":" in host else host, port, token)]
    found = dict.fromkeys(host for host in _hosts() if not host.startswith("127."))
    return [address(host, port, token) for host in found or [socket.gethostname()]]


def address(host: str, port: int, token: str) -> str:
    """The whole address."""
    return f"http://{host}:{port}/?{FIELD}={token}"


def tell(stream: TextIO, known: list[str], *, edit: bool = False) -> None:
    """Write the addresses, and the first of them as a QR code."""
    stream.write(f"Shared for {'editing' if edit else 'reading'}, until Ctrl-C:\n\n")
    stream.writelines(f"  {one}\n" for one in known)
    stream.write("\n" + code(known[0], colours=stream.isatty()) + "\n")
    stream.write(
        f"Whoever has an address sees {'and changes ' if edit else ''}every image"
        f"{'' if edit else ' and run'}. Nothing is encrypted on the\n"
        "way: use it in a network that you trust, or through a VPN or tunnel.\n"
    )
    stream.flush()


def code(text: str, *, colours: bool) -> str:
    """A QR code in half blocks; with `colours` also for terminals that are dark on light."""
    import segno

    lines = io.StringIO()
    segno.make(text, micro=False, error="l").terminal(out=lines, compact=True, border=2)
    before, after = (WHITE_ON_BLACK, PLAIN) if colours else ("", "")
    return "".join(f"{before}{line}{after}\n" for line in lines.getvalue().splitlines())


def _hosts() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(ROUTED)
            yield way.getsockname()[0]
        except OSError:
            pass  # no network
    try:
        yield from socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        return
