"""The reading ladder: bytes of one record → a Python value, by the first parser that can.

orjson first; Python's own parser for what orjson refuses (NaN, Infinity, lone surrogates, deep nesting) or would change without
a word (integers beyond 64 bits become floats there); else ``NotJson`` with a short reason. Bytes are never guessed at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import orjson

BOM = b"\xef\xbb\xbf"

_DIGITS = bytes(
    ord("0") if chr(byte).isdigit() and byte < 128 else ord("-") if byte == ord("-") else 0 for byte in range(256)
)
"""Digits become ``0``, everything but the minus NUL: one pass in C that makes long numbers easy to find."""
_LONG_POSITIVE = b"0" * 20
_LONG_NEGATIVE = b"-" + b"0" * 19
_LONG_DIGITS = b"0" * 19
_ZEROS = re.compile(b"0+")
_SPACE = b" \t\r\n"
_BEFORE_NUMBER = b":[,"
_LARGE = 1 << 17
"""Bytes from which on a text may be parsed in pieces."""
_MOST_IN_PIECES: Final[ContextVar[int]] = ContextVar("tracetui.most_in_pieces", default=0)
"""Bytes that may be parsed in pieces, texts that are large left out; 0: everything is parsed at once."""
_INT_DIGITS = 4_300
"""Python refuses to convert longer integers (``sys.set_int_max_str_digits``), since that takes quadratic time."""


class NotJson(ValueError):
    """Bytes that no parser of the ladder reads; the message is the reason in plain words."""


class TooDense(Exception):
    """JSON with too many values for being parsed in pieces."""


@contextmanager
def in_pieces(most: int) -> Iterator[None]:
    """What ``parse`` is given meanwhile, in this thread or task, is parsed in pieces where it is large.

    So a thread lets others run (``_in_pieces``). Where more than ``most`` bytes are something else than long texts, it raises
    TooDense.
    """
    before = _MOST_IN_PIECES.set(most)
    try:
        yield
    finally:
        _MOST_IN_PIECES.reset(before)


def parse(data: bytes) -> object:
    """The value of one JSON text. Integers are exact; those of more than 4,300 digits stay text.

    Raises:
        NotJson: the bytes are not JSON, not UTF-8, or nested too deep.
        TooDense: within ``in_pieces`` only.
    """
    if len(data) > _LARGE and (most := _MOST_IN_PIECES.get()):
        from tracetui.core.formats._in_pieces import parse_in_pieces

        with in_pieces(0):
            return parse_in_pieces(data, most=most)
    if data.startswith(BOM):
        data = data[len(BOM) :]
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        return _parse_slowly(data, fault.msg)
    if len(data) >= len(_LONG_NEGATIVE) and has_long_number(data):
        return _parse_slowly(data, "")
    return value


def has_long_number(data: bytes) -> bool:
    """Whether an integer in it may be one that orjson would not keep exact."""
    shape = data.translate(_DIGITS)
    if _LONG_POSITIVE not in shape and _LONG_NEGATIVE not in shape:
        return False
    at = shape.find(_LONG_DIGITS)
    while at >= 0:
        # Ids in texts are as long: a number follows a colon, a bracket, a comma or nothing.
        before = at - 1 - (data[at - 1 : at] == b"-")
        while before >= 0 and data[before] in _SPACE:
            before -= 1
        if before < 0 or data[before] in _BEFORE_NUMBER:
            return True
        run = _ZEROS.match(shape, at)
        at = shape.find(_LONG_DIGITS, at + 1 if run is None else run.end())
    return False


def _exact(digits: str) -> int | str:
    return int(digits) if len(digits) <= _INT_DIGITS else digits


def _parse_slowly(data: bytes, refusal: str) -> object:
    try:
        # Lone surrogates are let through in both spellings, as escapes and as bytes.
        value: object = json.loads(data.decode("utf-8", "surrogatepass"), parse_int=_exact)
    except UnicodeDecodeError as fault:
        raise NotJson(f"not UTF-8 at byte {fault.start}") from None
    except RecursionError:
        raise NotJson("nested too deep") from None
    except ValueError:
        raise NotJson(f"not JSON: {refusal}") from None
    return value
