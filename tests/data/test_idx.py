"""IDX files: the array, or a sentence; no more memory than the file can fill."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from chainrule import InputError
from chainrule.data.idx import read_idx

PICTURES = np.arange(96, dtype=np.uint8).reshape(6, 4, 4)


def idx(array, *, shape=None, first=b"\0\0\x08"):
    shape = array.shape if shape is None else shape
    head = first + bytes([len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    return head + array.tobytes()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("array", [PICTURES, PICTURES[:, 0, 0], PICTURES[:0]])
def test_the_array_comes_back(tmp_path, array, pack):
    (tmp_path / "file").write_bytes(pack(idx(array)))
    found = read_idx(tmp_path / "file")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)
    found.reshape(-1)[:1] = 7  # it is the caller's own


WRONG = {
    "nothing": (b"", "not IDX of uint8"),
    "floats": (idx(PICTURES, first=b"\0\0\x0d"), "not IDX of uint8"),
    "no axes": (b"\0\0\x08\0", "not IDX of uint8"),
    "255 axes": (b"\0\0\x08\xff" + bytes(2000), "not IDX of uint8"),
    "no lengths": (b"\0\0\x08\x03\0\0", "ends in its header"),
    "too few": (idx(PICTURES)[:-1], r"with 95 numbers for the shape \(6, 4, 4\)"),
    "too many": (idx(PICTURES) + b"x", "with more numbers"),
    "product of 2^64": (
        idx(PICTURES, shape=(2**31, 2**31, 4)),
        "of shape",
    ),
    "terabytes": (idx(PICTURES, shape=(2**31, 2**10)), "at most half the memory"),
    "none of 2^64": (idx(PICTURES[:0], shape=(0, 2**32 - 1, 2**32 - 1)), "of shape"),
    "packed and cut": (
        gzip.compress(idx(PICTURES))[:-12],
        "packed and cut off or damaged",
    ),
    "packed and altered": (
        gzip.compress(idx(PICTURES))[:-8] + bytes(8),
        "packed and cut off or damaged",
    ),
    "packed nonsense": (b"\x1f\x8b" + bytes(50), "packed and cut off or damaged"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_whole_idx_file(tmp_path, name):
    content, said = WRONG[name]
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        read_idx(tmp_path / "file")
    assert str(tmp_path / "file") in caught.value.given


def test_no_more_is_unpacked_than_the_header_says(tmp_path):
    """200 MB of zeros behind six labels, in 200 kB."""
    (tmp_path / "file").write_bytes(
        gzip.compress(idx(PICTURES[:, 0, 0]) + bytes(200 << 20), 1)
    )
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="with more numbers"):
            read_idx(tmp_path / "file")
        assert tracemalloc.get_traced_memory()[1] < 5 << 20
    finally:
        tracemalloc.stop()
