"""Files in the manner of spreadsheets, R, SPSS, loggers and three locales: right values, or a refusal with a remedy."""

import bz2
import lzma
import math
import zipfile

import numpy as np
import pandas as pd
import polars as pl
import pytest

from chainrule import InputError, load_data
from chainrule.data.dialect import Dialect
from chainrule.data.dialect_options import asked_dialect
from chainrule.data.tables import read_table

NAN = None


def lines(head, row, values, end="\n"):
    """A file of a head and one line per value."""
    body = [row.format(v, i=i, kind="ab"[i % 2]) for i, v in enumerate(values)]
    return end.join(([head] if head is not None else []) + body) + end


#: What is read, of which file, with which options: the first values of columns.
READ = {
    # German, French, Swiss, English, Indian numbers
    "German": (
        lines("wert;art", "{};{kind}", ["1.863,50", "-950,00", "12.345.678,25"]),
        {},
        {"wert": [1863.5, -950.0, 12345678.25]},
    ),
    "German thousands proved by another column": (
        lines("n;q;k", "{};0,5{i};{kind}", ["1.863", "950", "26.212"]),
        {},
        {"n": [1863.0, 950.0, 26212.0], "q": [0.50, 0.51, 0.52]},
    ),
    "German euros with a byte order mark": (
        "\ufeff" + lines("preis;k", "{};{kind}", ["5,20 €", "1.000,00 €"], "\r\n"),
        {},
        {"preis": [5.2, 1000.0]},
    ),
    "German without names": (
        lines(None, "{};3,{i};{kind}", ["12,50", "44,25", "1,75"]),
        {},
        {"column1": [12.5, 44.25, 1.75], "column2": [3.0, 3.1, 3.2]},
    ),
    "German percent": (
        lines("anteil;k", "{};{kind}", ["12,5 %", "7,0 %", "0"]),
        {},
        {"anteil": [12.5, 7.0, 0.0]},
    ),
    "SAP's minus behind": (
        lines("wert;k", "{};{kind}", ["5,00-", "1.200,50", "0,75"]),
        {},
        {"wert": [-5.0, 1200.5, 0.75]},
    ),
    "French with narrow blanks": (
        lines("v;k", "{};{kind}", ["1\u202f863,5", "12\u00a0000,25", "950,0"]),
        {},
        {"v": [1863.5, 12000.25, 950.0]},
    ),
    "French with plain blanks": (
        lines("v;k", "{};{kind}", ["1 863", "950", "12 000"]),
        {},
        {"v": [1863.0, 950.0, 12000.0]},
    ),
    "Swiss": (
        lines("v;k", "{};{kind}", ["1'234.50", "12’345.60", "7.25"]),
        {},
        {"v": [1234.5, 12345.6, 7.25]},
    ),
    "Swiss francs": (
        lines("v;k", "{};{kind}", ["CHF 1'234.50", "CHF 7.00"]),
        {},
        {"v": [1234.5, 7.0]},
    ),
    "English dollars": (
        lines("v,k", '"{}",{kind}', ["$1,234.50", "-$5.25", "($7.00)"]),
        {},
        {"v": [1234.5, -5.25, -7.0]},
    ),
    "English thousands, said": (
        lines("v,k", '"{}",{kind}', ["26,212", "950", "1,863"]),
        {},
        {"v": [26212.0, 950.0, 1863.0], "?": r"26,212 is read as 26212.*decimal="},
    ),
    "Indian": (
        lines("v,k", '"{}",{kind}', ["12,34,567", "1,23,456"]),
        {},
        {"v": [1234567.0, 123456.0]},
    ),
    "a unit": (lines("v,k", "{},{kind}", ["5 kg", "7.5 kg"]), {}, {"v": [5.0, 7.5]}),
    "Unicode minus": (
        lines("v,k", "{},{kind}", ["\u22125", "7.5"]),
        {},
        {"v": [-5.0, 7.5]},
    ),
    "three decimals in an English file": (
        lines("v,k", "{},{kind}", ["1.863", "2.541", "7.612"]),
        {},
        {"v": [1.863, 2.541, 7.612]},
    ),
    "the same, asked for": (
        lines("v;k", "{};{kind}", ["1.863", "950"]),
        {"thousands": "."},
        {"v": [1863.0, 950.0]},
    ),
    "a decimal point, asked for": (
        lines("v;k", "{};{kind}", ["1.863", "950"]),
        {"decimal": "point"},
        {"v": [1.863, 950.0]},
    ),
    # missing values
    "words between numbers": (
        lines("v,k", "{},{kind}", [1, "None", "na", "-", ".", "#DIV/0!", "\\N", 2]),
        {},
        {"v": [1.0, *[NAN] * 6, 2.0], "?": "Taken for missing between numbers"},
    ),
    "a number in another spelling": (
        lines("v,k", "{},{kind}", [1, "-999.0", "-999", 2.5]),
        {"missing": ["-999"]},
        {"v": [1.0, NAN, NAN, 2.5]},
    ),
    "a number that looks like a mark, said": (
        lines("v,k", "{},{kind}", [*[20 + i / 8 for i in range(9)], -999, -999]),
        {},
        {"v": [20.0, 20.125], "?": r"-999 in 2 rows lies far from.*missing=\['-999'\]"},
    ),
    "infinity as a mark": (
        lines("v,k", "{},{kind}", [1, "inf", 2]),
        {"missing": ["inf"]},
        {"v": [1.0, NAN, 2.0]},
    ),
    "SPSS": (
        lines("v,k", "{},{kind}", [".5", "#NULL!", ".25"]),
        {},
        {"v": [0.5, NAN, 0.25]},
    ),
    "NA among codes of two letters": (
        lines("v,c", "{i},{}", ["NA", "EU", "AS"]),
        {},
        {"c": ["NA", "EU", "AS"], "?": r"NA is a value.*missing=\['NA'\]"},
    ),
    "NA in other text": (
        lines("v,c", "{i},{}", ["NA", "Europe", "Asia"]),
        {},
        {"c": [NAN, "Europe", "Asia"]},
    ),
    "NA that is a value, asked for": (
        lines("v,c", "{i},{}", ["NA", "Europe", "Asia"]),
        {"not_missing": ["NA"]},
        {"c": ["NA", "Europe", "Asia"]},
    ),
    "None is a category": (
        lines("v,c", "{i},{}", ["None", "Gravel", "Paved"]),
        {},
        {"c": ["None", "Gravel", "Paved"]},
    ),
    "rows of empty fields": ("a,b\n1,x\n,\n\n2,y\n", {}, {"a": [1.0, NAN, 2.0]}),
    # names
    "R's write.table": (
        lines('"v" "k"', '"{i}" {} "{kind}"', [1.5, 2.5]),
        {},
        {"v": [1.5, 2.5], "?": "row names"},
    ),
    "R's write.csv2": (
        lines('"";"v";"k"', '"{i}";{};"{kind}"', ["1,5", "2,5", "3,5"]),
        {},
        {"v": [1.5, 2.5, 3.5], "?": "numbers the rows"},
    ),
    "pandas with its index": (
        lines(",v,k", "{i},{},{kind}", [1.5, 2.5, 3.5]),
        {},
        {"v": [1.5, 2.5, 3.5], "k": ["a", "b", "a"]},
    ),
    "rows that end in a separator": (
        lines("v,k", "{},{kind},", [1.5, 2.5]),
        {},
        {"v": [1.5, 2.5], "k": ["a", "b"]},
    ),
    "years as names": (
        lines("region,2019,2020", "r{kind},{},7", [11, 12] * 6),
        {"header": None},
        {"2019": [11.0, 12.0], "2020": [7.0, 7.0]},
    ),
    "two names that are empty": (
        lines(",,k", "{},{i},{kind}", [0.5, 2.5, 1.5]),
        {},
        {"column1": [0.5, 2.5, 1.5], "column2": [0.0, 1.0, 2.0]},
    ),
    "a title and a line of dashes": (
        "Report 2024\n" + lines("v|k\n---|---", "{}|{kind}", [1.5, 2.5]),
        {},
        {"v": [1.5, 2.5]},
    ),
    "numpy.savetxt": (lines("# x y", "{} {i}", [1.5, 2.5]), {}, {"x": [1.5, 2.5]}),
    "sep= for Excel": (
        "sep=;\r\n" + lines("v;k", "{};{kind}", ["1,5", "2,5"], "\r\n"),
        {},
        {"v": [1.5, 2.5]},
    ),
    # text
    "blanks as separators": (
        lines(None, "   {}   {i}.25   {kind}", [10, 20, 30]),
        {},
        {"column1": [10.0, 20.0, 30.0], "column2": [0.25, 1.25, 2.25]},
    ),
    "CR alone": (lines("v,k", "{},{kind}", [1, 2], "\r"), {}, {"v": [1.0, 2.0]}),
    "UTF-16": (lines("v\tk", "{}\té", [1, 2]).encode("utf-16"), {}, {"k": ["é", "é"]}),
    "UTF-16 without a mark": (
        lines("v,k", "{},é", [1, 2]).encode("utf-16-le"),
        {},
        {"k": ["é", "é"]},
    ),
    "cp1252, asked for": (
        lines("v,k", "{},é", [1, 2]).encode("cp1252"),
        {"encoding": "cp1252"},
        {"k": ["é", "é"]},
    ),
    "bzip2": (bz2.compress(b"v,k\n1,a\n2,b\n"), {}, {"v": [1.0, 2.0]}),
    "xz": (lzma.compress(b"v,k\n1,a\n2,b\n"), {}, {"v": [1.0, 2.0]}),
    "a line separator of Unicode": (
        "v,k\n1,x\u2028y\n2,z\n",
        {},
        {"k": ["x\u2028y", "z"]},
    ),
    "single quotes": (
        lines("'v';'k'", "'{}';'x;y'", [1, 2]),
        {},
        {"v": [1.0, 2.0], "k": ["x;y", "x;y"]},
    ),
    "quotes with a backslash": (
        lines("v,k", '{},"a \\"b\\" c"', [1, 2]),
        {},
        {"k": ['a "b" c'] * 2},
    ),
    "a cell of 140 000 characters": (
        "v,k\n1," + "w" * 140_000 + "\n2,x\n",
        {},
        {"v": [1.0, 2.0]},
    ),
    # dates and codes
    "ISO dates": (
        lines("d,k", "{},{kind}", ["1970-01-02", "1970-01-02T12:00:00Z"]),
        {},
        {"d": [1.0, 1.5]},
    ),
    "German dates": (
        lines("d;k", "{};{kind}", ["02.01.1970", "11.01.1970"]),
        {},
        {"d": [1.0, 10.0]},
    ),
    "American dates": (
        lines("d,k", "{},{kind}", ["1/2/1970", "1/31/1970"]),
        {},
        {"d": [1.0, 30.0]},
    ),
    "dates, asked for": (
        lines("d,k", "{},{kind}", ["01/02/1970", "02/02/1970"]),
        {"kinds": {"d": "date:%d/%m/%Y"}},
        {"d": [31.0, 32.0]},
    ),
    "codes": (
        lines("zip,k", "{},{kind}", ["01234", "99999"]),
        {},
        {"zip": ["01234", "99999"]},
    ),
    "codes as numbers, asked for": (
        lines("zip,k", "{},{kind}", ["01234", "99999"]),
        {"kinds": {"zip": "number"}},
        {"zip": [1234.0, 99999.0]},
    ),
    "a left-out column of two units": (
        lines("v,w,k", "{i},{},{kind}", ["5 kg", "5 g"]),
        {"kinds": {"w": "ignore"}},
        {"v": [0.0, 1.0]},
    ),
}


