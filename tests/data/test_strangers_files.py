"""Files that a stranger made up: read right, or refused with a remedy that works; never another meaning in silence."""

import numpy as np
import pytest

from chainrule import InputError, load_data
from chainrule.data.dialect_options import asked_dialect
from chainrule.data.number_format import NumberFormat
from chainrule.data.number_text import parse, to_float
from chainrule.data.tables import read_table

ROWS = 24


def table(folder, head, rows, *, count=ROWS, **options):
    """The table of a file of a head and rows that come again."""
    file = folder / "t.csv"
    lines = [rows[i % len(rows)] for i in range(count)]
    file.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return read_table(file, asked_dialect(**options))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.-", 12),
        ("12.\u2013", 12),
        ("12.--", 12),
        ("1'234.-", 1234),
        ("CHF 12.-", 12),
        ("12.- CHF", 12),
        ("-12.-", -12),
        ("12.50-", -12.5),
        ("12-", -12),
    ],
)
def test_no_cents_are_no_sign(text, value):
    number = parse(text)
    assert to_float(number, NumberFormat(".", "'", number.unit)) == value


def test_no_cents_in_a_file(tmp_path):
    read = table(tmp_path, "a;y", ["12,-;u", "1.234,-;d", "5,50;u"])
    assert read.columns["a"][:3].tolist() == [12.0, 1234.0, 5.5]
    known = read_table(tmp_path / "t.csv", read.dialect)
    assert known.columns["a"][:3].tolist() == [12.0, 1234.0, 5.5]


def test_a_minus_after_a_blank_is_no_number():
    assert parse("12. -") is None


@pytest.mark.parametrize("name", ["a", "y"])
def test_numbers_asked_for_where_none_are(tmp_path, name):
    (tmp_path / "t.csv").write_text("a,y\n" + "red,up\nblue,down\n" * ROWS)
    first = {"a": "red", "y": "up"}[name]
    with pytest.raises(InputError, match=f"'{first}' in line 2"):
        load_data(tmp_path / "t.csv", target="y", kinds={name: "number"})


@pytest.mark.parametrize(
    "encoding",
    [
        *("base64", "hex", "rot13", "punycode", "undefined", "idna", "bz2", "a\0b"),
        *("unicode_escape", "raw_unicode_escape", "no such"),
    ],
)
def test_codecs_that_are_no_encoding_of_text(encoding):
    with pytest.raises(InputError, match="encoding"):
        asked_dialect(encoding=encoding)


def test_utf_16_without_a_mark(tmp_path):
    (tmp_path / "t.csv").write_bytes("a,y\n1.5,u\n2.5,d\n".encode("utf-16-le"))
    with pytest.raises(InputError, match="utf-16-le"):
        read_table(tmp_path / "t.csv", asked_dialect(encoding="utf-16"))
    read = read_table(tmp_path / "t.csv", asked_dialect(encoding="utf-16-le"))
    assert read.columns["a"].tolist() == [1.5, 2.5]


def test_a_unit_that_training_did_not_have(tmp_path):
    read = table(tmp_path, "a;y", ["12,5;u", "7,5;d"])
    (tmp_path / "t.csv").write_text("a;y\n1141,8 m²;u\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"kinds={'a': 'number'}"):
        read_table(tmp_path / "t.csv", read.dialect)
    anew = read.dialect.overridden(asked_dialect(kinds={"a": "number"}))
    assert read_table(tmp_path / "t.csv", anew).columns["a"].tolist() == [1141.8]


@pytest.mark.parametrize("mark", ["-", "/", "."])
def test_two_digit_years_that_may_be_first(tmp_path, mark):
    dates = [f"24{mark}01{mark}{day:02}" for day in range(1, 25)]
    rows = [f"{date},u" for date in dates]
    form = mark.join(("%y", "%m", "%d"))
    with pytest.raises(InputError, match=f"date:{form}"):
        table(tmp_path, "a,y", rows)
    read = table(tmp_path, "a,y", rows, kinds={"a": f"date:{form}"})
    assert read.columns["a"][0] == 19723.0  # 2024-01-01
    assert np.diff(read.columns["a"]).tolist() == [1.0] * 23


def test_two_digit_years_that_tell(tmp_path):
    days = [f"{day:02}.01.24,u" for day in range(1, 25)]
    assert table(tmp_path, "a,y", days).columns["a"][1] == 19724.0
    years = [f"{year}-01-02,u" for year in range(70, 94)]
    assert table(tmp_path, "a,y", years).columns["a"][0] == 1.0
    ends = [f"{day:02}-01-99,u" for day in range(1, 25)]
    assert table(tmp_path, "a,y", ends).columns["a"][1] == 10593.0  # 1999-01-02


def test_the_remedy_has_the_marks_of_the_file(tmp_path):
    with pytest.raises(
        InputError, match=r"date:%d-%m-%Y'} or kinds={'a': 'date:%m-%d-%Y"
    ):
        table(tmp_path, "a,y", ["01-02-2003,u", "02-03-2004,d"])


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (
            ["soon,u", *(f"2024-01-{day:02},d" for day in range(1, 24))],
            "'soon' in line 2 ",
        ),
        (["2024-01-03,u", "28.02.2024,d", "01.12.2023,u"], "'2024-01-03' in line 2 "),
        (["13/01/2024,u", "25/02/2024,d", "01/13/2024,u"], "'01/13/2024' in line 4 "),
    ],
)
def test_dates_with_something_else_between_them(tmp_path, rows, word):
    with pytest.raises(InputError, match=word):
        table(tmp_path, "a,y", rows)
    assert (
        table(tmp_path, "a,y", rows, kinds={"a": "category"}).columns["a"][0]
        == rows[0].split(",")[0]
    )


