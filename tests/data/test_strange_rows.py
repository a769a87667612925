"""Lines that are no rows: a second line of names, notes, rules, sums, comments, names that come again."""

import pytest

from chainrule import InputError, load_data
from chainrule.data import strange_rows
from chainrule.data.dialect_options import asked_dialect
from chainrule.data.tables import read_table

ROWS = 24
NUMBERS = [f"{'ab'[i % 2]};{i}.5;{i}" for i in range(ROWS)]
TEXTS = [f"{'ab'[i % 2]};u{i % 3};v{i % 2}" for i in range(ROWS)]


def file_of(folder, *lines):
    file = folder / "t.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def read(folder, *lines, **options):
    return read_table(file_of(folder, *lines), asked_dialect(**options))


@pytest.mark.parametrize("rows", [NUMBERS, TEXTS], ids=["numbers", "texts"])
@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("(24 rows)", r"'\(24 rows\)' alone in line 26"),
        ("# pause", "'# pause' alone in line 26"),
        ("---+---+---", "a rule in line 26"),
        ("Quelle: BFS", "'Quelle: BFS' alone in line 26"),
        ("* provisional;;", r"'\* provisional' in line 26, the only field"),
        ("---;---;---", "a rule in line 26"),
        ("Total;;450", "'Total' in line 26, which may sum up"),
        ("Summe;450;450", "'Summe' in line 26, which may sum up"),
        ("Grand total (all);1;2", "which may sum up"),
        ("y;a;b", "again"),
    ],
)
def test_what_stands_below_a_table_is_no_row(tmp_path, rows, note, said):
    with pytest.raises(InputError, match=said):
        read(tmp_path, "y;a;b", *rows, note)
    assert read(tmp_path, "y;a;b", *rows).rows == ROWS


@pytest.mark.parametrize("note", ["Total;;450", "(24 rows)", "* provisional;;"])
def test_the_argument_that_is_proposed_leaves_the_last_line_out(tmp_path, note):
    with pytest.raises(InputError, match="skip_last=1"):
        read(tmp_path, "y;a;b", *NUMBERS, note)
    table = read(tmp_path, "y;a;b", *NUMBERS, note, skip_last=1)
    assert table.rows == ROWS
    assert table.dialect.skip_last == 0  # other files are read to their ends
    assert not any("before the last" in remark for remark in table.remarks)
    with pytest.raises(InputError, match=r"skip_last=25 of .*which leaves no rows"):
        read(tmp_path, "y;a;b", *NUMBERS, note, skip_last=ROWS + 1)


def test_notes_of_several_lines_are_left_out_together(tmp_path):
    notes = ["Total;;450", "", "Quelle: BFS; Tabelle 3; 2020; vorläufig"]
    assert read(tmp_path, "y;a;b", *NUMBERS, *notes, skip_last=2).rows == ROWS
    notes[2] = "Quelle: BFS"
    with pytest.raises(InputError, match=r"settle all by skip_last=2\.$"):
        read(tmp_path, "y;a;b", *NUMBERS, *notes)
    with pytest.raises(InputError, match=r"Leave it out: skip_last=2;"):
        read(tmp_path, "y;a;b", *NUMBERS, *notes, skip_last=1)


def test_all_that_is_wrong_is_one_error_with_what_settles_it(tmp_path):
    """Each problem came in a run of its own: a day that is none, a unit, a text, a total."""
    rows = [f"{1 + i:02}.03.2024;{i};{i},5;{'uv'[i % 2]}" for i in range(28)]
    rows[7], rows[19] = "31.02.2024;8;8,5;u", "20.03.2024;12 Stk;siehe Anlage;v"
    rows += ["Summe;380;;"]
    with pytest.raises(InputError) as refused:
        read(tmp_path, "d;n;x;k", *rows)
    said = str(refused.value)
    for place in (
        "'Summe' in line 30",
        "'31.02.2024' in line 9",
        "27 numbers without a unit and '12 Stk' in line 21",
        "27 numbers and 'siehe Anlage' in line 21",
    ):
        assert place in said
    words = ["31.02.2024", "12 Stk", "siehe Anlage"]
    assert said.endswith(f"settle all by skip_last=1, missing={words}.")
    table = read(tmp_path, "d;n;x;k", *rows, skip_last=1, missing=words)
    kinds = [kind.kind for kind in table.dialect.columns.values()]
    assert kinds == ["date", "number", "number", "category"]


