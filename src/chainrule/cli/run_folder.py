"""The folder of a run: where it is, what may be in it, and what a run that is resumed finds there.

A run makes its folder, or locks the one that it is given, so that two runs never write into one.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import tempfile
from pathlib import Path

from ..errors import InputError
from ..files.writing import is_leftover, lock, remove_leftovers

__all__ = ["CHECKPOINT", "MODEL", "PAGE", "REPORT", "model_file", "prepare_folder"]

CHECKPOINT, MODEL, REPORT, PAGE = (
    "checkpoint.safetensors",
    "model.safetensors",
    "report.json",
    "report.html",
)
FILES = (CHECKPOINT, MODEL, REPORT, PAGE)
#: Characters of a data file's name in the folder's at most: names have 255 bytes.
LONGEST_STEM = 50


def prepare_folder(output: Path | None, name: str, *, resume: bool = False) -> Path:
    """The folder for the results: the one that was asked for, or the first free numbered one."""
    if resume:
        return _taken(folder_to_resume(output))
    if output is not None and output.exists() and not output.is_dir():
        raise InputError(
            f"--output {output}, which is a file",
            "a folder, made where it is missing",
            "Name another.",
        )
    try:
        if output is None:
            output = _free_folder(name)
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):  # said now, not when the work is done
            pass
    except OSError as error:
        why = f"the folder cannot be written in ({error.strerror}); choose another one by --output"
        raise OSError(error.errno, why, str(output or Path())) from error
    return _taken(output)


def _free_folder(name: str) -> Path:
    """The first numbered folder that is not there, made: by one command, whatever others do meanwhile."""
    stem = re.sub(r"\W+", "-", name.split(".", maxsplit=1)[0]).strip("-") or "run"
    stem = stem[:LONGEST_STEM]
    for number in itertools.count(1):
        folder = Path(f"chainrule-{stem}" + (f"-{number}" if number > 1 else ""))
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        break
    return folder


#: Locks of the folders that this process works in, held until it ends.
_LOCKS: dict[Path, int] = {}


def _taken(folder: Path) -> Path:
    """The folder, locked for this process, without what a killed one left in it; or `InputError`."""
    key = folder.resolve()
    if key not in _LOCKS:
        with contextlib.suppress(OSError):  # of a system that does not open folders
            _LOCKS[key] = os.open(folder, os.O_RDONLY)
    if key in _LOCKS and not lock(_LOCKS[key]):
        os.close(_LOCKS.pop(key))
        raise InputError(
            f"--output {folder}, in which another run is at work",
            "a folder of its own for each run",
            "Name another, or wait until that run has ended.",
        )
    for file in FILES:
        remove_leftovers(folder / file, age=0)
    return folder


def folder_to_resume(output: Path | None) -> Path:
    """The folder of an interrupted run, or `InputError`.

    One without a checkpoint is that of a run killed before it saved one: it starts from the beginning.
    """
    allowed, remedy = (
        "--output with the folder of an interrupted run",
        "Name that folder, or train anew without --resume.",
    )
    if output is None:
        raise InputError("--resume without --output", allowed, remedy)
    if (output / CHECKPOINT).is_file():
        return output
    if (output / MODEL).is_file() and (output / REPORT).is_file():
        raise InputError(
            f"--resume with {output}, whose run is finished",
            allowed,
            f"Its model and report are in {output}/; train anew without --resume.",
        )
    if not output.is_dir() or not all(map(_is_leftover, output.iterdir())):
        raise InputError(
            f"--resume with {output}, which holds no checkpoint", allowed, remedy
        )
    return output


def _is_leftover(path: Path) -> bool:
    return any(is_leftover(path.name, file) for file in FILES)


def model_file(path: Path) -> Path:
    """The model that a path names: the file, or the one in the folder of a run."""
    if path.is_dir():
        path = path / MODEL
    if not path.is_file():
        raise InputError(
            f"{path}, which does not exist",
            "a model file, or the folder of a run",
            "Train one: chainrule train DATA.",
        )
    return path
