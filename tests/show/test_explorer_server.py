"""The explorer's server over real HTTP: the page to who knows the token, and nothing to anyone else."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chainrule.show.explorer import Server, explore


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(explore()) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def ask(
    server: Server,
    method: str = "GET",
    path: str | None = None,
    body: bytes | None = None,
    **headers: str,
) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path or f"/?token={server.token}", body, named)
    answer = connection.getresponse()
    found = answer.status, answer.read(), dict(answer.getheaders())
    connection.close()
    return found


def tables(server: Server, body: Any, **headers: str) -> tuple[int, bytes]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content_Type": "application/json", **headers}
    return ask(server, "POST", f"/tables?token={server.token}", raw, **headers)[:2]


def test_the_page_is_handed_out_to_who_knows_the_token(server: Server) -> None:
    status, page, headers = ask(server)
    assert status == 200
    assert b"<title>example" in page
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert b"connect-src 'self'" in page


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/?other=1"])
def test_a_wrong_token_is_refused(server: Server, path: str) -> None:
    assert ask(server, path=path)[:2] == (403, b"")


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/%2e%2e/etc/passwd", "//etc/passwd", "/tables", "/x"]
)
def test_a_path_outside_is_refused(server: Server, path: str) -> None:
    assert ask(server, path=f"{path}?token={server.token}")[:2] == (404, b"")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
def test_another_origin_is_refused(server: Server, origin: str) -> None:
    assert ask(server, Origin=origin)[:2] == (403, b"")
    assert tables(server, {"depth": 5}, Origin=origin) == (403, b"")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", ""])
def test_another_name_of_the_host_is_refused(server: Server, host: str) -> None:
    assert ask(server, Host=host)[:2] == (421, b"")


def test_the_equations_of_a_deeper_network_are_handed_out(server: Server) -> None:
    status, content = tables(
        server, {"depth": 6}, Origin=f"http://127.0.0.1:{server.port}"
    )
    assert status == 200
    assert {"1", "4", "6"} <= set(json.loads(content)["notations"]["keys"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 3000,
        b"\xff\xfe",
        b"NaN",
        {},
        [5],
        {"depth": 0},
        {"depth": 13},
        {"depth": True},
        {"depth": "5"},
        {"depth": 5.0},
        {"depth": 5, "more": 1},
    ],
)
def test_a_malformed_body_is_refused(server: Server, body: Any) -> None:
    assert tables(server, body) == (400, b"")


def test_a_huge_body_is_refused_unread(server: Server) -> None:
    assert tables(server, b" " * 5000)[0] == 413
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        head = (
            f"POST /tables?token={server.token} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            "Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
        )
        line.sendall(head.encode())
        assert line.recv(4096).split()[1] == b"413"


@pytest.mark.parametrize("length", ["-1", "many", "1e3", "²"])
def test_a_body_of_no_length_is_refused(server: Server, length: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        head = (
            f"POST /tables?token={server.token} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
        line.sendall(head.encode())
        assert line.recv(4096).split()[1] == b"411"


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [("http://[", "", b"400"), ("/", "Host: evil.example\r\n", b"421")],
    ids=["no address", "two hosts"],
)
def test_a_head_that_no_browser_sends_is_refused(
    server: Server, path: str, more: str, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        own = f"Host: 127.0.0.1:{server.port}\r\n"
        head = f"GET {path}?token={server.token} HTTP/1.1\r\n{own}{more}\r\n"
        line.sendall(head.encode())
        assert line.recv(4096).split()[1] == status


def test_a_browser_that_has_gone_is_no_error(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    head = (
        f"GET /?token={server.token} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
    )
    for _ in range(3):  # with a reset, before the page is out
        with socket.socket() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            line.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            line.connect(("127.0.0.1", server.port))
            line.sendall(head.encode())
            assert line.recv(1)
    assert ask(server)[0] == 200
    assert capsys.readouterr().err == ""


def test_another_kind_of_body_and_other_methods_are_refused(server: Server) -> None:
    assert tables(server, {"depth": 5}, Content_Type="text/plain")[0] == 415
    for method in ("HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"):
        assert ask(server, method)[0] == 501


def test_nothing_but_the_loopback_is_listened_on(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_each_server_has_a_token_of_its_own(server: Server) -> None:
    with Server(explore()) as other:
        assert other.token != server.token
        assert len(other.token) == 32
