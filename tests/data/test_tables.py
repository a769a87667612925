"""Reading tables: what separates fields, where the names are, what a column holds."""

import gzip
import logging
import math

import numpy as np
import polars as pl
import pytest

from chainrule import InputError
from chainrule.data import file_kinds
from chainrule.data.dialect_options import asked_dialect
from chainrule.data.tables import read_table

from ..support.commands import TABLES

needs_tables = pytest.mark.skipif(
    not TABLES.is_dir(),
    reason="no tables: CHAINRULE_DATA names no folder with tabular/",
)


def table_of(tmp_path, content, name="t.csv", **options):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    texts = options.pop("categories", ())
    kinds = options.pop("kinds", {}) | dict.fromkeys(texts, "category")
    return read_table(file, asked_dialect(kinds=kinds, **options))


def columns(table):
    return {
        name: [
            None if isinstance(v, float) and math.isnan(v) else v
            for v in column.tolist()
        ]
        for name, column in table.columns.items()
    }


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,x\n2,y\n", {"a": [1.0, 2.0], "b": ["x", "y"]}),
        ("a\tb\n1\tx\n2\ty\n", {"a": [1.0, 2.0], "b": ["x", "y"]}),
        (
            "a;b\n1,5;x\n2,5;y\n",
            {"a": [1.5, 2.5], "b": ["x", "y"]},
        ),  # numbers as written in much of Europe
        ("a|b\n1|x\n2|y\n", {"a": [1.0, 2.0], "b": ["x", "y"]}),
        (
            "a, b\n1, x\n2, ?\n\n",
            {"a": [1.0, 2.0], "b": ["x", None]},
        ),  # blanks, a missing value, an empty line
        (
            "\ufeffa,b\n1,x\n2,y\n",
            {"a": [1.0, 2.0], "b": ["x", "y"]},
        ),  # a byte order mark
        ('a,b\n1,"x, ""y"""\n2,"z\nz"\n', {"a": [1.0, 2.0], "b": ['x, "y"', "z\nz"]}),
        ("a,b\r\n1,x\r\n2,y\r\n", {"a": [1.0, 2.0], "b": ["x", "y"]}),
        ("a,b\n1e3,NA\n-.5,x\n", {"a": [1000.0, -0.5], "b": [None, "x"]}),
        (
            "a,b\n01234,x\n99999,y\n",
            {"a": ["01234", "99999"], "b": ["x", "y"]},
        ),  # codes
    ],
)
def test_what_separates_fields_and_what_columns_hold(tmp_path, content, expected):
    assert columns(table_of(tmp_path, content)) == expected


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("1,x\n2,y\n", ["column1", "column2"]),  # a number is no name
        (
            "p,x,n\ne,x,n\np,b,t\n",
            ["column1", "column2", "column3"],
        ),  # p comes again below
        ("cap,size,odour\np,x,n\ne,x,n\n", ["cap", "size", "odour"]),
        (
            "year,2019,2020\n" + "x,11,12\ny,13,14\nx,17,15\n" * 9,
            ["year", "2019", "2020"],  # years, with a word that no value is
        ),
    ],
)
def test_whether_the_first_line_is_names(tmp_path, content, names):
    table = table_of(tmp_path, content)
    assert list(table.columns) == names
    assert any("not names" in remark for remark in table.remarks) == (
        names[0] == "column1"
    )
    forced = table_of(tmp_path, content, header=False)
    assert (next(iter(forced.columns)), forced.rows, forced.remarks) == (
        "column1",
        content.count("\n"),
        (),
    )


@pytest.mark.parametrize("packed", [False, True])
def test_lines_that_end_too_soon_are_said(tmp_path, packed):
    def read(content):
        if packed:
            (tmp_path / "t.csv").write_bytes(gzip.compress(content.encode()))
            return read_table(tmp_path / "t.csv")
        return table_of(tmp_path, content)

    rows = "1,2,x\n3,4,\n5,6,y\n"
    assert read("a,b,c\n" + rows).remarks == ()  # an empty field is no missing end
    one = read("a,b,c\n" + rows + '\n"7",8\n')
    assert one.remarks == (
        "Line 6 ends before the last of 3 columns: what is not there is taken for missing.",
    )
    assert columns(one)["c"] == ["x", None, "y", None]
    some = read("a title\na,b,c\n" + rows + "7\n8,9\n")
    assert some.remarks[-1] == (
        "2 lines, the first of them line 6, end before the last of 3 columns: what is not there is taken for missing."
    )


