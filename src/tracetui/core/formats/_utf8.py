"""Whether bytes are UTF-8: asked by the fast lanes, whose parser does not look at what it passes over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_STEP: Final = 16 << 10
"""Bytes decoded at once: the text of a large block takes pages that the system must clear first, five times as long in all."""


def check_block(block: bytes) -> None:
    """Raise UnicodeDecodeError if a block of whole lines is not UTF-8."""
    if block.isascii():
        return
    at = 0
    while at < len(block):
        end = block.find(b"\n", at + _STEP) + 1 or len(block)
        block[at:end].decode()
        at = end


def check_lines(lines: Iterable[bytes]) -> None:
    """The same of lines."""
    check_block(b"".join([line for line in lines if not line.isascii()]))