def test_a_word_between_dates_that_is_named_missing(tmp_path):
    rows = ["soon,u", *(f"2024-01-{day:02},d" for day in range(1, 24))]
    read = table(tmp_path, "a,y", rows, missing=["soon"])
    assert np.isnan(read.columns["a"][0])
    assert read.columns["a"][1] == 19723.0


def test_numbers_of_three_parts_stay_text(tmp_path):
    read = table(tmp_path, "a,y", ["123-45-6789,u", "321-54-9876,d"])
    assert read.columns["a"][0] == "123-45-6789"


@pytest.mark.parametrize(
    "values",
    [["01.2024", "02.2024", "11.2023"], ["09.30", "07.15"], ["12.30", "09.15"]],
)
def test_a_zero_before_the_digits(tmp_path, values):
    rows = [f"{value},u" for value in values]
    with pytest.raises(
        InputError, match=r"kinds={'a': 'number'} or kinds={'a': 'category'}"
    ):
        table(tmp_path, "a,y", rows)
    read = table(tmp_path, "a,y", rows, kinds={"a": "number"})
    assert read.columns["a"][:2].tolist() == list(map(float, values[:2]))
    read = table(tmp_path, "a,y", rows, kinds={"a": "category"})
    assert read.columns["a"][0] == values[0]
    assert table(tmp_path, "a,y", ["0.5,u", "0,d", "-00.5,u"]).columns["a"][2] == -0.5


def test_the_value_that_is_no_number_is_named(tmp_path):
    rows = [f"{i}.5,u" for i in range(9)] + ["1O,d", *(f"{i}.25,u" for i in range(9))]
    with pytest.raises(InputError, match=r"'1O' in line 11 .*missing=\['1O'\]"):
        table(tmp_path, "a,y", rows)
    read = table(tmp_path, "a,y", rows, missing=["1O"])
    assert np.isnan(read.columns["a"][9])
    assert read.columns["a"][8] == 8.5


@pytest.mark.parametrize(
    "values", [["9007199254740992", "9007199254740994"], ["1e-300", "5e-300", "7e-300"]]
)
def test_numbers_that_cannot_be_told_apart_are_not_the_same(tmp_path, values):
    rows = [f"{value},{i % 7},{'ud'[i % 2]}" for i in range(9) for value in values]
    (tmp_path / "t.csv").write_text("a,b,y\n" + "\n".join(rows) + "\n")
    preparation = load_data(tmp_path / "t.csv", target="y").preparation
    assert "same" not in preparation.left_out.get("a", "")


@pytest.mark.parametrize(
    ("head", "row", "separator", "fields"),
    [
        (
            "emotion,pixels,Usage",
            "3," + " ".join(map(str, range(200, 248))) + ",Training",
            ",",
            3,
        ),
        ("t,a,y", "4111 1111 1111 1111,1.5,up", ",", 3),
        ("a,tel,y", "1.5,+49 170 123 4567,up", ",", 3),
        ("genres,a,y", "Action|Comedy|Drama|War,1.5,up", ",", 3),
        ("mail,a,y", "a@x.de;b@x.de;c@x.de;d@x.de,1.5,up", ",", 3),
        ("rgb,label", "255 128 0 1,red", ",", 2),
        ("d\tv", "a; b; c\t1.5", "\t", 2),
    ],
)
def test_the_separator_that_the_names_speak_for(tmp_path, head, row, separator, fields):
    read = table(tmp_path, head, [row])
    assert read.dialect.separator == separator
    assert tuple(read.columns) == tuple(head.split(separator))
    for text, column in zip(row.split(separator), read.columns.values(), strict=True):
        assert str(column[0]) in (text, f"{text}.0")
        assert len(column) == ROWS


