"""MNIST and Fashion-MNIST: their published files, where they come from, where they are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from .downloads import PublishedFile, fetch, matches
from .idx import read_idx

__all__ = ["IMAGE_SETS", "ImageSet", "data_folder", "read_image_set", "state_of"]

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class ImageSet:
    """A data set of four IDX files.

    Parameters
    ----------
    name : str
        Also the folder that the files are in.
    files : mapping of str to PublishedFile
        "x_train", "y_train", "x_test", "y_test".
    addresses : tuple of str
        Where they can be had, the best first.
    classes : tuple of str
    source : str
    """

    name: str
    files: Mapping[str, PublishedFile]
    addresses: tuple[str, ...]
    classes: tuple[str, ...]
    source: str


PARTS = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}


def _files(*checksums: str) -> Mapping[str, PublishedFile]:
    return MappingProxyType(
        {
            part: PublishedFile(file, sum_)
            for (part, file), sum_ in zip(PARTS.items(), checksums, strict=True)
        }
    )


#: name → image set. MNIST's SHA-256 are those that TensorFlow Datasets records, Fashion-MNIST's MD5 its authors'.
IMAGE_SETS: Mapping[str, ImageSet] = MappingProxyType(
    {
        "mnist": ImageSet(
            "mnist",
            _files(
                "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
            tuple(str(digit) for digit in range(10)),
            "LeCun, Cortes & Burges 1998",
        ),
        "fashion_mnist": ImageSet(
            "fashion_mnist",
            _files(
                "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "md5:25c81989df183df01b3e8a0aad5dffbe",
                "md5:bef4ecab320f06d8554ea6380940ec79",
                "md5:bb300cfdad3c16e7a12a480ee83cd310",
            ),
            (
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            ),
            (
                "T-shirt",
                "trouser",
                "pullover",
                "dress",
                "coat",
                "sandal",
                "shirt",
                "sneaker",
                "bag",
                "ankle boot",
            ),
            "Xiao, Rasul & Vollgraf 2017",
        ),
    }
)


def data_folder() -> Path:
    """The folder of downloaded files: CHAINRULE_DATA, else the platform's place for caches."""
    named = os.environ.get("CHAINRULE_DATA")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("chainrule", appauthor=False))


def state_of(name: str) -> str:
    """The state of an image set's files: "verified", "not downloaded", or what is wrong."""
    images, folder = IMAGE_SETS[name], data_folder() / name
    there = [file for file in images.files.values() if (folder / file.name).exists()]
    wrong = [
        file.name for file in there if not matches(folder / file.name, file.checksum)
    ]
    if wrong:
        return f"not the published files: {', '.join(wrong)}"
    if len(there) == len(images.files):
        return "verified"
    return (
        "not downloaded" if not there else f"{len(there)} of {len(images.files)} files"
    )


def read_image_set(name: str, *, progress: bool | None = None) -> dict[str, Matrix]:
    """The four arrays of an image set, uint8; files that are missing are downloaded.

    CHAINRULE_MIRROR, where it is set, is an address that takes the place of the published ones: it has a
    folder for each image set.
    """
    images, folder = IMAGE_SETS[name], data_folder() / name
    mirror = os.environ.get("CHAINRULE_MIRROR")
    addresses = (f"{mirror.rstrip('/')}/{name}/",) if mirror else images.addresses
    return {
        part: read_idx(fetch(file, addresses, folder, progress=progress))
        for part, file in images.files.items()
    }
