"""The command as a real process, for the tests of what it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "chainrule"]
#: Real data, where CHAINRULE_DATA names a folder that has it.
TABLES = Path(os.environ.get("CHAINRULE_DATA") or "/nowhere", "tabular")


def chainrule(*arguments, cwd, **environment):
    """Run to the end: status, output, errors."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "100", **environment},
        timeout=300,
        check=False,
    )


def results(*arguments, cwd, **environment):
    """What a command prints as JSON."""
    done = chainrule(*arguments, "--json", cwd=cwd, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)
