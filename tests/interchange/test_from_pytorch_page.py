"""The page for who comes from PyTorch: its blocks run one after another, and print what stands below them."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "from_pytorch.md"
#: A block of Python that is no doctest, with the output below it.
BLOCK = re.compile(r"```python\n((?!>>>).*?)```\n\n```text\n(.*?)```", re.DOTALL)


def test_the_blocks_print_what_the_page_shows():
    pytest.importorskip("torch", reason="PyTorch is not installed")
    text = PAGE.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert len(blocks) == len(re.findall(r"```python\n(?!>>>)", text)) == 4
    names: dict[str, object] = {}
    for code, expected in blocks:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(code, names)
        assert out.getvalue() == expected
