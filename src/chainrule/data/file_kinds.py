"""The kind of a file, by its content, and whether memory has room for it; pipes become files."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import logging
import os
import re
import sys
import tempfile
from pathlib import Path

from ..errors import InputError

__all__ = [
    "announce_size",
    "content_bytes",
    "kind_of",
    "memory_bytes",
    "refuse_other_kinds",
    "require_file",
    "sha256",
]

logger = logging.getLogger("chainrule")

#: First bytes → kind.
SIGNATURES = {
    b"PAR1": "parquet",
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xd0\xcf\x11\xe0": "xls",
    b"$FL2": "spss",
    b"$FL3": "spss",
    b"<stata_dta>": "stata",
    b"ARROW1": "arrow",
    b"\x89HDF": "hdf5",
    b"SQLite format 3": "sqlite",
    b"%PDF": "pdf",
    b"RDX": "r",
    b"RDA": "r",
    b"ORC": "orc",
    b"7z\xbc\xaf": "7z",
    b"\x93NUMPY": "npy",
    b"\x80\x03": "pickle",
    b"\x80\x04": "pickle",
    b"\x80\x05": "pickle",
    b"<?xml": "xml",
    b"<!DOCTYPE": "html",
    b"<!doctype": "html",
    b"<html": "html",
    b'{"': "json",
    b'[{"': "json",
}
#: Kinds of text that are no rows of fields.
TEXT_KINDS = {
    "arff": re.compile(rb"(?im)^@relation\s"),
    "libsvm": re.compile(rb"^[-+.0-9]+(?:[ \t]+[0-9]+:[-+.0-9eE]+)+[ \t]*[\r\n]"),
}
#: Kinds that are no table here: what they are, and what to do.
OTHER_KINDS = {
    "xlsx": ("an Excel workbook", "Save the sheet as CSV (UTF-8), and pass that file."),
    "ods": (
        "an OpenDocument spreadsheet",
        "Save the sheet as CSV (UTF-8), and pass that file.",
    ),
    "xls": (
        "an old Excel workbook",
        "Save the sheet as CSV (UTF-8), and pass that file.",
    ),
    "zip": ("a zip archive", "Unpack it, and pass a file that was in it."),
    "7z": ("a 7z archive", "Unpack it, and pass a file that was in it."),
    "zstd": ("a file packed by zstd", "Unpack it: zstd -d FILE."),
    "spss": ("an SPSS file", "Export it as CSV (Save As, CSV), and pass that file."),
    "stata": ("a Stata file", "Export it: export delimited using FILE.csv."),
    "arrow": (
        "an Arrow or Feather file",
        "Write it as Parquet: DataFrame.to_parquet(…).",
    ),
    "hdf5": ("an HDF5 file", "Write its table as Parquet or CSV."),
    "sqlite": ("an SQLite data base", "Export a table: sqlite3 -header -csv FILE."),
    "pdf": ("a PDF document", "Copy its table into a CSV file."),
    "r": ("an R data file", "Write it in R: write.csv(x, FILE, row.names = FALSE)."),
    "orc": ("an ORC file", "Write it as Parquet."),
    "npy": ("a single array", "Save x and y: numpy.savez(FILE, x=…, y=…)."),
    "pickle": ("a pickle, which can run code", "Write it as Parquet or CSV."),
    "xml": ("an XML file", "Write its table as CSV."),
    "html": (
        "a web page",
        "The download gave a page in place of the file: get it again.",
    ),
    "arff": (
        "a Weka ARFF file",
        "Write it as CSV: the lines below @data, with a line of names.",
    ),
    "libsvm": (
        "a file of LibSVM's index:value pairs",
        "Save x and y as npz: sklearn.datasets.load_svmlight_file, numpy.savez.",
    ),
    "json": ("a JSON file", "Write it as CSV or Parquet: pandas.read_json(FILE)."),
}


def require_file(path: str | os.PathLike[str]) -> Path:
    """The path of a file that can be read, or `InputError`.

    "-" is standard input. What can be read only once, standard input or another pipe, is copied to a temporary file.
    """
    if os.fspath(path) == "-":
        return _copied(sys.stdin.fileno(), "standard input")
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        return _copied(path, path.name)
    if not path.is_file():
        what = "which is a folder" if path.is_dir() else "which does not exist"
        raise InputError(
            f"{path}, {what}",
            "a file of data, or a name that `chainrule data` lists",
            "Check the path.",
        )
    return path


def _copied(source: int | Path, name: str) -> Path:
    """The content of a pipe as a file, removed at the end of the process."""
    folder = Path(tempfile.mkdtemp(prefix="chainrule-"))
    path = folder / ("stdin" if name in ("standard input", "stdin") else f"pipe-{name}")
    atexit.register(_remove, path)
    with (
        open(source, "rb", closefd=not isinstance(source, int)) as pipe,
        path.open("wb") as file,
    ):
        while block := pipe.read(1 << 20):
            file.write(block)
    if path.stat().st_size == 0:
        raise InputError(
            f"{name}, which is empty", "rows", "Pipe a table in, or name a file."
        )
    return path


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()


def kind_of(path: Path) -> str:
    """The kind of a file: "text", "gzip", "bz2", "xz", "parquet", "npz", or one of `OTHER_KINDS`."""
    with path.open("rb") as file:
        first = file.read(1024)
    kind = next((k for s, k in SIGNATURES.items() if first.startswith(s)), "text")
    if kind == "text":
        kind = next((k for k, p in TEXT_KINDS.items() if p.search(first)), "text")
    return _kind_of_zip(path, first) if kind == "zip" else kind


def _kind_of_zip(path: Path, first: bytes) -> str:
    import zipfile

    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "npz"  # cut off: its reader reports it
    if "[Content_Types].xml" in names:
        return "xlsx"
    if b"opendocument" in first:
        return "ods"
    arrays = any(name.endswith(".npy") for name in names) or path.suffix == ".npz"
    return "npz" if arrays else "zip"


def refuse_other_kinds(path: Path) -> None:
    """Raise where a file is of a known kind that is no table here, with what to do."""
    what, remedy = OTHER_KINDS.get(kind_of(path), ("", ""))
    if what:
        raise InputError(
            f"{path}, {what}", "CSV, TSV or other text; Parquet; npz", remedy
        )


def sha256(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_bytes(path: Path) -> int:
    """The size of the content in bytes; of a .gz file the size that it records, which is modulo 4 GiB."""
    size = path.stat().st_size
    if kind_of(path) != "gzip" or size < 18:
        return size
    with path.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        return max(size, int.from_bytes(file.read(4), "little"))


def memory_bytes() -> int:
    """The memory of this machine, or of the group of processes where that has less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # "max", or no such file
        memory = min(
            memory, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        )
    return memory


def announce_size(path: Path) -> None:
    """Warn, before it is read, of a file larger than a third of the memory."""
    size, memory = content_bytes(path), memory_bytes()
    if size > memory / 3:
        logger.warning(
            "%s holds %.1f GB, more than a third of the memory (%.1f GB): reading it may take long or fail. "
            "Fewer rows or columns, or uint8 pixels in .npz, need less; a stream reads it in parts.",
            path,
            size / 1e9,
            memory / 1e9,
        )
