"""The kinds of files: how each is read, from what whole files, by what mutations."""

from __future__ import annotations

import contextlib
import io
import logging
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from . import array_fields, onnx_fields, own_fields, samples, table_fields
from .mutations import Mutation

__all__ = ["KINDS", "EscapeError", "Kind"]


class EscapeError(Exception):
    """Something that a terminal obeys was on its way to one."""


@dataclass(frozen=True)
class Kind:
    """A kind of files.

    Parameters
    ----------
    samples : callable
        Of a folder for what it needs: the name and the content of whole files.
    read : callable
        Reads the file at a path, in a folder with the other samples of `together`. It may raise the project's
        errors only.
    mutations : sequence of Mutation
    """

    samples: Callable[[Path], Mapping[str, bytes]]
    read: Callable[[Path], None]
    mutations: tuple[Mutation, ...]


#: What a terminal obeys: controls but the end of a line, and marks that turn the direction around.
OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]"
)


@cache
def commands() -> Any:
    """The command, built once: that takes longer than most of what it does here."""
    import typer

    from chainrule.cli.app import app
    from chainrule.cli.exit_status import SaidLog

    logging.getLogger("chainrule").addHandler(SaidLog(logging.WARNING))
    return typer.main.get_command(app)


def command(*words: object, rows: bool = False) -> int:
    """Run the command in this process; its exit status. `rows`: its output is data, not for a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            commands()([str(word) for word in words])
        except SystemExit as stop:
            status = int(stop.code or 0)
    for text in (err.getvalue(), "" if rows else out.getvalue()):
        if found := OBEYED.search(text):
            raise EscapeError(
                f"{found[0]!r} in {text[max(0, found.start() - 40) :][:90]!r}"
            )
    if status not in (0, 1, 2):
        raise AssertionError(f"exit status {status}")
    if status:
        from chainrule import InputError

        raise InputError(err.getvalue(), "0", "Look.")
    return status


def read_table(path: Path) -> None:
    """As `chainrule data FILE` does."""
    command("data", path)


def read_npy(path: Path) -> None:
    """As rows or as targets of a stream."""
    from chainrule import stream

    other = path.with_name("rows.npy")
    if path == other:
        stream(path, target=path.with_name("labels.npy")).in_memory()
    else:
        stream(other, target=path).in_memory()


def read_idx(path: Path) -> None:
    """As the sets of pictures are read."""
    from chainrule.data.idx import read_idx

    read_idx(path)


def read_model(path: Path) -> None:
    """Load, `chainrule info`, `chainrule predict`; or what an estimator saved."""
    from chainrule import MLPClassifier, TabularClassifier

    if path.name.startswith("average"):
        TabularClassifier.load(path).predict(samples.mixed()[:3])
        return
    if path.name.startswith("estimator"):
        import numpy as np

        model = MLPClassifier.load(path)
        model.predict(np.zeros((2, len(model.coefs_[0]))))
        return
    command("info", path)
    command("predict", path, samples.rows(path.parent), rows=True)


#: Checksum of an export → its weights, from the first reading, which is of the whole file.
WEIGHTS: dict[str, bytes] = {}


def read_onnx(path: Path) -> None:
    """Import, and check as an export; under the checksum of a whole file no other network may come out."""
    from chainrule import check_export, from_onnx

    weights = from_onnx(path).parameters.theta.tobytes()
    if path.name == "plain.onnx":
        return
    digests = re.findall(rb"[0-9a-f]{64}", path.read_bytes())
    known = WEIGHTS.setdefault(f"{path.name}{digests[-1:]}", weights)
    if weights != known:
        raise AssertionError("another network under the same checksum")
    check_export(path)


def read_checkpoint(path: Path) -> None:
    """Resume the run, and take its next step apart."""
    from chainrule import InputError, train
    from chainrule.explanation.replay import moment_of_step

    options = samples.training()
    try:
        train(**options, resume=path)
    except InputError:
        moment_of_step(
            path, options["x"], options["y"], None, validation=options["validation"]
        )
        raise


def read_run(path: Path) -> None:
    """Whatever takes the folder of a run."""
    from chainrule import InputError
    from chainrule.cli.run_folder import folder_to_resume
    from chainrule.explanation.request import is_checkpoint

    folder, refusals = path.parent, []
    for use in (
        lambda: folder_to_resume(folder),
        lambda: is_checkpoint(folder / "checkpoint.safetensors"),
        lambda: command("info", folder),
        lambda: command("predict", folder, samples.rows(folder.parent), rows=True),
    ):
        try:
            use()
        except InputError as error:
            refusals.append(error)
    if refusals:
        raise refusals[0]


def of_run(rng: random.Random, blob: bytes) -> bytes:
    """By what the file is."""
    return rng.choice(own_fields.JSON if blob[:1] == b"{" else own_fields.SAFETENSORS)(
        rng, blob
    )


KINDS: Mapping[str, Kind] = {
    "csv": Kind(samples.csv, read_table, table_fields.CSV),
    "npz": Kind(samples.npz, read_table, array_fields.NPZ),
    "npy": Kind(samples.npy, read_npy, array_fields.NPY),
    "parquet": Kind(samples.parquet, read_table, table_fields.PARQUET),
    "idx": Kind(samples.idx, read_idx, array_fields.IDX),
    "model": Kind(samples.estimator_or_model, read_model, own_fields.SAFETENSORS),
    "onnx": Kind(samples.onnx_files, read_onnx, onnx_fields.ONNX),
    "checkpoint": Kind(samples.checkpoint, read_checkpoint, own_fields.SAFETENSORS),
    "run": Kind(samples.run, read_run, (of_run,)),
}
