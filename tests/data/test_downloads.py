"""Downloads, from a real server on this machine: cut off, resumed, altered, unreachable."""

import gzip
import hashlib
import http.server
import os
import pty
import re
import struct
import subprocess
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from chainrule import InputError, load_data
from chainrule.data.downloads import DownloadError, PublishedFile, fetch
from chainrule.data.image_sets import IMAGE_SETS, PARTS, data_folder

from ..support.commands import COMMAND, chainrule

CONTENT = np.random.default_rng(0).bytes(500_000)
FILE = PublishedFile("rows.bin", "md5:" + hashlib.md5(CONTENT).hexdigest())
#: Nothing listens on this port of this machine.
NOWHERE = "http://127.0.0.1:9/"


@dataclass
class Site:
    """A server: what it serves, how often it breaks off and after how many bytes, what it was asked for."""

    address: str = ""
    files: dict = field(default_factory=lambda: {"/rows.bin": CONTENT})
    cuts: list = field(default_factory=list)
    ranges: bool = True
    asked: list = field(default_factory=list)


@pytest.fixture
def site():
    here = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range")
            here.asked.append((self.path, wanted))
            content = here.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            start = (
                int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
                if wanted and here.ranges
                else 0
            )
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206 if wanted and here.ranges else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            end = start + here.cuts.pop(0) if here.cuts else len(content)
            self.wfile.write(content[start:end])

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


def test_whole(site, tmp_path):
    assert fetch(FILE, [site.address], tmp_path / "new").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["rows.bin"]
    fetch(FILE, [NOWHERE], tmp_path / "new")  # it is there: nothing is asked for
    assert len(site.asked) == 1


def test_goes_on_where_the_connection_broke(site, tmp_path):
    site.cuts = [100_000, 150_000]
    assert fetch(FILE, [site.address], tmp_path).read_bytes() == CONTENT
    assert [wanted for _, wanted in site.asked] == [
        None,
        "bytes=100000-",
        "bytes=250000-",
    ]


def test_goes_on_in_the_next_call_and_at_another_address(site, tmp_path):
    site.cuts = [100_000, 0, 0]
    with pytest.raises(
        DownloadError,
        match=r"broke off after 100000 of 500000 bytes.*continues where it broke off",
    ):
        fetch(FILE, [site.address], tmp_path)
    assert (tmp_path / "rows.bin.part").stat().st_size == 100_000
    assert not (tmp_path / "rows.bin").exists()
    site.cuts = []
    assert fetch(FILE, [NOWHERE, site.address], tmp_path).read_bytes() == CONTENT
    assert site.asked[-1] == ("/rows.bin", "bytes=100000-")