@needs_tables
def test_adult_with_all_its_traps():
    train, test = (
        read_table(TABLES / "adult.data.gz"),
        read_table(TABLES / "adult.test.gz"),
    )
    assert (train.rows, test.rows) == (32561, 16281)  # as published
    assert any("Line 1 is left out" in remark for remark in test.remarks)
    numbers = [name for name, column in train.columns.items() if column.dtype == float]
    assert numbers == [f"column{i}" for i in (1, 3, 5, 11, 12, 13)]
    missing = np.zeros(train.rows, bool)
    for column in train.columns.values():
        if column.dtype == object:
            missing |= column == np.array(None)
    assert missing.sum() == 2399  # as published
    assert dict(
        zip(
            *np.unique(train.columns["column15"].astype(str), return_counts=True),
            strict=True,
        )
    ) == {
        "<=50K": 24720,
        ">50K": 7841,
    }


def test_parquet_and_csv_of_the_same_rows_are_the_same(tmp_path):
    frame = pl.DataFrame(
        {
            "n": [1.5, None, 3.0],
            "i": [1, 2, 3],
            "t": ["a", None, "b"],
            "b": [True, False, None],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_csv(tmp_path / "t.csv")
    from_parquet, from_csv = (
        columns(read_table(tmp_path / f"t.{kind}")) for kind in ("parquet", "csv")
    )
    assert from_parquet == from_csv
    assert from_csv == {
        "n": [1.5, None, 3.0],
        "i": [1.0, 2.0, 3.0],
        "t": ["a", None, "b"],
        "b": ["true", "false", None],
    }


def test_the_content_says_what_a_file_is_not_its_name(tmp_path):
    pl.DataFrame({"a": [1, 2]}).write_parquet(tmp_path / "rows.csv")
    assert columns(read_table(tmp_path / "rows.csv")) == {"a": [1.0, 2.0]}
    assert columns(
        table_of(tmp_path, gzip.compress(b"a,b\n1,x\n2,y\n"), "packed.data")
    )["b"] == ["x", "y"]


def test_dates_of_parquet_are_numbers(tmp_path):
    from datetime import date

    pl.DataFrame({"d": [date(1970, 1, 2), date(1970, 1, 11)]}).write_parquet(
        tmp_path / "t.parquet"
    )
    assert columns(read_table(tmp_path / "t.parquet")) == {"d": [1.0, 10.0]}  # days


MOSTLY = "a,b\n" + "".join(f"{i},x\n" for i in range(30)) + "oops,x\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (MOSTLY, r"30 numbers and 'oops' in line 32 of t.csv.*missing=.*kinds="),
        ("", "empty"),
        ("a,b\n", "no rows"),
        ("a,a\nx,y\n", "stand there twice: a"),
        (b"a,b\n\xe9,1\n", "no text in UTF-8.*iconv"),
        (
            gzip.compress(b"a,b\n" + bytes(range(48, 58)) * 5000, mtime=0)[:60],
            "cut off",
        ),
        ("a,b\n1,2\n3,4,5,6\n", "cannot be read as a table.*lines of 2 fields"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, content, said):
    header = True if "a,a" in str(content) else None
    with pytest.raises(InputError, match=said):
        table_of(tmp_path, content, header=header)


def test_the_two_ways_out_of_a_column_of_numbers_with_a_text(tmp_path):
    assert columns(table_of(tmp_path, MOSTLY, missing=["oops"]))["a"][-2:] == [
        29.0,
        None,
    ]
    assert columns(table_of(tmp_path, MOSTLY, categories=["a"]))["a"][-2:] == [
        "29",
        "oops",
    ]


def test_parquet_cut_off(tmp_path):
    pl.DataFrame({"a": list(range(1000))}).write_parquet(tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()
    with pytest.raises(
        InputError, match=r"cut\.parquet, which is no whole Parquet file"
    ):
        table_of(tmp_path, content[: len(content) // 2], "cut.parquet")


def test_a_large_file_is_said_before_it_is_read(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(file_kinds, "memory_bytes", lambda: 3000)
    with caplog.at_level(logging.WARNING, "chainrule"):
        table_of(tmp_path, "a,b\n" + "1,2\n" * 100)
        assert caplog.records == []  # 404 bytes
        monkeypatch.setattr(
            "chainrule.data.tables.read_text", lambda *a, **k: pytest.fail(caplog.text)
        )
        with pytest.raises(
            pytest.fail.Exception, match="more than a third of the memory"
        ):
            table_of(
                tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * 300), "t.csv.gz"
            )  # 1204 bytes unpacked


def test_memory_is_that_of_the_machine():
    assert 1e8 < file_kinds.memory_bytes() < 1e14
