"""Model files: safetensors with one JSON text beside the numbers, and a checksum over all.

The format is specified in docs/file_format.md, so that other programs can read it. A file is
written beside its place, synced, and renamed: what was there stays until the new one is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..equations.activation import Activation
from ..equations.activations import ACTIVATIONS
from ..equations.arrays import as_numpy
from ..equations.losses import LOSSES, Loss
from ..equations.network import Network, Parameters, checked_network
from ..errors import InputError
from .json_text import versions

__all__ = ["Model", "load_model", "save_model", "write_whole"]

FORMAT, VERSION = "chainrule-model", 1
#: Stands where the checksum goes while it is computed.
BLANK = "0" * 64
MARK = b'\\"sha256\\":\\"'
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Model:
    """A network with its parameters and what was noted beside them.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    notes : dict
        Class labels, feature names, scaling, the gradient check: whatever was saved.
    versions : dict of str
        Versions of what wrote the file.
    """

    network: Network
    parameters: Parameters
    notes: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def save_model(
    path: str | os.PathLike[str],
    network: Network,
    parameters: Parameters,
    notes: Mapping[str, Any] | None = None,
) -> None:
    """Write a network and its parameters to a file.

    Parameters
    ----------
    path : path
        Replaced only when the new file is whole.
    network : Network
        Its activations and loss must come from the tables: functions of your own are not stored.
    parameters : Parameters
        float32 or float64.
    notes : mapping, optional
        What JSON can hold: class labels, feature names, scaling.

    Raises
    ------
    InputError
        Functions of your own, a dtype that cannot be stored, notes that JSON cannot hold.
    OSError
        The disk is full, the folder does not exist or cannot be written in: names `path`, and
        nothing that was there is changed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> net = Network((2, 1), ("identity",), "squared_error")
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save_model(file, net, net.init(seed=0))
    >>> load_model(file).network == net
    True
    """
    checked_network(network).require(parameters)
    theta = np.ascontiguousarray(as_numpy(parameters.theta))
    if str(theta.dtype) not in DTYPES:
        raise InputError(
            f"parameters of dtype {theta.dtype}",
            " or ".join(DTYPES),
            "Convert theta to one of these.",
        )
    content = {
        "network": describe_network(network),
        "notes": dict(notes or {}),
        "versions": versions(),
    }
    write_file(path, FORMAT, content, {"theta": theta})


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a file that `save_model` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    Model

    Raises
    ------
    InputError
        Not a model file, altered since it was written, or written by a newer version.
    OSError
        The file cannot be read.
    """
    content, tensors = read_file(path, FORMAT)
    try:
        network = build_network(content["network"])
        if set(tensors) != {"theta"} or tensors["theta"].dtype not in DTYPES:
            kinds = [f"{name} of {array.dtype}" for name, array in tensors.items()]
            raise unreadable(
                path,
                f"other numbers than theta in {' or '.join(DTYPES)}: {', '.join(kinds)}",
            )
        parameters = Parameters(network.sizes, tensors["theta"])
        network.require(parameters)
        return Model(
            network, parameters, dict(content["notes"]), dict(content["versions"])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(
            path, f"contents that do not fit together ({error})"
        ) from error


def describe_network(network: Network) -> dict[str, Any]:
    """A network as JSON; `build_network` makes it again."""
    functions: list[Activation | Loss] = [*network.activations, network.loss]
    for function in functions:
        if getattr(function, "own", False):
            raise InputError(
                f"a network with {function.name}, a function of your own",
                "activations and losses from the tables",
                "Save parameters.theta with numpy.save and build the network in your code.",
            )
    return {
        "sizes": list(network.sizes),
        "activations": [phi.specification() for phi in network.activations],
        "loss": network.loss.specification(),
    }


def build_network(description: Mapping[str, Any]) -> Network:
    """The network that `describe_network` described."""
    make = [dict(spec) for spec in description["activations"]]
    loss = dict(description["loss"])
    return Network(
        description["sizes"],
        [ACTIVATIONS[spec.pop("name")](**spec) for spec in make],
        LOSSES[loss.pop("name")](**loss),
    )


def write_file(
    path: str | os.PathLike[str],
    format_name: str,
    content: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray[Any, Any]],
) -> None:
    """Write one of our files: JSON content and arrays under one checksum."""
    from safetensors.numpy import save

    head = {"sha256": BLANK, "format": format_name, "version": VERSION}
    try:
        text = json.dumps(
            {**head, **content},
            ensure_ascii=True,
            allow_nan=False,
            separators=(",", ":"),
        )
    except (TypeError, ValueError) as error:
        raise InputError(
            f"notes that JSON cannot hold ({error})",
            "text, finite numbers, lists, dicts",
            "Convert them.",
        ) from error
    # the format's writer silently writes wrong numbers for arrays that are not contiguous
    blob = save(
        {k: np.ascontiguousarray(v) for k, v in tensors.items()},
        metadata={"chainrule": text},
    )
    write_whole(
        path,
        blob.replace(
            MARK + BLANK.encode(), MARK + hashlib.sha256(blob).hexdigest().encode(), 1
        ),
    )


def read_file(
    path: str | os.PathLike[str], *formats: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Content and arrays of one of our files of these formats, whole and unaltered, or `InputError`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    blob = Path(path).read_bytes()
    at = blob.find(MARK) + len(MARK)
    if at < len(MARK) or len(blob) < at + 64:
        raise unreadable(path, "no checksum of chainrule's in it")
    blank = blob[:at] + BLANK.encode() + blob[at + 64 :]
    if hashlib.sha256(blank).hexdigest().encode() != blob[at : at + 64]:
        raise unreadable(
            path, "a checksum that does not match: it was cut off or altered"
        )
    try:
        header = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
        content = json.loads(header["__metadata__"]["chainrule"])
        if content["format"] not in formats:
            wanted = " or ".join(map(repr, formats))
            raise unreadable(
                path, f"a file of kind {content['format']!r}, not {wanted}"
            )
        if content["version"] > VERSION:
            raise InputError(
                f"{os.fspath(path)}, of format version {content['version']}",
                f"versions up to {VERSION}",
                f"Install a newer chainrule; the file was written by {content['versions']['chainrule']}.",
            )
        return content, load(blob)
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise unreadable(
            path, f"contents that do not fit together ({error})"
        ) from error


def unreadable(path: str | os.PathLike[str], what: str) -> InputError:
    """The error for a file that is not what it should be."""
    return InputError(
        f"{os.fspath(path)}, with {what}",
        "an unaltered file written by chainrule",
        "Use another copy, or train again.",
    )


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file beside its place, sync it, and rename it: it is there whole or not at all."""
    try:
        _write_beside(Path(path), content)
    except OSError as error:  # it names the file beside, which nobody asked for
        why = f"{error.strerror or error} (in the folder {Path(path).absolute().parent}); choose another folder"
        raise OSError(error.errno, why, os.fspath(path)) from error


def _write_beside(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.name}.", suffix=".tmp"
    )
    try:
        try:  # by the number alone: a file object could be lost, unclosed, in an interrupt
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)  # mkstemp's files are private
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    with contextlib.suppress(OSError):  # not every system lets a folder be synced
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
