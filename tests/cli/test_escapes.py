"""Nothing out of a file reaches a terminal as it is: it could clear the screen, set the clipboard, turn text around."""

import json
import logging
import re
import sys

import pytest

from chainrule import InputError
from chainrule.cli.exit_status import SaidLog, say
from chainrule.cli.output import Output, write_table
from chainrule.printable import printable, printable_lines
from chainrule.progress import ProgressLine

from ..support.commands import chainrule, here, in_process
from .test_terminal import on_terminal

#: Clear the screen; set the clipboard; write from right to left; a line of one's own; another title; a bell.
HOSTILE = "\x1b[2J\x1b]52;c;aGk=\x1b\\\u202eevil\nchainrule: saved\x9d0;x\x9c\x07"
SHOWN = r"\x1b[2J\x1b]52;c;aGk=\x1b\\u202eevil\nchainrule: saved\x9d0;x\x9c\x07"
OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]"
)


def test_what_is_shown_of_hostile_text():
    assert printable(HOSTILE) == SHOWN.replace(r"\\u202e", "\\\\u202e")
    assert printable("größe, 大, 👩‍👩‍👧, a\u00a0b") == "größe, 大, 👩‍👩‍👧, a\u00a0b"
    assert printable("a\udcff") == r"a\udcff"
    assert printable_lines("one\r\ntwo\u2028three") == "one\\r\ntwo\\u2028three"
    for code in [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), 0x2029]:
        assert printable(chr(code)).isascii()
        assert printable(chr(code)).isprintable()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A table whose columns and categories are hostile, in a file with a hostile name, and a model of it."""
    folder = tmp_path_factory.mktemp("hostile")
    name = HOSTILE.replace("[", "c") + ".csv"  # a reader may take [ for a pattern
    quoted = HOSTILE.replace("\n", " ").replace(";", ":")  # as no separator would be
    lines = [
        f'{i},{i * 7 % 5},"{quoted}{i % 3}","{quoted}{i % 2}"\n' for i in range(60)
    ]
    (folder / name).write_text(
        f'"{quoted}a","{quoted}b",c,y\n' + "".join(lines), encoding="utf-8"
    )
    command = ("train", name, "--epochs", "2", "--hidden", "3", "--output", "run")
    done = chainrule(*command, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert OBEYED.findall(done.stdout + done.stderr) == []
    assert r"\x1b[2J" in done.stdout
    return folder, name


@pytest.mark.parametrize(
    "words",
    [
        ("data", "NAME"),
        ("info", "run"),
        ("train", "NAME", "--target", HOSTILE),
        ("train", "NAME", "--output", "NAME"),
        ("train", HOSTILE),
        ("train", "digits", f"--{HOSTILE}"),
        ("train", "digits", "--epochs", HOSTILE),
        ("predict", "run", "NAME", "--output", HOSTILE),
        ("predict", HOSTILE, "NAME"),
        ("check", HOSTILE),
        ("explain", "run", "--data", "NAME", "--layer", HOSTILE),
        ("explain", "run", "--data", "NAME"),
        ("errata", HOSTILE),
        (HOSTILE,),
    ],
)
def test_no_command_passes_on_what_a_terminal_obeys(place, words):
    folder, name = place
    done = here(*(name if w == "NAME" else w for w in words), cwd=folder)
    assert OBEYED.findall(done.stdout + done.stderr) == []
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr


def test_a_message_is_one_line_whatever_names_are_in_it(place):
    folder, name = place
    done = here("train", name, "--target", "nope", cwd=folder)
    assert len(done.stderr.splitlines()) == 1
    assert r"\nchainrule: saved" in done.stderr


def test_on_a_terminal_too(place):
    folder, name = place
    lines = on_terminal(100, "data", name, cwd=folder)
    assert any(r"\u202eevil\nchainrule" in line for line in lines)
    assert not any(OBEYED.search(line) for line in lines)


def test_json_says_everything_as_it_is(place):
    """For programs nothing is changed, and JSON escapes by itself."""
    folder, name = place
    done = here("train", name, "--epochs", "1", "--json", cwd=folder)
    assert OBEYED.findall(done.stdout) == []
    assert json.loads(done.stdout)["data"]["name"] == name


class Terminal:
    """A stream that is a terminal."""

    encoding = "utf-8"

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def test_predictions_are_escaped_on_a_terminal_only(monkeypatch, capsys):
    table = "prediction\n\x1b[2Jcat\n"
    write_table(table)
    assert capsys.readouterr().out == table
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    write_table(table)
    assert terminal.text == "prediction\n\\x1b[2Jcat\n"


def test_every_way_out_is_escaped(capsys):
    output = Output()
    output.print(f"\n{HOSTILE}\n")
    output.print_lines(f"a\n{HOSTILE}")
    output.print_table(HOSTILE, ["one\ntwo", HOSTILE], [(HOSTILE, [(HOSTILE, "")] * 2)])
    say(HOSTILE)
    logger = logging.Logger("x")
    logger.addHandler(SaidLog())
    logger.warning("%s", HOSTILE)
    with ProgressLine(HOSTILE, total=2, unit=HOSTILE, show=True) as line:
        line.advance(HOSTILE)
    captured = capsys.readouterr()
    assert OBEYED.findall(captured.out + captured.err) == []
    assert captured.out.startswith("\n\\x1b")
    assert len(captured.err.splitlines()) == 3


def test_an_error_in_python_is_escaped():
    error = InputError(f"column {HOSTILE}", "a name", "Rename it.")
    assert OBEYED.findall(str(error)) == []
    assert "\n" not in str(error)
    assert error.given == f"column {HOSTILE}"  # as it was, for programs


def test_the_search_finds_what_is_not_escaped(monkeypatch, capsys):
    """The planted fault: where printing passes everything on, the search says so."""
    monkeypatch.setattr("chainrule.cli.exit_status.printable", str)
    say(HOSTILE)
    assert len(OBEYED.findall(capsys.readouterr().err)) == 7
    assert in_process("train", "nonesuch\x1b[2J") == 2
