"""Data sets: the real files, and what is wrong with wrong ones."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule import InputError, Network, load_data, train

HAS_MNIST = Path(os.environ.get("CHAINRULE_DATA", "/nowhere"), "mnist").is_dir()
needs_mnist = pytest.mark.skipif(
    not HAS_MNIST, reason="no MNIST: CHAINRULE_DATA names no folder with mnist/ in it"
)


def test_digits():
    digits = load_data("digits")
    assert digits.x_train.shape == (1437, 64)
    assert digits.x_test.shape == (360, 64)
    assert digits.x_train.dtype == np.uint8
    share = np.bincount(digits.y_test) / np.bincount(
        np.concatenate([digits.y_train, digits.y_test])
    )
    assert ((share > 0.19) & (share < 0.21)).all()  # stratified
    x_train, x_test = digits.scaled("float64")
    assert x_train.min() == 0.0
    assert x_train.max() == x_test.max() == 1.0


@needs_mnist
def test_mnist_is_the_published_one():
    mnist = load_data("mnist")
    assert mnist.x_train.shape == (60_000, 784)
    assert mnist.x_test.shape == (10_000, 784)
    # class counts as published
    train_counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.y_train).tolist() == train_counts
    assert np.bincount(mnist.y_test).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]
    assert mnist.scale * mnist.x_train.max() == 1.0


@needs_mnist
@pytest.mark.full
@pytest.mark.parametrize("seed", range(5))
def test_mnist_as_in_the_second_document(tmp_path, seed):
    # S1.E75: about 90 % after about 1000 full-batch steps with α = 0.1
    command = "train mnist --hidden 10 --optimizer gradient_descent --steps 1000 --dropout 0 --validation 0"
    assert (
        json_of(command, "--seed", seed, "--output", tmp_path / "run")["test"][
            "accuracy"
        ]
        >= 0.90
    )


@needs_mnist
@pytest.mark.full
@pytest.mark.parametrize("seed", range(3))
def test_mnist_in_one_command(tmp_path, seed):
    assert (
        json_of("train mnist", "--seed", seed, "--output", tmp_path / "run")["test"][
            "accuracy"
        ]
        >= 0.98
    )


def json_of(command, *more):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "chainrule",
            *command.split(),
            *map(str, more),
            "--json",
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return json.loads(done.stdout)


@needs_mnist
def test_mnist_is_learned():
    mnist = load_data("mnist")
    x, _ = mnist.scaled("float32")
    net = Network((784, 10, 10), ("relu", "softmax"), "cross_entropy")
    report = train(
        net,
        x[:5000],
        mnist.y_train[:5000],
        initializer="he_normal",
        dtype="float32",
        max_epochs=30,
    )
    assert report.loss[-1] < report.loss[0] - 0.3


@needs_mnist
def test_a_file_that_is_not_the_published_one(tmp_path, monkeypatch):
    folder = tmp_path / "mnist"
    shutil.copytree(Path(os.environ["CHAINRULE_DATA"], "mnist"), folder)
    labels = folder / "t10k-labels-idx1-ubyte.gz"
    labels.chmod(0o644)
    blob = bytearray(labels.read_bytes())
    blob[2000] ^= 1
    labels.unlink()
    labels.write_bytes(blob)
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    with pytest.raises(InputError, match="not the published file"):
        load_data("mnist")


def test_unknown_name():
    with pytest.raises(InputError, match="Did you mean 'digits'"):
        load_data("digit")
