r"""Values as JSON text for commands and exports: valid, exact and harmless to a terminal, whatever a trace holds.

Every character that is not printable stands as `\uXXXX`, so that JSON on a terminal cannot control it and still says
exactly what was recorded. Integers of any size are exact, lone surrogates are escaped, depth has no limit. JSON has no
word for NaN and the infinities: they are `null`.
"""

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Final

_INDENT: Final = 2
_DEEPEST_INDENT: Final = 60  # deeper levels stay there, else 100,000 levels would need gigabytes of blanks
_REMEMBERED: Final = 20_000
_PIECE: Final = 1 << 17
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7e]")
_MOST_DIGITS: Final = 4_000  # below the limit of Python's own conversion, which is there for its slowness


def json_text(value: object, indent: bool = False) -> str:
    """`value` as JSON on one line, or indented by two blanks a level; a cycle becomes the string `[cycle]`.

    Mappings, sequences, strings, numbers, booleans and None are JSON's own; keys become strings; bytes are text with
    backslash escapes; anything else stands as its `str()`.
    """
    import orjson  # late: commands that print no JSON start without it

    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode()
    except (TypeError, ValueError, RecursionError):
        text = "".join(_written(value, indent))
    return _harmless(text)


def json_pieces(value: object, indent: bool = False) -> Iterator[str]:
    """The same text in pieces, none of which takes long to make however large the value is."""
    waiting: list[str] = []
    size = 0
    for part in _written(value, indent):
        waiting.append(part)
        size += len(part)
        if size >= _PIECE:
            yield _harmless("".join(waiting))
            waiting, size = [], 0
    yield _harmless("".join(waiting))


def ascii_json(value: object, *, indent: bool = False) -> str:
    """JSON in which every character that is not printable ASCII stands as its escape: right in any locale and pipe."""
    text = json_text(value, indent)
    return text if text.isascii() else _NOT_ASCII.sub(lambda found: _escape(ord(found[0])), text)


def _harmless(text: str) -> str:
    return text if text.isprintable() else text.translate(_ESCAPES)


class _Escapes(dict[int, int | str]):
    """Character to itself or its escape; worked out once for each character that is met."""

    def __missing__(self, code: int) -> int | str:
        if len(self) > _REMEMBERED:
            self.clear()
        escape = self[code] = code if code == 0x0A or chr(code).isprintable() else _escape(code)
        return escape


def _escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


_ESCAPES: Final = _Escapes()


class _Level:
    """A mapping or sequence that is being written."""

    __slots__ = ("close", "first", "identity", "items", "keyed")

    def __init__(self, value: Mapping[object, object] | list[object] | tuple[object, ...]) -> None:
        self.identity = id(value)
        self.keyed = isinstance(value, Mapping)
        self.close = "}" if self.keyed else "]"
        self.items: Iterator[object] = iter(value.items() if isinstance(value, Mapping) else value)
        self.first = True


def _written(value: object, indent: bool) -> Iterator[str]:
    """The pieces of JSON text; a loop and not recursion, since a trace may be deeper than Python's stack."""
    if not isinstance(value, Mapping | list | tuple):
        yield from _leaf(value)
        return
    levels = [_Level(value)]
    within = {id(value)}
    yield "{" if levels[0].keyed else "["
    while levels:
        level = levels[-1]
        try:
            item = next(level.items)
        except StopIteration:
            levels.pop()
            within.discard(level.identity)
            yield level.close if level.first else _line(indent, len(levels)) + level.close
            continue
        yield ("" if level.first else ",") + _line(indent, len(levels))
        level.first = False
        if level.keyed and isinstance(item, tuple):
            yield _key(item[0]) + (": " if indent else ":")
            item = item[1]
        if not isinstance(item, Mapping | list | tuple):
            yield from _leaf(item)
        elif id(item) in within:
            yield '"[cycle]"'
        else:
            levels.append(_Level(item))
            within.add(id(item))
            yield "{" if levels[-1].keyed else "["


def _leaf(value: object) -> Iterator[str]:
    """What holds no others; a long text part by part."""
    if not isinstance(value, str) or len(value) <= _PIECE:
        yield _scalar(value)
        return
    yield '"'
    for at in range(0, len(value), _PIECE):
        yield encode_basestring(value[at : at + _PIECE])[1:-1]
    yield '"'


def _line(indent: bool, depth: int) -> str:
    return "\n" + " " * (_INDENT * min(depth, _DEEPEST_INDENT)) if indent else ""


def _key(key: object) -> str:
    if isinstance(key, str):
        return encode_basestring(key)
    scalar = _scalar(key)
    return scalar if scalar.startswith('"') else encode_basestring(scalar)


def _scalar(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return encode_basestring(value)
        case int():
            return _integer(int(value))
        case float():
            return repr(float(value)) if math.isfinite(value) else "null"
        case bytes():
            return encode_basestring(value.decode("utf-8", "backslashreplace"))
    return encode_basestring(str(value))


def _integer(number: int) -> str:
    return str(number) if number.bit_length() < 3 * _MOST_DIGITS else f"{Decimal(number):f}"