def read(tmp_path, content, options):
    file = tmp_path / "t.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(file, asked_dialect(**options))


@pytest.mark.parametrize("name", READ)
def test_read_right(tmp_path, name):
    content, options, expected = READ[name]
    table = read(tmp_path, content, options)
    expected = dict(expected)
    remark = expected.pop("?", None)
    for column, values in expected.items():
        found = [
            None if isinstance(v, float) and math.isnan(v) else v
            for v in table.columns[column].tolist()
        ]
        assert found[: len(values)] == values
    if remark is None:
        assert not any("is read as" in said for said in table.remarks)
    else:
        import re

        assert any(re.search(remark, said) for said in table.remarks), table.remarks
    # the dialect that was found reads the file again, to the same values, also after JSON
    again = Dialect.from_dict(table.dialect.as_dict())
    assert again == table.dialect
    same = read_table(tmp_path / "t.csv", again)
    for column in table.columns:
        np.testing.assert_array_equal(same.columns[column], table.columns[column])


FORTY = [round(1.5 * i + 0.25, 2) for i in range(40)]
#: What is refused, of which file, with which words.
REFUSED = {
    "dots that may be decimal": (
        lines("v;k", "{};{kind}", ["1.863", "2.950", "26.212"]),
        r"'1\.863', which may be 1863 or 1\.863.*thousands='\.' or decimal",
    ),
    "dots as thousands are written, in an English file": (
        lines("v,k", "{},{kind}", ["1.863", "950", "26.212", "5.111"]),
        "which may be 1863 or 1.863",
    ),
    "commas that may be decimal": (
        lines("v;k", "{};{kind}", ["26,212", "1,863"]),
        "'26,212', which may be 26212 or 26.212",
    ),
    "two decimal marks": (
        lines("v;k", "{};{kind}", ["1,5", "1.25"]),
        "'1,5' and '1.25'|'1.25' and '1,5'",
    ),
    "two units": (
        lines("v,k", "{},{kind}", ["5 kg", "5 g"]),
        "numbers? in 'kg' and '5 g' in line 3.*one unit",
    ),
    "percent and a share": (
        lines("v,k", "{},{kind}", ["5 %", "0.05"]),
        "numbers? in '%' and '0.05' in line 3.*one unit",
    ),
    "an unknown unit": (
        lines("v,k", "{} widgets,{kind}", FORTY),
        "beside the word 'widgets'.*kinds={'v': 'category'}",
    ),
    "stars behind numbers": (
        lines("v,k", "{}*,{kind}", FORTY),
        r"beside the word '\*'.*kinds=",
    ),
    "Excel's text formulas": (
        lines("v,k", '="{}",{kind}', FORTY),
        "something around it",
    ),
    "an unknown word": (
        lines("v,k", "{},{kind}", [1, "oops", 2, 3]),
        r"3 numbers and 'oops' in line 3 of t.csv.*missing=\['oops'\].*kinds={'v': 'category'}",
    ),
    "a unit below the name": (
        lines("v,k\n°C,", "{},{kind}", FORTY),
        "40 numbers and '°C' in line 2",
    ),
    "a footer": (
        lines("v,k", "{},{kind}", FORTY) + "(40 rows affected)\n",
        r"'\(40 rows affected\)' alone in line 42.*Leave it out.*skip_last=1",
    ),
    "day or month": (
        lines("d,k", "{},{kind}", ["01/02/2024", "03/04/2024"]),
        "day and month may be either.*kinds={'d': 'date:%d/%m/%Y'}",
    ),
    "names that stand twice": (lines("a,a,k", "{},{i},{kind}", FORTY), "twice: a"),
    "names or data": (
        "Ada,Paris\nBob,Rome\nCy,Bern\n",
        "names or data.*header=True or header=False",
    ),
    "decimal commas between commas": (
        lines("v,k", "{},{kind}", ["1,5", "2,5", "7,25"]),
        "2 names in line 1 over rows of 3 fields.*separator=",
    ),
    "decimal commas between commas, three columns": (
        lines("v,w,k", "{0},{0},{kind}", ["1,5", "2,5", "7,25"]),
        "3 names in line 1 over rows of 5 fields",
    ),
    "another separator": (lines("v:k", "{}:{kind}", FORTY), "one field.*separator="),
    "a value that blanks skip": ("a b c\n1 2 3\n4 6\n7 8 9\n", "line 3 has 2 fields"),
    "a separator too many": ("a,b\n1,2\n3,4,5\n6,7\n", r"line 3 has 3 fields"),
    "a quote that is not closed": ('a,b\n1,x\n"2,y\n3,z\n', "quote that is not closed"),
    "quotes that swallow a line": (
        lines("v,k", "{},{kind}", FORTY) + '"2,y\n3,z\n4"5,w\n',
        "text behind a quote",
    ),
    "no UTF-8": ("a,é\n1,2\n".encode("latin-1"), "encoding='cp1252'.*iconv"),
    "an old Excel file": (b"\xd0\xcf\x11\xe0" + bytes(600), "save the sheet as CSV"),
    "SPSS": (b"$FL2@(#) SPSS DATA FILE" + bytes(100), "Export it as CSV"),
    "a web page": ("<!DOCTYPE html><html></html>", "web page"),
    "JSON": ('[{"a": 1}]', "JSON file"),
    "ARFF": ("% x\n@relation r\n@data\n1,2\n", "ARFF"),
    "LibSVM": ("1 1:0.5 2:3\n0 1:0.25 3:1\n", "index:value"),
    "an encoding that there is not": ("a,b\n1,2\n", "encoding 'utf-99'"),
}
OPTIONS = {"an encoding that there is not": {"encoding": "utf-99"}}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_remedy(tmp_path, name):
    content, said = REFUSED[name]
    with pytest.raises(InputError, match=f"(?is){said}"):
        read(tmp_path, content, OPTIONS.get(name, {}))


