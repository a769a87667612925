"""The folder of a run: where it is, what may be in it, and what a run that goes on finds there."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from ..errors import InputError

__all__ = ["CHECKPOINT", "MODEL", "PAGE", "REPORT", "model_file", "prepare_folder"]

CHECKPOINT, MODEL, REPORT, PAGE = (
    "checkpoint.safetensors",
    "model.safetensors",
    "report.json",
    "report.html",
)


def prepare_folder(output: Path | None, name: str, *, resume: bool = False) -> Path:
    """The folder for the results: the one that was asked for, or the first free numbered one."""
    if resume:
        return folder_to_resume(output)
    if output is None:
        stem = re.sub(r"\W+", "-", name.split(".", maxsplit=1)[0]).strip("-") or "run"
        output, number = Path(f"chainrule-{stem}"), 1
        while output.exists():
            number += 1
            output = Path(f"chainrule-{stem}-{number}")
    if output.exists() and not output.is_dir():
        raise InputError(
            f"--output {output}, which is a file",
            "a folder, made where it is missing",
            "Name another.",
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):  # said now, not when the work is done
            pass
    except OSError as error:
        why = f"the folder cannot be written in ({error.strerror}); choose another one by --output"
        raise OSError(error.errno, why, str(output)) from error
    return output


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
    if not output.is_dir() or any(output.iterdir()):
        raise InputError(
            f"--resume with {output}, which holds no checkpoint", allowed, remedy
        )
    return output


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
