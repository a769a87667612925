"""Commits of this repository, each built into an environment of its own.

Each environment has one package in it, the commit's; all others are those of the environment that runs this, by the
plain paths of its folders. Python reads no .pth file there, so that an editable install of chainrule stays outside.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "WORKING_TREE", "Build", "UnusableError", "build"]

ROOT = Path(__file__).resolve().parents[1]
#: The name of what is not committed yet.
WORKING_TREE = "working tree"


class UnusableError(Exception):
    """A request that cannot be carried out: what was given, what is allowed, what to do."""

    def __init__(self, given: str, allowed: str, remedy: str) -> None:
        super().__init__(f"Found: {given}. Expected: {allowed}. {remedy}")


@dataclass(frozen=True)
class Build:
    """A commit that can be run.

    Parameters
    ----------
    name : str
        The short hash, or `WORKING_TREE`.
    source : Path
        Its tree.
    python : Path
        The interpreter that imports its package.
    """

    name: str
    source: Path
    python: Path


def build(
    commits: Sequence[str], folder: Path, compilers: Sequence[str | None] = ()
) -> list[Build]:
    """Build commits (`WORKING_TREE` is one, too) below `folder`, side by side; each by its C++ compiler, if given.

    Raises
    ------
    UnusableError
        For an unknown commit, and for one that does not build.
    """
    names = [_short(commit) for commit in commits]
    with ThreadPoolExecutor(len(commits)) as pool:
        at = [folder / str(number) for number in range(len(commits))]
        return list(pool.map(_build, names, at, compilers or [None] * len(names)))


def _short(commit: str) -> str:
    """The short hash of a commit."""
    if commit == WORKING_TREE:
        return commit
    found = _git("rev-parse", "--short", "--verify", "--quiet", f"{commit}^{{commit}}")
    if found.returncode:
        raise UnusableError(
            f"no commit {commit!r} in {ROOT}",
            "a name that git knows: a hash, a branch, HEAD~1",
            "Look it up with `git log --oneline --all`.",
        )
    return found.stdout.decode().strip()


def _build(name: str, folder: Path, compiler: str | None) -> Build:
    folder.mkdir(parents=True)
    source, environment = folder / "source", folder / "environment"
    if name == WORKING_TREE:
        _copy_working_tree(source)
    else:
        _export(name, source)
    _run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    python = environment / "bin" / "python"
    install = ("install", "--quiet", "--no-deps", str(source))
    chosen = {} if compiler is None else {"CXX": compiler}
    _run(sys.executable, "-m", "pip", "--python", str(python), *install, **chosen)
    site = next(environment.glob("lib/python*/site-packages"))
    # after the installation: pip would otherwise find a chainrule there
    (site / "shared.pth").write_text("\n".join(_shared()) + "\n")
    return Build(name, source, python)


def _export(commit: str, source: Path) -> None:
    """Write the tree of a commit."""
    packed = source.with_suffix(".tar")
    _run("git", "-C", str(ROOT), "archive", f"--output={packed}", commit)
    with tarfile.open(packed) as tar:
        tar.extractall(source, filter="data")
    packed.unlink()


def _copy_working_tree(source: Path) -> None:
    """Copy what git tracks, and what it would if it were added."""
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)


def _shared() -> list[str]:
    """The folders of packages of the environment that runs this."""
    names = ("site-packages", "dist-packages")
    return [path for path in sys.path if Path(path).name in names]


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, check=False)


def _run(*command: str, **chosen: str) -> None:
    """Run a step of a build, with some more environment variables."""
    variables = {**os.environ, "CHAINRULE_NATIVE": "require", **chosen}
    variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    variables.pop("PYTHONPATH", None)
    if shutil.which("ccache"):
        variables |= {"CMAKE_CXX_COMPILER_LAUNCHER": "ccache", "CCACHE_NOHASHDIR": "1"}
        variables["CCACHE_BASEDIR"] = command[-1]
    done = subprocess.run(command, capture_output=True, check=False, env=variables)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
        raise UnusableError(
            f"status {done.returncode} of `{' '.join(command)}`:\n{said}\n",
            "a tree that builds here, with its native engine",
            "Build it by hand with `CHAINRULE_NATIVE=require pip install .` to see more.",
        )
