"""`import chainrule` loads nothing that it does not need yet."""

import subprocess
import sys

import pytest

import chainrule

pytestmark = pytest.mark.quick

LIST = "import sys, chainrule; print(*sorted({name.split('.')[0] for name in sys.modules}))"


def test_import_loads_only_the_standard_library_and_itself():
    bare = subprocess.run(
        [sys.executable, "-c", LIST.replace(", chainrule", ", importlib")],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = subprocess.run(
        [sys.executable, "-c", LIST], capture_output=True, text=True, check=True
    )
    extra = (
        set(loaded.stdout.split())
        - set(bare.stdout.split())
        - set(sys.stdlib_module_names)
    )
    assert extra == {"chainrule"}


def test_the_mathematics_loads_no_more_than_arrays():
    code = LIST.replace(
        "chainrule;", "chainrule; chainrule.check_gradient; chainrule.backward;"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"scipy", "sklearn", "rich", "typer", "safetensors", "matplotlib"} & set(
        loaded
    )


@pytest.mark.parametrize("command", ["explain", "explain --help", "info", "errata"])
def test_a_command_loads_no_more_than_it_needs(command: str) -> None:
    code = (
        "import sys, runpy; sys.argv = ['chainrule', *sys.argv[1:]]\n"
        "try: runpy.run_module('chainrule', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code, *command.split()],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()[-1]
    assert "typer" in loaded.split()
    assert not {"scipy", "sklearn", "pandas", "matplotlib"} & set(loaded.split())


def test_public_names_are_there_and_others_are_not():
    for name in chainrule.__all__:
        assert getattr(chainrule, name) is not None
        assert name in dir(chainrule)
    with pytest.raises(AttributeError, match="no attribute 'autograd'"):
        chainrule.autograd  # noqa: B018
