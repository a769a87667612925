"""Data sets: rows, targets and what is known of them, ready to train on.

Pixels stay uint8, with their scaling recorded beside them.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from .errors import InputError, named_among

__all__ = ["DATA_SETS", "Dataset", "load_data"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Dataset:
    """Rows to train on and rows to test on.

    Parameters
    ----------
    name : str
    x_train, x_test : ndarray, shapes (N, n_0)
        Inputs as they were read.
    y_train, y_test : ndarray, shapes (N,)
        Class numbers 0 … len(classes) - 1.
    classes : tuple of str
        What the class numbers mean.
    scale : float
        What inputs are multiplied by to lie in [0, 1].
    picture : (int, int)
        Height and width of the picture that a row is.
    source : str
        Where it comes from.
    """

    name: str
    x_train: Matrix
    y_train: Matrix
    x_test: Matrix
    y_test: Matrix
    classes: tuple[str, ...]
    scale: float
    picture: tuple[int, int]
    source: str

    def scaled(self, dtype: str) -> tuple[Matrix, Matrix]:
        """The inputs of both parts, in [0, 1].

        Examples
        --------
        >>> x_train, x_test = load_data("digits").scaled("float32")
        >>> float(x_train.max()), x_test.dtype
        (1.0, dtype('float32'))
        """
        factor = np.asarray(self.scale, dtype)
        return self.x_train.astype(dtype) * factor, self.x_test.astype(dtype) * factor


def load_data(name: str) -> Dataset:
    """A data set by its name.

    Parameters
    ----------
    name : str
        "digits": 1797 pictures of 8x8 that scikit-learn ships, four fifths to train on, the split
        stratified and always the same. "mnist": 60 000 + 10 000 pictures of 28x28, from the folder
        that the environment variable CHAINRULE_DATA names.

    Raises
    ------
    InputError
        An unknown name; files that are missing or not the published ones.

    Examples
    --------
    >>> digits = load_data("digits")
    >>> digits.x_train.shape, digits.x_train.dtype, digits.picture
    ((1437, 64), dtype('uint8'), (8, 8))
    """
    if name not in DATA_SETS:
        remedy = named_among(name, DATA_SETS, "Choose one of these.")
        raise InputError(f"data set {name!r}", ", ".join(DATA_SETS), remedy)
    return DATA_SETS[name]()


def _digits() -> Dataset:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        pixels.astype(np.uint8), labels, test_size=0.2, random_state=0, stratify=labels
    )
    names = tuple(str(d) for d in range(10))
    source = "UCI optical recognition of handwritten digits, test part, from scikit-learn"
    return Dataset("digits", x_train, y_train, x_test, y_test, names, 1 / 16, (8, 8), source)


#: MNIST's files by part, with their published MD5.
MNIST_FILES = {
    "x_train": ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    "y_train": ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
    "x_test": ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
    "y_test": ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
}


def _mnist() -> Dataset:
    folder = os.environ.get("CHAINRULE_DATA")
    if not folder:
        raise InputError(
            "data set 'mnist' without a folder to read it from",
            "the four MNIST files in the folder mnist/ of the folder that CHAINRULE_DATA names",
            "Set CHAINRULE_DATA=/path/to/folder, or train on the embedded digits: chainrule train",
        )
    parts = {}
    for part, (file, md5) in MNIST_FILES.items():
        path = Path(folder) / "mnist" / file
        try:
            packed = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"{path}, which cannot be read ({error.strerror})", f"MNIST's {file}", "Check CHAINRULE_DATA."
            ) from error
        if hashlib.md5(packed, usedforsecurity=False).hexdigest() != md5:
            raise InputError(f"{path}, which is not the published file", f"MD5 {md5}", "Get the file again.")
        parts[part] = read_idx(gzip.decompress(packed))
    names = tuple(str(d) for d in range(10))
    return Dataset(
        "mnist",
        parts["x_train"].reshape(-1, 784),
        parts["y_train"],
        parts["x_test"].reshape(-1, 784),
        parts["y_test"],
        names,
        1 / 255,
        (28, 28),
        "LeCun, Cortes & Burges 1998",
    )


def read_idx(content: bytes) -> Matrix:
    """An array from IDX, the format of MNIST's files: uint8, any number of axes.

    Examples
    --------
    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])).tolist()
    [7, 9]
    """
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise InputError("a file that is not IDX of uint8", "a first word of 0x000008nn", "Get the file again.")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", count=axes, offset=4).tolist()
    pixels = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if pixels.size != int(np.prod(shape)):
        raise InputError(f"an IDX file of {pixels.size} numbers", f"{shape} of them", "Get the file again.")
    return pixels.reshape(shape)


#: name → the function that loads it.
DATA_SETS: Mapping[str, Callable[[], Dataset]] = MappingProxyType({"digits": _digits, "mnist": _mnist})