def test_a_place_is_the_line_that_an_editor_shows(tmp_path):
    """Empty lines and fields of two lines count as they stand there; without the file its row is named."""
    rows = ['"a\nb";1', "", *["c;2"] * 20, "d;oops", *["c;2"] * 5]
    with pytest.raises(InputError, match=r"'oops' in line 25 of t\.csv"):
        read(tmp_path, "k;v", *rows)
    table = read(tmp_path, "k;v", *rows, missing=["oops"])
    assert table.place(21) == "line 25 of t.csv"
    assert table.take([21]).place(0) == "line 25 of t.csv"
    (tmp_path / "t.csv").unlink()
    assert table.place(21) == "row 22 of t.csv"


def test_a_comment_between_rows(tmp_path):
    with pytest.raises(InputError, match="'# pause' alone in line 12"):
        read(tmp_path, "y;a;b", *NUMBERS[:10], "# pause", *NUMBERS[10:])


def test_predict_refuses_a_footer_too(tmp_path):
    known = read(tmp_path, "y;a;b", *NUMBERS).dialect
    file = file_of(tmp_path, "y;a;b", *NUMBERS, "Total;;450")
    with pytest.raises(InputError, match="may sum up"):
        read_table(file, known, sure=())
    assert read_table(file, known, sure=["y"]).rows == ROWS + 1


@pytest.mark.parametrize(
    ("note", "value"), [("Total;;450", "Total"), ("see above;;", "see above")]
)
def test_the_remedy_makes_it_a_row(tmp_path, note, value):
    table = read(tmp_path, "y;a;b", *NUMBERS, note, kinds={"y": "category"})
    assert table.columns["y"][-1] == value
    assert table.rows == ROWS + 1


def test_rows_of_dashes_that_are_missing_values(tmp_path):
    rows = [*NUMBERS[:-1], "---;---;---"]
    table = read(tmp_path, "y;a;b", *rows, missing=["---"])
    assert table.columns["y"][-1] is None
    assert table.columns["a"][:2].tolist() == [0.5, 1.5]


def test_rows_that_are_like_the_others_are_rows(tmp_path):
    table = read(tmp_path, "y;a;b", *NUMBERS, "a", "b;;")
    assert table.columns["y"][-2:].tolist() == ["a", "b"]
    assert "Line 26 ends before" in table.remarks[0]
    names = [f"n{i};{i};{i}.5" for i in range(ROWS)]
    table = read(tmp_path, "n;a;b", *names, "Zoe;;")
    assert "Line 26 has one field that is filled, 'Zoe'" in " ".join(table.remarks)
    table = read(tmp_path, "n;a;b", *names[:5], "Zoe;;", *names[5:])
    assert table.remarks == ()


def test_sums_in_several_rows_and_marked_rows_are_told(tmp_path):
    table = read(tmp_path, "y;a;b", *TEXTS, "total;u;v", *TEXTS, "total;u;v")
    assert (
        "'total' and the like in 2 rows of column 'y' may sum up the others"
        in table.remarks[0]
    )
    table = read(tmp_path, "y;a;b", *TEXTS, "#c;u1;v1")
    assert "1 row, the first of them line 26, begins with #" in table.remarks[0]


@pytest.mark.parametrize(
    ("above", "head", "said"),
    [
        ([], "text;text;label", "text, text, label"),
        ([], "Which kind?;How?;Where do you live?", "Which kind[?], How"),
        (["List;customers;2024"], "", "List, customers, 2024.*y, a, b"),
    ],
)
def test_two_full_lines_of_names(tmp_path, above, head, said):
    lines = [*above, "y;a;b", *filter(None, [head]), *TEXTS]
    with pytest.raises(InputError, match=f"{said}.*Take one of the two lines away"):
        read(tmp_path, *lines)
    assert read(tmp_path, *lines, header=True).rows == ROWS + 1


