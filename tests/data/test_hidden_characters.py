"""Characters that are not seen: read without them and told, or refused; never a category of their own."""

import pytest

from chainrule import InputError
from chainrule.data import hidden_characters
from chainrule.data.dialect_options import asked_dialect
from chainrule.data.tables import read_table

ROWS = 24


def file_of(folder, content, encoding="utf-8"):
    file = folder / "t.csv"
    file.write_bytes(
        content if isinstance(content, bytes) else content.encode(encoding)
    )
    return file


def table_of(first, second, name="a"):
    """Text of a table whose first column has one value, or two spellings of it."""
    rows = [f"{second if i % 3 else first},{i},{'ud'[i % 2]}" for i in range(ROWS)]
    return "\n".join([f"{name},b,y", *rows]) + "\n"


@pytest.mark.parametrize(
    ("strange", "plain"),
    [
        ("red\u200b", "red"),
        ("\ufeffred", "red"),
        ("re\u00add", "red"),
        ("new\u00a0york", "new york"),
        ("new\u202fyork ", "new york"),
        ("cafe\u0301", "caf\u00e9"),
    ],
)
def test_one_category_in_two_spellings(tmp_path, strange, plain):
    table = read_table(file_of(tmp_path, table_of(strange, plain)))
    assert set(table.columns["a"]) == {plain}
    assert "a: " + ascii(strange.strip()) in table.remarks[0]
    again = read_table(file_of(tmp_path, table_of(strange, strange)), table.dialect)
    assert set(again.columns["a"]) == {plain}


@pytest.mark.parametrize("text", ["\u200b1.5", "1.5\u00a0", "\ufeff1.5", "1.5\u200e"])
def test_numbers(tmp_path, text):
    table = read_table(file_of(tmp_path, table_of(text, "2.5")))
    assert table.columns["a"][:2].tolist() == [1.5, 2.5]
    assert table.remarks == ()


@pytest.mark.parametrize(
    ("name", "plain"), [("a\u200b", "a"), ("new\u00a0size", "new size")]
)
def test_names(tmp_path, name, plain):
    table = read_table(file_of(tmp_path, table_of("1", "2", name)))
    assert tuple(table.columns) == (plain, "b", "y")


def test_letters_that_join_keep_their_joiners(tmp_path):
    table = read_table(
        file_of(tmp_path, table_of("\u0645\u06cc\u200c\u062e", "\u0646"))
    )
    assert table.columns["a"][0] == "\u0645\u06cc\u200c\u062e"
    assert table.remarks == ()


PART = table_of("red", "blue")
TWO = PART.split("\n", 1)[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PART + "\0" + TWO, r"U\+0000 in line 26"),
        (PART + "\0" * 100, r"U\+0000 in line 26"),
        (PART + "\x1a", r"U\+001A in line 26"),
        (PART.replace("red", "r\x02d"), r"U\+0002 in line 2"),
        (PART * 20 + "r\0d,1,u\n", r"column 'a', with the control character U\+0000"),
        ("\ufeff" + PART + "\ufeff" + PART, "first line comes again: a, b, y"),
    ],
)
def test_files_put_together_or_damaged(tmp_path, content, said):
    if PART * 20 in content:
        content = content.replace("\na,b,y", "")
    with pytest.raises(InputError, match=said):
        read_table(file_of(tmp_path, content))


def test_a_second_part_without_names(tmp_path):
    rows = "".join(f"{i}.5,{i},{'ud'[i % 2]}\n" for i in range(9))
    table = read_table(file_of(tmp_path, f"\ufeffa,b,y\n{rows}\ufeff{rows}"))
    assert table.columns["a"][9:11].tolist() == [0.5, 1.5]


@pytest.mark.parametrize("encoding", ["iso2022_jp", "hz"])
def test_encodings_in_seven_bits(tmp_path, encoding):
    rows = "".join(f"{i},{['山田', '田中'][i % 2]}\n" for i in range(ROWS))
    file = file_of(tmp_path, f"名前,y\n{rows}", encoding)
    with pytest.raises(InputError, match=f"encoding='{encoding}'"):
        read_table(file)
    table = read_table(file, asked_dialect(encoding=encoding))
    assert table.columns["y"][:2].tolist() == ["山田", "田中"]


def test_a_control_character_that_separates(tmp_path):
    file = file_of(tmp_path, "a\x01y\n" + "1.5\x01u\n2.5\x01d\n" * 9)
    with pytest.raises(InputError, match="separator="):
        read_table(file)
    table = read_table(file, asked_dialect(separator="\x01"))
    assert table.columns["a"][:2].tolist() == [1.5, 2.5]


def test_blanks_and_tabs(tmp_path):
    rows = [f"{i}.5 {i}\tu" if i % 2 else f"{i}.5\t{i} d" for i in range(ROWS)]
    table = read_table(file_of(tmp_path, "\n".join(["a b y", *rows]) + "\n"))
    assert table.columns["a"][:2].tolist() == [0.5, 1.5]
    assert table.columns["y"][:2].tolist() == ["d", "u"]


def test_the_planted_fault_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(hidden_characters, "clean", lambda text: text)
    table = read_table(file_of(tmp_path, table_of("red\u200b", "red")))
    assert set(table.columns["a"]) == {"red\u200b", "red"}


@pytest.mark.parametrize(
    "text", ["gr\u00fc\u00df".encode().decode("latin-1"), "gr\ufffdn"]
)
def test_text_that_was_read_wrongly_before_is_told(tmp_path, text):
    table = read_table(file_of(tmp_path, table_of(text, "red")))
    assert any("wrong encoding before" in remark for remark in table.remarks)
    table = read_table(file_of(tmp_path, table_of("red", "blue", text)))
    assert "the names: " in table.remarks[0]
    assert (
        read_table(file_of(tmp_path, table_of("gr\u00fc\u00df", "\u00c3"))).remarks
        == ()
    )


@pytest.mark.parametrize("text", ["r\x07d", "\x1b[2Jred"])
def test_what_a_terminal_obeys_is_read_and_told(tmp_path, text):
    table = read_table(file_of(tmp_path, table_of(text, "blue")))
    assert table.columns["a"][0] == text
    assert "a: " + text + " holds control characters" in table.remarks[0]
