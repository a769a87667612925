"""Streams: the preparation of `load_data`, the order, what is wrong with a file, and where."""

from __future__ import annotations

import os
import pickle
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from chainrule import InputError, load_data, stream
from chainrule.data.column_sums import ColumnSums
from chainrule.data.dialect import Dialect
from chainrule.data.read_ahead import ahead
from chainrule.data.row_shares import chosen
from chainrule.data.stream_files import files_of
from chainrule.data.stream_fit import Asked, fit
from chainrule.data.stream_order import order_of
from chainrule.data.tables import Table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROWS = 1200


def columns_of(rows: int = ROWS, seed: int = 0) -> dict[str, list]:
    rng = np.random.default_rng(seed)
    return {
        "size": rng.normal(3e6, 2, rows).tolist(),
        "count": [None if i % 7 == 0 else i % 90 for i in range(rows)],
        "kind": rng.choice(["x", "y", "z"], rows).tolist(),
        "name": [f"row {i}" for i in range(rows)],
        "same": [1.0] * rows,
        "answer": [None if i % 11 == 0 else ["yes", "no"][i % 2] for i in range(rows)],
    }


def write(path: Path, columns: dict[str, list], group: int = 250) -> Path:
    """The rows as Parquet or as CSV, by the ending."""
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path, row_group_size=group)
        return path
    lines = [",".join(columns)]
    lines += [
        ",".join("" if v is None else str(v) for v in row)
        for row in zip(*columns.values(), strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def cut(columns: dict[str, list], start: int, stop: int) -> dict[str, list]:
    return {name: values[start:stop] for name, values in columns.items()}


def split_up(folder: Path, ending: str, *ends: int) -> str:
    """The rows in files of unequal size; the pattern that names them."""
    for i, (start, stop) in enumerate(zip((0, *ends), (*ends, ROWS), strict=True)):
        write(folder / f"part{i}.{ending}", cut(columns_of(), start, stop))
    return str(folder / f"part*.{ending}")


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_the_preparation_is_that_of_load_data(tmp_path: Path, ending: str) -> None:
    whole = write(tmp_path / f"whole.{ending}", columns_of())
    loaded = load_data(whole, target="answer", test=whole)
    for source in (whole, split_up(tmp_path, ending, 100, 101, 900)):
        rows = stream(source, target="answer")
        x, t, w = rows.in_memory()
        assert (rows.n_rows, w) == (len(loaded.x_train), None)
        assert rows.classes == loaded.classes
        assert np.array_equal(t, loaded.y_train)
        # standard deviations agree to rounding, and so do what is divided by them
        np.testing.assert_allclose(x, loaded.x_train, rtol=2e-6, atol=1e-6)
        ours, theirs = rows.preparation, loaded.preparation
        assert ours.left_out == theirs.left_out
        assert ours.dialect == theirs.dialect
        for one, other in zip(ours.features, theirs.features, strict=True):
            assert (one.name, one.categories) == (other.name, other.categories)
            assert one.missing == other.missing
            assert one.std == pytest.approx(other.std, rel=1e-13)
            assert one.mean == pytest.approx(other.mean, rel=1e-15)
        count = [feature.name for feature in ours.features].index("count")
        assert ours.features[count].mean == theirs.features[count].mean  # exact sums


def test_arrays_are_mapped(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (300, 2, 2), np.uint8), rng.integers(0, 3, 300)
    np.save(tmp_path / "x.npy", x), np.save(tmp_path / "y.npy", y)
    rows = stream(tmp_path / "x.npy", target=tmp_path / "y.npy")
    pixels, t, _ = rows.in_memory()
    assert np.array_equal(pixels, (x.reshape(300, 4) / 255).astype(np.float32))
    assert np.array_equal(t, y)
    np.savez(tmp_path / "xy.npz", x=x, y=y)
    loaded = load_data(tmp_path / "xy.npz", target="y").preparation
    assert rows.preparation.inputs == loaded.inputs
    np.save(tmp_path / "x.npy", rng.normal(size=(300, 3)))
    assert stream(tmp_path / "x.npy", target=tmp_path / "y.npy").n_inputs == 3
    np.save(tmp_path / "x1.npy", np.zeros((2, 2))), np.save(tmp_path / "y1.npy", y[:2])
    with pytest.raises(InputError, match=r"x1.npy with rows of shape \(2,\)"):
        stream(tmp_path / "x*.npy", target=tmp_path / "y*.npy")
    (tmp_path / "x1.npy").unlink(), (tmp_path / "y1.npy").unlink()
    np.save(tmp_path / "x0.npy", np.zeros((0, 3))), np.save(tmp_path / "y0.npy", y[:0])
    both = stream(tmp_path / "x*.npy", target=tmp_path / "y*.npy")
    assert (both.n_rows, len(both.files)) == (300, 1)
    with pytest.raises(InputError, match="without rows"):
        stream(tmp_path / "x0.npy", target=tmp_path / "y0.npy")
    np.save(tmp_path / "y.npy", y.astype("M8[D]"))
    with pytest.raises(InputError, match="dtype datetime64"):
        stream(tmp_path / "x.npy", target=tmp_path / "y.npy")
    np.save(tmp_path / "y.npy", y + 2**60)
    with pytest.raises(InputError, match=r"y.npy with whole numbers beyond 2\^53"):
        stream(tmp_path / "x.npy", target=tmp_path / "y.npy")


def test_sums_are_merged_soundly() -> None:
    rng = np.random.default_rng(1)
    values = 1e9 + rng.normal(size=4000)
    sums = ColumnSums("v")
    for part in np.split(values, [1, 17, 2000]):
        sums.add(part, Table("t", {"v": part}))
    exact = np.longdouble(values)
    assert sums.mean == pytest.approx(float(exact.mean()), rel=1e-15)
    assert sums.std() == pytest.approx(float(exact.std()), rel=1e-13)
    naive = np.sqrt(np.mean(values**2) - values.mean() ** 2)
    assert not abs(naive - float(exact.std())) < 1e-3  # the planted fault


def test_each_row_comes_once_in_an_order_of_seed_and_epoch(tmp_path: Path) -> None:
    source = split_up(tmp_path, "parquet", 100, 600)
    rows = stream(source, target="answer", memory_bytes=10**6)
    x, t, _ = rows.in_order(seed=3, epoch=1)
    for start in (0, 5):
        read = [*rows.batches(64, seed=3, epoch=1, start=start)]
        assert np.array_equal(np.concatenate([b[0] for b in read]), x[64 * start :])
        assert np.array_equal(np.concatenate([b[1] for b in read]), t[64 * start :])
    numbers = np.concatenate([b[3] for b in rows.batches(64, seed=3, epoch=1)])
    there = [i for i in range(ROWS) if i % 11]
    assert sorted(numbers.tolist()) == there
    assert numbers.tolist() != there
    other = rows.order(3, 2).positions()
    assert not np.array_equal(other, rows.order(3, 1).positions())
    assert np.array_equal(
        other, pickle.loads(pickle.dumps(rows)).order(3, 2).positions()
    )


def test_windows_hold_blocks_up_to_their_size() -> None:
    order = order_of([10, 0, 10, 10, 30, 10], 20, 0, 0, shuffle=True)
    assert sorted(order.blocks) == [0, 2, 3, 4, 5]
    assert all(
        len(w) == 1 or order.window_rows(i) <= 20 for i, w in enumerate(order.windows)
    )
    assert sorted(order.positions().tolist()) == list(range(70))


def test_held_out_rows_depend_on_their_numbers_alone(tmp_path: Path) -> None:
    files = split_up(tmp_path, "parquet", 100, 600)
    whole = write(tmp_path / "whole.csv", columns_of())
    kept = {}
    for source in (files, whole):
        rest, held = stream(source, target="answer").split(0.2, seed=4)
        numbers = [
            np.concatenate([s.read(b)[3] for b in s.blocks]) for s in (rest, held)
        ]
        kept[source] = [n.tolist() for n in numbers]
        assert not set(kept[source][0]) & set(kept[source][1])
        again, inner = rest.split(0.2, seed=4)  # another draw, though of the same seed
        assert (again.n_rows, inner.n_rows) > (0, 0)
    assert kept[files] == kept[whole]
    share = chosen(np.arange(10**5), 0.2, 4).mean()
    assert abs(share - 0.2) < 4 * np.sqrt(0.16 / 10**5)


def test_reading_ahead_raises_where_items_are_used_and_ends_when_closed() -> None:
    def items():
        yield 1
        raise InputError("a", "b", "c")

    read = ahead(items())
    assert next(read) == 1
    with pytest.raises(InputError):
        next(read)
    endless = ahead(iter(int, 1))
    assert next(endless) == 0
    endless.close()


def test_a_window_that_nobody_waits_for_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.parquet", columns_of(), group=10)
    rows = stream(file, target="answer", memory_bytes=10**6)
    order = rows.order(seed=0, epoch=0)
    first, second = map(len, order.windows[:2])
    read, within_second = 0, threading.Event()

    def encode(t):
        nonlocal read
        read += 1
        if read > first:
            within_second.set()
            time.sleep(0.02)  # so that the second window takes longer than closing
        return t

    chunks = rows.chunks(order, 10, encode=encode)
    next(chunks)
    assert within_second.wait(60)
    chunks.close()
    assert read < first + second


# ---- what is wrong, and where


def test_partitions_without_rows_of_one_class_or_without_a_value_do_right(
    tmp_path: Path,
) -> None:
    columns = columns_of()
    write(tmp_path / "part0.csv", cut(columns, 0, 0))
    (tmp_path / "part1.csv").write_text("")
    write(
        tmp_path / "part2.csv",
        cut(columns, 0, 300) | {"count": [None] * 300, "answer": ["yes"] * 300},
    )
    write(tmp_path / "part3.csv", cut(columns, 300, ROWS))
    rows = stream(tmp_path / "part*.csv", target="answer")
    assert rows.classes == ("no", "yes")
    assert rows.blocks[0].rows == 300
    count = next(f for f in rows.preparation.features if f.name == "count")
    assert count.categories is None
    assert sum(len(rows.read(block)[0]) for block in rows.blocks) == rows.n_rows


def change_type(path: Path) -> None:
    write(path, cut(columns_of(), 600, ROWS) | {"size": ["big"] * 600})


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset + 60
    content[middle : middle + 8] = bytes(8)
    path.write_bytes(content)


def become_arrays(path: Path) -> None:
    np.save(path.with_suffix(".npy"), np.zeros((3, 2)))
    path.with_suffix(".npy").rename(path)


def lose_a_column(path: Path) -> None:
    columns = cut(columns_of(), 600, ROWS)
    del columns["kind"]
    write(path, columns)


@pytest.mark.parametrize(
    ("ending", "fault", "said"),
    [
        (
            "parquet",
            change_type,
            r"column 'size' of type string in .*part1.parquet, of type double",
        ),
        ("csv", change_type, r"'big' in line 2 of part1.csv \(block 1\)"),
        ("parquet", cut_off, r"part1.parquet, which is no whole Parquet file"),
        (
            "parquet",
            spoil,
            r"part1.parquet, row group 2, which is no whole Parquet file",
        ),
        ("parquet", lose_a_column, r"part1.parquet without the column 'kind'"),
        ("parquet", become_arrays, r"part1.parquet, which is npy, beside .*part0"),
    ],
)
def test_a_fault_is_named_with_its_place(
    tmp_path: Path, ending: str, fault, said: str
) -> None:
    source = split_up(tmp_path, ending, 600)
    stream(source, target="answer")
    fault(tmp_path / f"part1.{ending}")
    with pytest.raises(InputError, match=said):
        stream(source, target="answer")


def test_a_file_that_changes_while_it_is_used_is_named(tmp_path: Path) -> None:
    rows = stream(write(tmp_path / "rows.csv", columns_of()), target="answer")
    rows.read(rows.blocks[0])
    os.utime(tmp_path / "rows.csv", ns=(0, 0))
    with pytest.raises(InputError, match="which has changed since the stream was made"):
        rows.read(rows.blocks[0])
    (tmp_path / "rows.csv").unlink()
    with pytest.raises(InputError, match="which cannot be read any more"):
        list(rows.batches(64, seed=0, epoch=0))


@pytest.mark.parametrize("change", ["grows", "is cut off", "goes"])
def test_a_file_that_changes_in_the_pass_ends_it(
    tmp_path: Path, monkeypatch, change: str
) -> None:
    monkeypatch.setattr("chainrule.data.stream_text.TEXT_BYTES", 4000)
    path = write(tmp_path / "rows.csv", columns_of())
    (file,) = files_of([path], Dialect(), ())
    parts = file.parts()
    next(parts)
    if change == "grows":
        path.write_text(path.read_text() + "1,2,x,row,1.0,no\n")
    elif change == "is cut off":
        os.truncate(path, 5000)
    else:
        path.unlink()
    asked = Asked(("answer",))
    with pytest.raises(InputError, match=r"has changed since|cannot be read any more"):
        fit([file], Dialect(), asked, (), lambda size: None)
    if change == "is cut off":
        with pytest.raises(InputError, match="has changed since"):
            list(parts)


def test_a_row_group_that_cannot_fit_is_refused_with_its_size(tmp_path: Path) -> None:
    columns = {f"x{i}": [float(j * i) for j in range(4000)] for i in range(20)}
    columns["y"] = [j % 2 for j in range(4000)]
    path = write(tmp_path / "rows.parquet", columns, group=3000)
    with pytest.raises(
        InputError, match=r"row group 1: 3000 rows of \d+ inputs, \d MB"
    ) as found:
        stream(path, target="y", memory_bytes=10**6)
    enough = int(found.value.remedy.rsplit("=", 1)[1].rstrip("."))
    assert stream(path, target="y", memory_bytes=enough).n_rows == 4000


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("-", "standard input as a stream"),
        (".", "which is a folder"),
        ("none*.csv", "which no file matches"),
        ("packed.csv.gz", "which is packed by gzip"),
    ],
)
def test_sources_that_are_no_stream(
    tmp_path: Path, monkeypatch, source: str, said: str
) -> None:
    import gzip

    monkeypatch.chdir(tmp_path)
    Path("packed.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with pytest.raises(InputError, match=said):
        stream(source)


def test_what_no_stream_takes_is_said(tmp_path: Path) -> None:
    numbers = {"size": list(range(20)), "answer": ["yes", "no"] * 10}
    path = write(tmp_path / "rows.parquet", numbers)
    rows = stream(path)
    with pytest.raises(InputError, match="seed = -1"):
        rows.split(0.5, -1)
    with pytest.raises(InputError, match="batch_size = 0"):
        next(rows.batches(0, 0, 0))
    with pytest.raises(InputError, match="memory_bytes = inf"):
        stream(path, memory_bytes=np.inf)
    for source, kind in ((5, "an int"), (b"rows", "a bytes"), ([5], "a list")):
        with pytest.raises(InputError, match=f"a source that is {kind}"):
            stream(source)
    with pytest.raises(InputError, match="a path, as target of"):
        stream(path, target=Path("answer"))
    with pytest.raises(InputError, match="which is a target, too"):
        stream(path, target="size", weight="size")
    arrays = [pa.array(numbers["size"])] * 2
    pq.write_table(pa.Table.from_arrays(arrays, names=["a", "a"]), path)
    for read in (stream, load_data):
        with pytest.raises(InputError, match="with two columns 'a'"):
            read(path)


def test_rows_end_outside_of_quotes(tmp_path: Path, monkeypatch) -> None:
    from chainrule.data import stream_text

    monkeypatch.setattr(stream_text, "TEXT_BYTES", 64)
    lines = [f'{i},"a, {i}\nb ""c""",{"yes" if i % 2 else "no"}' for i in range(40)]
    path = tmp_path / "quoted.csv"
    path.write_text("\ufeffn,note,answer\n" + "\n".join(lines), encoding="utf-8")
    rows = stream(path, target="answer", kinds={"note": "category"})
    assert len(rows.blocks) > 5
    assert rows.n_rows == 40
    whole = load_data(path, target="answer", test=path, kinds={"note": "category"})
    assert np.array_equal(rows.in_memory()[1], whole.y_train)
    assert rows.preparation.left_out == whole.preparation.left_out