def test_a_first_row_with_one_new_text_is_a_row(tmp_path):
    assert read(tmp_path, "y;a;b", "c;u1;v1", *TEXTS).columns["y"][0] == "c"


def test_files_of_texts_put_together(tmp_path):
    lines = ["y;a;b", *TEXTS, "y;a;b", *TEXTS]
    with pytest.raises(InputError, match="first line comes again: y, a, b"):
        read(tmp_path, *lines)
    with pytest.raises(InputError, match="again in line 26"):
        read(tmp_path, *lines, header=True)
    assert read(tmp_path, *lines, header=False).rows == 2 * ROWS + 2


@pytest.mark.parametrize("head", ["# g;a;y", "#g;a;y"])
def test_the_mark_of_a_comment_is_no_part_of_a_name(tmp_path, head):
    rows = [f"{i};{i}.5;{'ab'[i % 2]}" for i in range(ROWS)]
    table = read(tmp_path, head, *rows)
    assert tuple(table.columns) == ("g", "a", "y")
    assert "The # before the first name, g, is taken for" in table.remarks[0]
    data = load_data(file_of(tmp_path, head, *rows), target="y", ignore=head[:-4])
    assert data.preparation.left_out == {head[:-4]: "as asked"}


@pytest.mark.parametrize("head", ["#;a;y", "# of rooms;a;y", "#a;#b;y"])
def test_names_with_a_number_sign(tmp_path, head):
    rows = [f"{i % 7};{i}.5;{'ab'[i % 2]}" for i in range(ROWS)]
    assert tuple(read(tmp_path, head, *rows).columns) == tuple(head.split(";"))


def test_rules_of_data_bases_below_the_names(tmp_path):
    rows = [row.replace(";", " | ") for row in NUMBERS]
    table = read(tmp_path, " y | a | b", "---+---+----", *rows)
    assert table.columns["a"][:2].tolist() == [0.5, 1.5]
    assert table.rows == ROWS


def test_the_planted_fault_is_seen(tmp_path, monkeypatch):
    # likeness that takes any text in makes the note a class
    monkeypatch.setattr(strange_rows._Likeness, "is_like", lambda self, text: True)
    monkeypatch.setattr(strange_rows, "UNSEEN", 0.0)
    assert read(tmp_path, "y;a;b", *TEXTS, "(24 rows)").columns["y"][-1] == "(24 rows)"


@pytest.mark.parametrize(
    ("note", "said"),
    [(";Total;450", "'Total' in line 26"), (";u1;Summe", "'Summe' in line 26")],
)
def test_sums_in_other_columns(tmp_path, note, said):
    with pytest.raises(InputError, match=said):
        read(tmp_path, "y;a;b", *TEXTS, note)


def test_headings_of_groups(tmp_path):
    groups = [f"Group {i};;" for i in range(4)]
    rows = [row for i in range(4) for row in (groups[i], *TEXTS[6 * i : 6 * i + 6])]
    with pytest.raises(InputError, match="'Group 0' in line 2, the only field"):
        read(tmp_path, "y;a;b", *rows)


def test_empty_lines_above_the_names(tmp_path):
    table = read(tmp_path, ";;", ";;", "y;a;b", *NUMBERS)
    assert table.columns["a"][:2].tolist() == [0.5, 1.5]
    assert table.remarks == ()
    with pytest.raises(InputError, match="Take one of the two lines away"):
        read(tmp_path, "Report;;", ";;", "y;a;b", *TEXTS)


def test_two_comments_as_wide_as_the_rows(tmp_path):
    rows = [f"{i}.5 {i}" for i in range(ROWS)]
    with pytest.raises(InputError, match=r"two lines of comments.*Take away the one"):
        read(tmp_path, "# x y", "# [s] [m]", *rows)


