"""A small server of the explorer's page, for this machine alone.

It listens on the loopback, hands out one page to who knows its token, and gives the equations of deeper networks when
the page asks for them. Whatever else it is asked, it refuses: another path, another host or origin, a body that is too
long or no JSON.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .opening import MOST_DEPTH, Explorer, tables_for
from .page import page_of

__all__ = ["Server"]

LOOPBACK = "127.0.0.1"
MOST_BODY = 4096
#: Who sends a request slower than this many seconds is left.
PATIENCE = 10
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Server(ThreadingHTTPServer):
    """The server of one explorer; `serve_forever` runs it, `shutdown` and `server_close` end it.

    Parameters
    ----------
    explorer : Explorer
    port : int
        0 for any that is free.
    """

    daemon_threads = True

    def __init__(self, explorer: Explorer, port: int = 0) -> None:
        self.token = secrets.token_urlsafe(24)
        self.page = page_of(explorer.payload, explorer.title, served=True).encode()
        super().__init__((LOOPBACK, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report nothing of a browser that has gone, as one does whose tab is closed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """The address of the page, with its token."""
        return f"http://{LOOPBACK}:{self.port}/?token={self.token}"

    @property
    def hosts(self) -> set[str]:
        """The names that a browser on this machine has for it: a page of another name is refused (DNS rebinding)."""
        return {f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"}


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = PATIENCE
    server_version, sys_version = "chainrule", ""

    def do_GET(self) -> None:
        """Hand out the page."""
        if self._trusted():
            if urlsplit(self.path).path != "/":
                self._refuse(HTTPStatus.NOT_FOUND)
            else:
                self._answer(self.server.page, "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """Give the tables of deeper networks: the body is ``{"depth": 5}``."""
        if not self._trusted():
            return
        if urlsplit(self.path).path != "/tables":
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        if self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            return
        body = self._body()
        if body is None:
            return
        depth = _depth_in(body)
        if depth is None:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        content = json.dumps(tables_for((depth,)), ensure_ascii=False).encode()
        self._answer(content, "application/json")

    def _trusted(self) -> bool:
        """Return whether a request comes from the page, or from who has its address; refuse it otherwise."""
        try:
            asked = urlsplit(self.path)
        except ValueError:  # a bracket without its pair
            self._refuse(HTTPStatus.BAD_REQUEST)
            return False
        given = parse_qs(asked.query).get("token", [""])[0]
        hosts, origins = (self.headers.get_all(one, []) for one in ("Host", "Origin"))
        allowed = {f"http://{host}" for host in self.server.hosts}
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        elif not set(origins) <= allowed or not self._knows(given):
            self._refuse(HTTPStatus.FORBIDDEN)
        else:
            return True
        return False

    def _knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.server.token.encode())

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MOST_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            return self.rfile.read(int(length))
        return None

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Print nothing: the address is on the terminal, requests need not be."""


def _depth_in(body: bytes) -> int | None:
    """The depth that a body asks for; None where it asks for something else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or set(found) != {"depth"}:
        return None
    depth = found["depth"]
    return depth if type(depth) is int and 1 <= depth <= MOST_DEPTH else None
