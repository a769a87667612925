"""Numbers that may be identifiers or codes: refused with both kinds, or told."""

import pytest

from chainrule import InputError
from chainrule.data import number_doubts
from chainrule.data.dialect_options import asked_dialect
from chainrule.data.tables import read_table


def read(folder, values, separator=";", **options):
    rows = [f'"{v}"{separator}{"ud"[i % 2]}' for i, v in enumerate(values)] * 4
    file = folder / "t.csv"
    file.write_text("\n".join([f"a{separator}y", *rows]) + "\n", encoding="utf-8")
    return read_table(file, asked_dialect(**options))


IDENTIFIERS = [
    ["44 123 456", "45 678 901"],
    ["123.456.789", "987.654.321"],
    ["10.100.200", "10.101.205"],
    ["11 222 333 444", "12 345 678 901"],
    ["44 12 345", "79 45 678"],
]


@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize("values", IDENTIFIERS)
def test_groups_that_may_identify(tmp_path, values, separator):
    with pytest.raises(
        InputError, match=r"kinds={'a': 'number'} or kinds={'a': 'category'}"
    ):
        read(tmp_path, values, separator)
    table = read(tmp_path, values, separator, kinds={"a": "category"})
    assert table.columns["a"][:2].tolist() == values
    table = read(tmp_path, values, separator, kinds={"a": "number"})
    plain = [float(v.replace(".", "").replace(" ", "")) for v in values]
    assert table.columns["a"][:2].tolist() == plain


@pytest.mark.parametrize(
    "values", [["044 123 45 67", "079 765 43 21"], ["12 34 56 78", "98 76 54 32"]]
)
def test_telephone_numbers_are_text(tmp_path, values):
    assert read(tmp_path, values).columns["a"][:2].tolist() == values


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (["1 234 567", "950"], [1234567, 950]),
        (["1.234.567,50", "3.456.789,25"], [1234567.5, 3456789.25]),
        (["1 234 567 €", "3 456 789 €"], [1234567, 3456789]),
        (["-1.234.567", "3.456.789"], [-1234567, 3456789]),
        (["1'234'567", "3'456'789"], [1234567, 3456789]),
        (["1,234,567", "3,456,789"], [1234567, 3456789]),
    ],
)
def test_amounts_that_tell(tmp_path, values, numbers):
    table = read(tmp_path, values)
    assert table.columns["a"][:2].tolist() == numbers
    assert table.remarks == ()


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["12 500", "103 000"], "12 500 is read as 12500"),
        (["100 200", "101 203"], "100 200 is read as 100200"),
        (["1 234 567", "23 456 789"], "1 234 567 is read as 1234567"),
    ],
)
def test_amounts_that_do_not_are_told(tmp_path, values, first):
    table = read(tmp_path, values)
    assert table.columns["a"][:2].tolist() == [
        float(v.replace(" ", "")) for v in values
    ]
    assert first in table.remarks[0]
    assert "kinds={'a': 'category'}" in table.remarks[0]
    assert read(tmp_path, values, thousands=" ").remarks == ()


@pytest.mark.parametrize(
    ("values", "unit"), [(["1B", "2B"], "B"), (["3 A", "4 A"], "A")]
)
def test_a_letter_that_may_be_part_of_a_code_is_told(tmp_path, values, unit):
    table = read(tmp_path, values)
    assert f"a: {unit} is taken for the unit of all its numbers" in table.remarks[0]
    table = read(tmp_path, values, kinds={"a": "category"})
    assert table.columns["a"][:2].tolist() == values


@pytest.mark.parametrize("values", [["1.5 A", "2.25 A"], ["5 kg", "7 kg"]])
def test_units_that_are_units(tmp_path, values):
    assert read(tmp_path, values).remarks == ()


@pytest.mark.parametrize(
    ("values", "word"),
    [(["12", "14", "16", "12a"], "12a"), (["12", "14", "10 L"], "10 L")],
)
def test_a_letter_in_a_few_cells(tmp_path, values, word):
    try:
        said = " ".join(read(tmp_path, values).remarks)
    except InputError as error:
        said = str(error)
    assert "a" in said
    assert word in said or "several units" in said


def test_the_planted_fault_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(number_doubts, "IDENTIFIER_MARKS", ())
    assert read(tmp_path, IDENTIFIERS[0]).columns["a"][0] == 44123456.0


@pytest.mark.parametrize(
    ("values", "said", "numbers"),
    [
        (["1e1", "2e3"], "1e1 is read as 10; codes", [10, 2000]),
        (["3.1", "3.10", "3.9"], "3.10 and 3.1 are read as the same", [3.1, 3.1]),
        (["1-", "2", "3-"], "1- is read as -1; grades", [-1, 2]),
        (["20240131", "20231201"], "dates written as %Y%m%d", [20240131, 20231201]),
        (["4.11111E+15", "5.5E+15"], "a spreadsheet has cut", [4.11111e15, 5.5e15]),
    ],
)
def test_spellings_of_something_else_are_told(tmp_path, values, said, numbers):
    table = read(tmp_path, values)
    assert table.columns["a"][:2].tolist() == numbers
    assert said in " ".join(table.remarks)
    table = read(tmp_path, values, kinds={"a": "category"})
    assert table.columns["a"][:2].tolist() == values[:2]
    assert table.remarks == ()


@pytest.mark.parametrize(
    "values",
    [
        ["1e-05", "2.5e+3"],
        ["3.1", "3.25", "30.5"],
        ["1.50-", "2.00"],
        ["20241301", "20231201"],
        ["20240131", "20231201", "7"],
    ],
)
def test_spellings_of_numbers_are_not(tmp_path, values):
    assert read(tmp_path, values).remarks == ()


def test_days_without_marks(tmp_path):
    read_as = {"a": "date:%Y%m%d"}
    table = read(tmp_path, ["20240131", "20231201"], kinds=read_as)
    assert table.columns["a"][:2].tolist() == [19753.0, 19692.0]


@pytest.mark.parametrize("mark", ["999", "-999.99"])
def test_one_mark_far_off_is_told(tmp_path, mark):
    rows = "".join(f"{i}.5,u\n" for i in range(24)) + f"{mark},d\n"
    (tmp_path / "t.csv").write_text("a,y\n" + rows)
    assert f"missing=['{mark}']" in read_table(tmp_path / "t.csv").remarks[0]


def test_times_with_a_point_are_told(tmp_path):
    times = [f"{8 + i % 9}.{10 + 3 * i}" for i in range(16)]
    assert "times written as %H.%M" in read(tmp_path, times).remarks[0]
    table = read(tmp_path, times, kinds={"a": "date:%H.%M"})
    assert table.columns["a"][0] - -25567 == pytest.approx((8 * 60 + 10) / 1440)
    assert not read(tmp_path, [*times, "9.75"]).remarks