def test_workbooks_and_archives_are_no_npz(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as packed:
        packed.writestr("t.csv", "a,b\n1,2\n")
    for name, said in (("t.xlsx", "Excel.*Save the sheet as CSV"), ("t.zip", "Unpack")):
        with pytest.raises(InputError, match=said):
            load_data(tmp_path / name)


def test_the_planted_fault_is_seen(tmp_path):
    # without evidence from the other column, the dots are refused: it is that evidence that decides
    assert read(tmp_path, "n;q\n1.863;0,5\n950;1,5\n", {}).columns["n"].tolist() == [
        1863,
        950,
    ]
    with pytest.raises(InputError, match="may be 1863"):
        read(tmp_path, "n;q\n1.863;5\n950;15\n", {})


BIG = [2**53, 2**53 + 1, 2**53 + 2]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_large_whole_numbers_are_exact_labels(tmp_path, kind):
    frame = pl.DataFrame({"x": range(30), "id": BIG * 10})
    getattr(frame, f"write_{kind}")(tmp_path / f"t.{kind}")
    data = load_data(tmp_path / f"t.{kind}", target="id")
    assert data.classes == tuple(map(str, BIG))
    assert data.preparation.dialect.columns["id"].kind == "category"


def test_the_index_of_pandas_is_no_column(tmp_path):
    frame = pd.DataFrame({"a": range(40), "k": ["x", "y"] * 20}).sort_values("k")
    frame.to_parquet(tmp_path / "t.parquet")
    data = load_data(tmp_path / "t.parquet")
    assert (data.preparation.inputs, data.preparation.target.names) == (("a",), ("k",))
    assert any("index that pandas wrote" in remark for remark in data.remarks)


def test_a_missing_number_of_parquet(tmp_path):
    for dtype in (pl.Int64, pl.Float64):
        frame = pl.DataFrame({"a": [-999, 1, 2, 3]}, schema={"a": dtype})
        frame.write_parquet(tmp_path / "t.parquet")
        table = read_table(tmp_path / "t.parquet", asked_dialect(missing=["-999"]))
        assert np.isnan(table.columns["a"]).tolist() == [True, False, False, False]


def test_stamps_that_differ_little_are_not_the_same(tmp_path):
    stamps = [1_700_000_000_000_000_000 + 10**7 * i for i in range(40)]
    pl.DataFrame({"t": stamps, "k": ["x", "y"] * 20}).write_csv(tmp_path / "t.csv")
    feature = load_data(tmp_path / "t.csv").preparation.features[0]
    assert feature.name == "t"
    assert 1e8 < feature.std < 1.3e8  # of 0 to 39 times 10⁷, about 1.15e8


def test_numbers_too_large_for_a_standard_deviation(tmp_path):
    for column in ("a", "y"):
        values = {"a": range(40), "y": [i / 7 for i in range(40)]}
        values[column] = [1e160 if i == 4 else i / 3 for i in range(40)]
        pl.DataFrame(values).write_csv(tmp_path / "t.csv")
        with pytest.raises(
            InputError, match=rf"'{column}' with 1e\+160 in line 6 of t.csv"
        ):
            load_data(tmp_path / "t.csv", target="y")


def test_names_in_small_tables_are_left_out(tmp_path):
    rows = lines("name,a,k", "Person {i},{},{kind}", FORTY)
    (tmp_path / "t.csv").write_text(rows)
    data = load_data(tmp_path / "t.csv", target="k")
    assert data.preparation.inputs == ("a",)
    assert "name rows" in data.preparation.left_out["name"]


@pytest.mark.parametrize("target", ["Outcome, final", '"Outcome, final"'])
def test_a_name_with_a_comma(tmp_path, target):
    (tmp_path / "t.csv").write_text(lines('a,"Outcome, final"', "{},{kind}", FORTY))
    data = load_data(tmp_path / "t.csv", target=target)
    assert data.preparation.target.names == ("Outcome, final",)


def test_a_target_that_is_named_proves_the_names(tmp_path):
    rows = lines("rating,spam", "{},{kind}", ["spam", "a", "b"] * 9)
    (tmp_path / "t.csv").write_text(rows.replace(",a\n", ",spam\n"))
    data = load_data(tmp_path / "t.csv", target="spam")
    assert data.preparation.target.names == ("spam",)


@pytest.mark.parametrize(
    ("source", "arguments", "said"),
    [
        ("digits", {"test": "x.csv"}, "data set digits, with test"),
        ("iris", {"target": "species"}, "data set iris, with target"),
        ("wine", {"header": True}, "data set wine, with header"),
        ("mnist", {"seed": 3}, "data set mnist, with seed"),
        ("mnist", {"test_share": 0.5}, "data set mnist, with test_share"),
    ],
)
def test_arguments_that_would_do_nothing(source, arguments, said):
    with pytest.raises(InputError, match=said):
        load_data(source, **arguments)


def test_digits_are_cut_as_asked():
    assert len(load_data("digits", test_share=0.5).x_test) == 899
    one, two = (load_data("digits", seed=seed).y_test for seed in (0, 1))
    assert not np.array_equal(one, two)


def test_labels_of_two_million_rows_are_fast():
    import time

    from chainrule.data.column_values import labels

    column = np.arange(2_000_000, dtype=float) % 17
    began = time.perf_counter()
    found = labels(column)
    assert time.perf_counter() - began < 1.5  # 1.9 s before, one by one; 0.1 s now
    assert found[:18].tolist() == [*map(str, range(17)), "0"]