def test_a_server_that_cannot_go_on_starts_anew(site, tmp_path):
    site.ranges = False
    (tmp_path / "rows.bin.part").write_bytes(CONTENT[:1000])
    assert fetch(FILE, [site.address], tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("rest", [b"not a beginning", CONTENT + b"more"])
def test_a_rest_that_is_no_beginning_is_thrown_away(site, tmp_path, rest):
    (tmp_path / "rows.bin.part").write_bytes(rest)
    if len(rest) < len(CONTENT):  # a longer one is found out by the server
        with pytest.raises(DownloadError, match="wrong checksum"):
            fetch(FILE, [site.address], tmp_path)
        assert not (tmp_path / "rows.bin.part").exists()
    assert fetch(FILE, [site.address], tmp_path).read_bytes() == CONTENT


def test_an_altered_file_is_not_taken_and_another_address_is_asked(site, tmp_path):
    altered = bytearray(CONTENT)
    altered[1234] ^= 1
    site.files["/bad/rows.bin"] = bytes(altered)
    with pytest.raises(
        DownloadError,
        match=r"127\.0\.0\.1:\d+: another file than the published one \(wrong checksum\)",
    ):
        fetch(FILE, [f"{site.address}bad/"], tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert (
        fetch(FILE, [f"{site.address}bad/", site.address], tmp_path).read_bytes()
        == CONTENT
    )


def test_a_file_that_is_there_and_altered_is_kept_and_refused(site, tmp_path):
    (tmp_path / "rows.bin").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"not the published file.*md5 is"):
        fetch(FILE, [site.address], tmp_path)
    assert (tmp_path / "rows.bin").read_bytes() == b"mine"


def test_no_network_is_said_with_what_to_do(tmp_path):
    done = chainrule(
        "train",
        "fashion_mnist",
        cwd=tmp_path,
        CHAINRULE_MIRROR=NOWHERE,
        CHAINRULE_DATA="here",
    )
    assert done.returncode == 1
    assert re.fullmatch(
        r"chainrule: train-images-idx3-ubyte\.gz could not be downloaded \(127\.0\.0\.1:9: Connection refused\)\. "
        r"Is there a network\? .*put the file into here/fashion_mnist/ yourself.*\n",
        done.stderr,
    )
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


# A whole image set


def idx(array):
    """As the published files are written."""
    return gzip.compress(
        bytes([0, 0, 8, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.tobytes()
    )


def test_an_image_set_is_fetched_once_verified_and_read(site, tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    arrays = {
        "x_train": rng.integers(0, 256, (30, 28, 28), np.uint8),
        "y_train": np.arange(30, dtype=np.uint8) % 10,
    }
    arrays |= {
        "x_test": rng.integers(0, 256, (10, 28, 28), np.uint8),
        "y_test": np.arange(10, dtype=np.uint8),
    }
    site.files = {
        f"/fashion_mnist/{PARTS[part]}": idx(array) for part, array in arrays.items()
    }
    sums = {
        part: "md5:" + hashlib.md5(site.files[f"/fashion_mnist/{file}"]).hexdigest()
        for part, file in PARTS.items()
    }
    published = {part: PublishedFile(file, sums[part]) for part, file in PARTS.items()}
    small = IMAGE_SETS["fashion_mnist"].__class__(
        "fashion_mnist", published, (), IMAGE_SETS["fashion_mnist"].classes, "this test"
    )
    monkeypatch.setattr(
        "chainrule.data.image_sets.IMAGE_SETS", {"fashion_mnist": small}
    )
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    monkeypatch.setenv("CHAINRULE_MIRROR", site.address)
    site.cuts = [2000]  # the first file, broken off
    for _ in range(2):
        data = load_data("fashion_mnist")
        np.testing.assert_array_equal(
            data.x_train.reshape(-1, 28, 28), arrays["x_train"]
        )
        np.testing.assert_array_equal(data.y_test, arrays["y_test"])
        assert (data.image_shape, data.x_train.dtype, data.scale) == (
            (28, 28),
            np.uint8,
            1 / 255,
        )
    assert len(site.asked) == 5  # four files, one of them in two parts


def test_fashion_mnist_is_the_published_one():
    # the MD5s that its authors publish
    assert [file.checksum for file in IMAGE_SETS["fashion_mnist"].files.values()] == [
        "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "md5:25c81989df183df01b3e8a0aad5dffbe",
        "md5:bef4ecab320f06d8554ea6380940ec79",
        "md5:bb300cfdad3c16e7a12a480ee83cd310",
    ]


def test_the_folder_is_the_platforms_place_for_caches(monkeypatch, tmp_path):
    import platformdirs

    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    assert data_folder() == platformdirs.user_cache_path("chainrule", appauthor=False)
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    assert data_folder() == tmp_path


SLOWLY = """
import sys, pathlib
from chainrule.data.downloads import PublishedFile, fetch
fetch(PublishedFile("rows.bin", sys.argv[2]), [sys.argv[1]], pathlib.Path("."))
"""


def test_progress_on_a_terminal_and_none_elsewhere(site, tmp_path):
    command = [COMMAND[0], "-c", SLOWLY, site.address, FILE.checksum]
    silent = subprocess.run(
        command, cwd=tmp_path, capture_output=True, check=True, timeout=60
    )
    assert (silent.stdout, silent.stderr) == (b"", b"")
    (tmp_path / "rows.bin").unlink()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert process.wait(60) == 0
    assert re.search(r"fetching rows\.bin [━─]{20}", shown.decode())