@pytest.mark.parametrize(
    ("head", "rows", "remedy", "corrected"),
    [
        (
            "timestamp v y",
            [f"2024-01-{day:02} 12:00:00 1.5 a" for day in range(1, 25)],
            "Name the date and the time each",
            "date time v y",
        ),
        ("a,y", [f"{i},{i % 3},7" for i in range(24)], "Add the name", "n,a,y"),
        ("a,y", [f"{i},{i % 3},7" for i in range(1, 25)], "Add the name", "n,a,y"),
        ("a b y", [f"x{i} 1.5 {i} u" for i in range(24)], "Add the name", "n a b y"),
    ],
)
def test_a_name_too_few_is_no_row_names(tmp_path, head, rows, remedy, corrected):
    with pytest.raises(InputError, match=remedy):
        table(tmp_path, head, rows)
    assert tuple(table(tmp_path, corrected, rows).columns) == tuple(
        corrected.replace(",", " ").split()
    )


@pytest.mark.parametrize(
    ("values", "form", "first"),
    [
        (["03-Jan-2024", "28-Feb-2024"], "%d-%b-%Y", 19725.0),
        (["Jan 3, 2024", "Dec 1, 2023"], "%b %d, %Y", 19725.0),
        (["03JAN2024", "28FEB2024"], "%d%b%Y", 19725.0),
        (["12:30", "08:15"], "%H:%M", -25567 + 12.5 / 24),
    ],
)
def test_dates_that_are_kept_as_text_are_told(tmp_path, values, form, first):
    rows = [f"{value};u" for value in values]
    told = " ".join(table(tmp_path, "a;y", rows).remarks)
    assert f"kinds={{'a': 'date:{form}'}} reads them" in told
    read = table(tmp_path, "a;y", rows, kinds={"a": f"date:{form}"})
    assert read.columns["a"][0] == pytest.approx(first, abs=1e-9)


@pytest.mark.parametrize(
    "values",
    [
        ["1.5k", "2M"],
        ["5 Stk.", "7 Stk."],
        ["1000+", "500+"],
        ["Rs. 950.00", "Rs. 12,34,567.00"],
    ],
)
def test_numbers_with_something_around_are_told(tmp_path, values):
    read = table(tmp_path, "a;y", [f"{value};u" for value in values])
    assert read.columns["a"][0] == values[0]
    assert f"a looks like numbers with something around ({values[0]})" in " ".join(
        read.remarks
    )


@pytest.mark.parametrize(
    "values", [["12C", "7D"], ["red", "blue"], ["A1", "B2"], ["08154", "01234"]]
)
def test_codes_and_words_are_not_told(tmp_path, values):
    assert not table(tmp_path, "a;y", [f"{value};u" for value in values]).remarks


def test_infinity_as_windows_writes_it_is_told(tmp_path):
    read = table(tmp_path, "a;y", ["1.5;u", "1.#INF;u", "2.25;d"])
    assert "a holds numbers and '1.#INF'" in " ".join(read.remarks)
    read = table(tmp_path, "a;y", ["1.5;u", "1.#INF;u"], missing=["1.#INF"])
    assert read.columns["a"][0] == 1.5


def test_addresses_are_no_numbers(tmp_path):
    rows = ["192.168.100.101,u", "192.168.100.102,d"]
    with pytest.raises(InputError, match=r"kinds={'a': 'category'}"):
        table(tmp_path, "a,y", rows)
    read = table(tmp_path, "a,y", rows, kinds={"a": "category"})
    assert read.columns["a"][0] == "192.168.100.101"


@pytest.mark.parametrize("title", ["Sales report 2024,,", "group,,result"])
def test_a_title_with_separators(tmp_path, title):
    rows = [f"{i % 3},{i}.5,{'ud'[i % 2]}" for i in range(24)]
    (tmp_path / "t.csv").write_text("\n".join([title, "g,a,y", *rows]) + "\n")
    with pytest.raises(InputError, match="Take the lines above the names away"):
        read_table(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text("\n".join(["g,a,y", *rows]) + "\n")
    assert read_table(tmp_path / "t.csv").columns["a"][1] == 1.5


def test_a_line_of_units(tmp_path):
    rows = ["kg,", *(f"{i}.5,u" for i in range(23))]
    with pytest.raises(
        InputError, match="line below the names holds units, take it away"
    ):
        table(tmp_path, "t,y", rows)
    assert table(tmp_path, "t,y", rows[1:], count=23).columns["t"][1] == 1.5


def test_two_separators_that_both_fit_without_names(tmp_path):
    rows = ["4111 1111 1111 1111,1.5,up", "5500 0000 0000 0004,2.5,down"] * 12
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    with pytest.raises(InputError, match="separator="):
        read_table(tmp_path / "t.csv")
    read = read_table(tmp_path / "t.csv", asked_dialect(separator=","))
    assert read.columns["column1"][0] == "4111 1111 1111 1111"
