"""npz files as they are found and as they are made to harm: the right arrays or a sentence, no more than asked for."""

import io
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from chainrule import InputError, load_data, stream
from chainrule.data.array_files import read_arrays, read_rows
from chainrule.data.npz_members import member_names, read_members

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), np.arange(60) % 3
PIXELS = RNG.integers(0, 256, (60, 3), np.uint8)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def raw(descr, shape, data=b"", order="False"):
    head = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"
    head = head.encode() + b" " * (-(11 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data


def archive(path, members, how=zipfile.ZIP_DEFLATED, hurt=None):
    """A zip of these members, a file of bytes each; `hurt` alters its bytes in place."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    blob = bytearray(file.getvalue())
    if hurt is not None:
        hurt(blob)
    path.write_bytes(blob)
    return path


def of(tmp_path, **arrays):
    return archive(tmp_path / "t.npz", {f"{k}.npy": npy(v) for k, v in arrays.items()})


# What is read


@pytest.mark.parametrize(
    "how", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_arrays_come_back_bit_by_bit(tmp_path, how):
    arrays = {
        "little": X,
        "big": X.astype(">f8"),
        "columns": np.asfortranarray(X),
        "half": X.astype("f2"),
        "wide": Y.astype("u8"),
        "flags": Y > 0,
        "one": np.array(5.0),
        "none": np.zeros((0, 3)),
        "texts": np.array(["a", "bü", ""])[Y],
        "other_end": np.array(["a", "bü", ""])[Y].astype(">U2"),
        "deep": X.reshape(3, 4, 15),
    }
    members = {f"{name}.npy": npy(array) for name, array in arrays.items()}
    path = archive(tmp_path / "t.npz", members, how)
    found = read_members(path, list(arrays))
    assert member_names(path) == tuple(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype.newbyteorder("="), name
        assert found[name].shape == array.shape
        assert (
            found[name].tobytes()
            == np.ascontiguousarray(array)
            .astype(array.dtype.newbyteorder("="))
            .tobytes()
        )


def test_bytes_are_text(tmp_path):
    path = of(tmp_path, x=PIXELS, y=np.array([b"a", "ü".encode(), b"c"])[Y])
    data = load_data(path)
    assert data.classes == ("a", "c", "ü")
    assert read_arrays(path, None)["y"][:3].tolist() == ["a", "ü", "c"]


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.array(list("abc"))[Y], ("a", "b", "c")),
        (Y > 0, ("0", "1")),
        (Y.astype("i1") - 1, ("-1", "0", "1")),
        (Y[:, None] * 1.0, ("0", "1", "2")),
    ],
)
def test_labels_of_pixels(tmp_path, y, classes):
    data = load_data(of(tmp_path, x=PIXELS, y=y))
    assert (data.classes, data.scale) == (classes, 1 / 255)
    order = np.concatenate([data.x_train, data.x_test])
    labels = np.concatenate([data.y_train, data.y_test])
    wanted = dict(zip(map(bytes, PIXELS), np.ravel(y).tolist(), strict=True))
    names = sorted(set(np.ravel(y).tolist()))
    assert all(
        names[k] == wanted[bytes(row)] for row, k in zip(order, labels, strict=True)
    )


@pytest.mark.parametrize("x", [X, PIXELS], ids=["numbers", "pixels"])
def test_rows_without_a_target_are_left_out(tmp_path, x):
    y = Y * 1.0
    y[:6] = np.nan
    for targets, classes in ((y, ("0", "1", "2")), (y + 0.5 * X[:, 0], ())):
        data = load_data(of(tmp_path, x=x, y=targets))
        assert data.classes == classes
        assert len(data.x_train) + len(data.x_test) == len(y) - 6
        assert any("left out: no target" in remark for remark in data.remarks)


def test_only_what_is_asked_for_is_read(tmp_path):
    """An array of objects beside x and y harms nobody; as y it is refused, and no pickle is opened."""
    pickle = raw("'|O'", "(60,)", b"cos\nsystem\n(S'touch pickle-was-read'\ntR.")
    path = archive(
        tmp_path / "t.npz", {"x.npy": npy(X), "y.npy": npy(Y), "z.npy": pickle}
    )
    assert load_data(path).classes == ("0", "1", "2")
    with pytest.raises(InputError, match=r"z of dtype object.*pickles and records"):
        load_data(path, target="z")


def test_a_label_that_is_there_once_is_named(tmp_path):
    y = np.array(["a", "b"], "U4")[Y % 2]
    y[0] = "rare"
    with pytest.raises(InputError, match="one row of class 'rare'"):
        load_data(of(tmp_path, x=X, y=y))


def test_targets_may_be_missing_where_they_are_not_needed(tmp_path):
    path = of(tmp_path, x=X)
    rows, targets = read_rows(path)
    assert (rows.tobytes(), targets) == (X.tobytes(), None)
    with pytest.raises(InputError, match="with the arrays x"):
        read_arrays(path, None)


# What is refused


def damaged(blob):
    blob[60:90] = bytes(30)


def of_version_25(blob):
    for at in range(len(blob) - 4):
        if blob[at : at + 4] == b"PK\x01\x02":
            blob[at + 6] = 255


def encrypted(blob):
    for at in range(len(blob) - 4):
        if blob[at : at + 4] in (b"PK\x01\x02", b"PK\x03\x04"):
            blob[at + (8 if blob[at + 2] == 1 else 6)] = 1


WHOLE = {"x.npy": npy(X), "y.npy": npy(Y)}
MEMBERS = {
    "deflate damaged": (WHOLE, "cannot be read", {"hurt": damaged}),
    "lzma damaged": (WHOLE, "Corrupt", {"hurt": damaged, "how": zipfile.ZIP_LZMA}),
    "zip 25.5": (WHOLE, "version 25.5", {"hurt": of_version_25}),
    "encrypted": (WHOLE, "encrypted", {"hurt": encrypted}),
    "x no array": ({"x.npy": b"hello", "y.npy": npy(Y)}, "magic", {}),
    "y no array": ({"x.npy": npy(X), "y": b"hello"}, "magic", {}),
    "not closed": ({**WHOLE, "x.npy": raw("'<f8'", "(60, 3")}, "cannot be read", {}),
    "brackets": (
        {**WHOLE, "x.npy": raw("'<f8'", "(" * 4000 + ")" * 4000)},
        "cannot be read",
        {},
    ),
    "2^40 rows": (
        {**WHOLE, "x.npy": raw("'<f8'", f"({2**40}, 3)")},
        "in 128 bytes",
        {},
    ),
    "2^80 rows": ({**WHOLE, "x.npy": raw("'<f8'", f"({2**80}, 3)")}, "shape", {}),
    "negative": ({**WHOLE, "x.npy": raw("'<f8'", "(-1, 3)")}, "shape", {}),
    "U10^9": ({**WHOLE, "x.npy": raw("'<U1000000000'", "(60, 3)")}, "descr", {}),
    "letters that are none": (
        {**WHOLE, "y.npy": raw("'<U1'", "(60,)", b"\xff" * 240)},
        "characters that there are not",
        {},
    ),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_damaged_archive_is_a_sentence(tmp_path, name):
    members, said, options = MEMBERS[name]
    path = archive(tmp_path / "t.npz", members, **options)
    with pytest.raises(InputError, match=said) as caught:
        load_data(path)
    assert str(path) in caught.value.given


@pytest.mark.parametrize(
    "name", [name for name, (_, _, options) in MEMBERS.items() if not options]
)
def test_a_damaged_array_of_a_stream_is_a_sentence(tmp_path, name):
    for member, content in {**WHOLE, **MEMBERS[name][0]}.items():
        (tmp_path / f"{member.removesuffix('.npy')}.npy").write_bytes(content)
    with pytest.raises(InputError, match=r"no (whole )?\.npy file"):
        stream(tmp_path / "x.npy", target=tmp_path / "y.npy")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_arrays_of_one_name_are_refused(tmp_path):
    path = tmp_path / "t.npz"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("x.npy", "y.npy", "x.npy"):
            packed.writestr(name, npy(X if name == "x.npy" else Y))
    with pytest.raises(InputError, match="two arrays x"):
        load_data(path)


TARGETS = [
    (np.array(5.0), r"y of shape \(\)"),
    (np.zeros((60, 0)), r"y of shape \(60, 0\)"),
    (Y[:50], r"60 rows and y of shape \(50,\)"),
    (np.where(Y > 0, np.inf, 1.0), "y infinite in row 2"),
    (np.full((60, 2), "a"), r"texts of shape \(60, 2\) as y"),
    (np.array(["2020", "2021"], "M8[s]")[Y % 2], "y of dtype datetime64"),
    (Y * 1j, "y of dtype complex128"),
    (np.zeros(60, [("a", "f8")]), "y of dtype"),
    (Y + 2**53, r"beyond 2\^53 in y.*y=y.astype\(str\)"),
]


@pytest.mark.parametrize(("y", "said"), TARGETS)
@pytest.mark.parametrize("x", [X, PIXELS])
def test_targets_that_nothing_can_be_learned_from(tmp_path, x, y, said):
    with pytest.raises(InputError, match=said):
        load_data(of(tmp_path, x=x, y=y))
    np.save(tmp_path / "x.npy", x), np.save(tmp_path / "y.npy", y)
    with pytest.raises(InputError, match=r"y\.npy|'y' that is infinite in row 2"):
        stream(tmp_path / "x.npy", target=tmp_path / "y.npy")


@pytest.mark.parametrize("texts", [["a", "bü", "c"], [b"a", "bü".encode(), b"c"]])
def test_labels_of_a_stream_are_those_of_the_archive(tmp_path, texts):
    y = np.array(texts)[Y]
    np.save(tmp_path / "x.npy", X), np.save(tmp_path / "y.npy", y)
    rows = stream(tmp_path / "x.npy", target=tmp_path / "y.npy")
    loaded = load_data(of(tmp_path, x=X, y=y)).preparation
    assert rows.preparation.target.classes == ("a", "bü", "c")
    assert rows.preparation.target.classes == loaded.target.classes


@pytest.mark.parametrize(
    ("x_test", "y_test", "said"),
    [
        (np.zeros((60, 5, 5), np.uint8), Y, r"x_test of shape \(60, 5, 5\)"),
        (np.zeros((60, 4, 4)), Y, "x_test .* float64"),
        (np.zeros((60, 4, 4), np.uint8), np.array(list("abc"))[Y], "y_test .* object"),
    ],
)
def test_rows_to_test_on_are_of_the_same_kind(tmp_path, x_test, y_test, said):
    train = np.zeros((60, 4, 4), np.uint8)
    path = of(tmp_path, x_train=train, y_train=Y, x_test=x_test, y_test=y_test)
    with pytest.raises(InputError, match=said):
        load_data(path)


# Sizes


BOMB = """
import resource, sys
from chainrule.cli import main
import chainrule.data.load, sklearn.metrics
used = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (used + (150 << 20),) * 2)
main(["data", sys.argv[1]])
"""


def bomb(path, name, size, said=None):
    """A whole archive in which an array of zeros takes a thousandth of its size; `said` is what it says of that."""
    head = raw("'|u1'", f"({said or size}, 1)")
    members = {"x.npy": npy(X), "y.npy": npy(Y)}
    members.pop(f"{name}.npy", None)
    return archive(path, {**members, f"{name}.npy": head + bytes(size)})


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
@pytest.mark.parametrize(
    ("name", "status", "said"),
    [("z", 0, "3 inputs"), ("x", 2, "Use fewer rows or columns")],
)
def test_a_bomb_is_not_unpacked(tmp_path, name, status, said):
    """An array of 250 MB in a file of 250 kB, where 150 MB are left: passed over, or refused before it is unpacked."""
    path = bomb(tmp_path / "bomb.npz", name, 250_000_000)
    assert path.stat().st_size < 1_000_000
    done = subprocess.run(
        [sys.executable, "-c", BOMB, path], capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_size_that_the_file_cannot_hold_is_not_believed(tmp_path):
    """Nor is memory taken for it."""
    with pytest.raises(InputError, match=r"x of shape .* in 100128 bytes"):
        load_data(bomb(tmp_path / "t.npz", "x", 100_000, said=2**35))
