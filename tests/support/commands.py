"""The command as a real process, for the tests of what it does."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.cli import main

COMMAND = [sys.executable, "-m", "chainrule"]
#: Real data, where CHAINRULE_DATA names a folder that has it.
TABLES = Path(os.environ.get("CHAINRULE_DATA") or "/nowhere", "tabular")


def chainrule(*arguments, cwd, **environment):
    """Run to the end: status, output, errors. One thread: the bits are the same, and tests run beside each other."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "COLUMNS": "100",
            "CHAINRULE_NUM_THREADS": "1",
            **environment,
        },
        timeout=300,
        check=False,
    )


def in_process(*arguments):
    """The exit status of a command run in this process, which spares a start; for short ones."""
    terminate = signal.getsignal(signal.SIGTERM)
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return stop.code or 0
    finally:
        signal.signal(signal.SIGTERM, terminate)
    return 0


def here(*arguments, cwd, **environment):
    """As `chainrule`, in this process, which spares a start: where neither a signal nor a terminal is needed."""
    output, errors = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        patch.chdir(cwd)
        settings = {"COLUMNS": "100", "CHAINRULE_NUM_THREADS": "1", **environment}
        for name, value in settings.items():
            patch.setenv(name, value)
        status = in_process(*arguments)
    return subprocess.CompletedProcess(
        arguments, status, output.getvalue(), errors.getvalue()
    )


def results(*arguments, cwd, **environment):
    """What a command prints as JSON."""
    done = chainrule(*arguments, "--json", cwd=cwd, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)
