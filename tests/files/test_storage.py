"""Model files: what goes in comes out, and nothing else is ever loaded."""

import json
import subprocess
import sys

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    InputError,
    Network,
    Parameters,
    custom_activation,
    load_model,
    save_model,
)
from chainrule.files.storage import build_network, describe_network

NET = Network((4, 3, 2), ("relu", "softmax"), "cross_entropy")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, NET, NET.init(7), {"classes": ["a", "ü"], "scale": 1 / 16})
    return path


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_round_trip_keeps_every_bit(tmp_path, dtype):
    path = tmp_path / "m"
    parameters = NET.init(3, dtype)
    save_model(path, NET, parameters, {"note": 0.1})
    model = load_model(path)
    assert model.network == NET
    assert model.parameters.theta.dtype == np.dtype(dtype)
    assert model.parameters.theta.tobytes() == parameters.theta.tobytes()
    assert model.notes == {"note": 0.1}
    assert model.versions["chainrule"]


def test_every_row_of_the_tables_is_described():
    for make in ACTIVATIONS.values():
        net = Network((2, 3, 2), (make(), "identity"), "squared_error")
        assert build_network(json.loads(json.dumps(describe_network(net)))) == net
    for name, make in LOSSES.items():
        output = "softmax" if "entropy" in name else "exp"
        net = Network((2, 3, 2), ("tanh", output), make())
        assert build_network(json.loads(json.dumps(describe_network(net)))) == net
    special = Network(
        (2, 3, 2),
        (ACTIVATIONS["leaky_relu"](slope=0.25), "identity"),
        LOSSES["pinball"]([0.1, 0.9]),
    )
    assert build_network(json.loads(json.dumps(describe_network(special)))) == special


def test_arrays_that_are_not_contiguous(tmp_path):
    theta = np.arange(46.0)[::2]
    save_model(tmp_path / "m", NET, Parameters(NET.sizes, theta))
    np.testing.assert_array_equal(load_model(tmp_path / "m").parameters.theta, theta)


def test_functions_of_your_own_are_refused(tmp_path):
    net = Network(
        (2, 1), (custom_activation(np.sin, np.cos, name="sine"),), "squared_error"
    )
    with pytest.raises(InputError, match="sine, a function of your own"):
        save_model(tmp_path / "m", net, net.init())
    assert list(tmp_path.iterdir()) == []


def test_notes_that_json_cannot_hold(tmp_path):
    for notes in ({"a": object()}, {"a": float("nan")}):
        with pytest.raises(InputError, match="JSON"):
            save_model(tmp_path / "m", NET, NET.init(), notes)
    assert list(tmp_path.iterdir()) == []


def test_every_flipped_bit_is_noticed(file, tmp_path):
    whole = file.read_bytes()
    altered = tmp_path / "altered"
    rng = np.random.default_rng(0)
    for at in rng.integers(0, 8 * len(whole), 400):
        blob = bytearray(whole)
        blob[at // 8] ^= 1 << (at % 8)
        altered.write_bytes(blob)
        with pytest.raises(InputError):
            load_model(altered)
    for end in rng.integers(0, len(whole), 50):
        altered.write_bytes(whole[:end])
        with pytest.raises(InputError):
            load_model(altered)
    altered.write_bytes(whole + b"\0")
    with pytest.raises(InputError, match="checksum"):
        load_model(altered)
    altered.write_bytes(whole)
    assert load_model(altered).network == NET  # the control: unaltered, it loads


def reseal(blob):
    """The file with its checksum made right again, as a malicious writer would."""
    import hashlib

    mark = b'\\"sha256\\":\\"'
    at = blob.index(mark) + len(mark)
    blank = blob[:at] + b"0" * 64 + blob[at + 64 :]
    return blank[:at] + hashlib.sha256(blank).hexdigest().encode() + blank[at + 64 :]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'\\"sizes\\":[4,3,2]', b'\\"sizes\\":[4,3,9]'),
        (b'\\"sizes\\":[4,3,2]', b'\\"sizes\\":[9,9,9]'),
        (b'\\"name\\":\\"relu\\"', b'\\"name\\":\\"rely\\"'),
        (b'\\"name\\":\\"relu\\"', b'\\"nome\\":\\"relu\\"'),
        (b'"shape":[23]', b'"shape":[99]'),
        (b'"dtype":"F64"', b'"dtype":"F32"'),
        (b'"theta"', b'"thera"'),
        (b'\\"notes\\":{', b'\\"notes\\":['),
    ],
)
def test_sealed_nonsense_is_refused(file, old, new):
    blob = file.read_bytes()
    assert old in blob
    file.write_bytes(reseal(blob.replace(old, new)))
    with pytest.raises(InputError):
        load_model(file)


def test_a_newer_version_says_so(file):
    file.write_bytes(
        reseal(file.read_bytes().replace(b'\\"version\\":1', b'\\"version\\":9'))
    )
    with pytest.raises(InputError, match="newer chainrule"):
        load_model(file)


def test_not_a_model_file(tmp_path):
    other = tmp_path / "x.csv"
    for content in (b"", b"a,b\n1,2\n", b"\xff" * 100):
        other.write_bytes(content)
        with pytest.raises(InputError, match="checksum"):
            load_model(other)
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "missing")


FULL_DISK = """
import resource, signal, sys
from chainrule import Network, save_model
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
net = Network((400, 3, 2), ("relu", "softmax"), "cross_entropy")
try:
    save_model(sys.argv[1], net, net.init())
except OSError as error:
    print("refused", error.errno)
"""


def test_a_full_disk_loses_nothing(file):
    before = file.read_bytes()
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, file],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith("refused")
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_folder_names_the_models_in_it(tmp_path):
    net = Network((2, 1), ("identity",), "squared_error")
    save_model(tmp_path / "model.safetensors", net, net.init(seed=0))
    with pytest.raises(InputError, match=r"which is a folder.*model\.safetensors\."):
        load_model(tmp_path)