def test_columns_without_a_name_are_told(tmp_path):
    rows = [f"{(7 * i) % ROWS};{i}.5;{'ab'[i % 2]}" for i in range(ROWS)]
    table = read(tmp_path, ";a;y", *rows)
    assert table.columns["column1"][:2].tolist() == [0, 7]
    assert "no name for column1" in table.remarks[0]
    rows = [f"|{i}|{i}.5|{'ab'[i % 2]}|" for i in range(ROWS)]
    table = read(tmp_path, "||a|y|", "|---:|---|:--|", *rows)
    assert tuple(table.columns) == ("a", "y")


def test_empty_columns_at_the_end(tmp_path):
    rows = [f"{row};;" for row in NUMBERS] * 10
    assert tuple(read(tmp_path, "y;a;b;;", *rows).columns) == ("y", "a", "b")
    with pytest.raises(InputError, match="'7' in line 242, in a column without a name"):
        read(tmp_path, "y;a;b;;", *rows, "a;1;2;;7")


@pytest.mark.parametrize("dates", [["2019-01-01", "2020-01-01"], ["1.1.19", "1.1.20"]])
def test_dates_as_names_over_numbers(tmp_path, dates):
    rows = [f"{'ab'[i % 2]};{i}.5;{i}" for i in range(ROWS)]
    table = read(tmp_path, ";".join(["y", *dates]), *rows)
    assert tuple(table.columns) == ("y", *dates)


def test_merged_cells_are_told(tmp_path):
    rows = [f"{'ruw'[i // 8] if i % 8 == 0 else ''};{i}.5" for i in range(ROWS)]
    assert "g: each text stands once" in read(tmp_path, "g;a", *rows).remarks[0]


@pytest.mark.parametrize("note", [";;n = 24", ";u9;"])
def test_notes_in_other_columns(tmp_path, note):
    with pytest.raises(InputError, match="the only field that is filled"):
        read(tmp_path, "y;a;b", *TEXTS, note)


@pytest.mark.parametrize("rows", [["k;w;z"], ["k;w;z", *TEXTS], ["Y;A;B", *TEXTS]])
def test_a_row_that_is_unlike_all_others_is_told(tmp_path, rows):
    table = read(tmp_path, "y;a;b", *TEXTS, *rows)
    shown = rows[0].replace(";", ", ")
    assert f"Line 26 ({shown}) is unlike all others" in " ".join(table.remarks)
    assert not read(tmp_path, "y;a;b", *TEXTS, "k;w;v1").remarks


@pytest.mark.parametrize("word", ["Gesamtergebnis", "TOTAL GENERAL", "Σ", "Moyenne"])
def test_sums_in_other_languages(tmp_path, word):
    with pytest.raises(InputError, match="may sum up the others"):
        read(tmp_path, "y;a;b", *NUMBERS, f"{word};1;2")


@pytest.mark.parametrize(("what", "last"), [("sums", "288;276"), ("means", "12;11.5")])
def test_sums_and_means_by_their_numbers(tmp_path, what, last):
    table = read(tmp_path, "y;a;b", *NUMBERS, f"c;{last}")
    assert f"Line 26 holds the {what} of those above in a, b" in " ".join(table.remarks)
    assert not read(tmp_path, "y;a;b", *NUMBERS, "c;288;276.5").remarks


def test_few_rows_to_predict_are_rows(tmp_path):
    known = read(tmp_path, "y;a;b", *NUMBERS, kinds={"y": "category"}).dialect
    table = read_table(file_of(tmp_path, "a;b;y", "1;2;Total", "1;2;"), known, sure=())
    assert table.columns["y"].tolist() == ["Total", None]


def test_a_line_of_units_in_a_file_to_predict(tmp_path):
    known = read(tmp_path, "y;a;b", *NUMBERS).dialect
    file = file_of(tmp_path, "y;a;b", "-;[m];[s]", *NUMBERS)
    with pytest.raises(InputError, match="line below the names holds units, take it"):
        read_table(file, known, only={"a", "b"}, sure=())
