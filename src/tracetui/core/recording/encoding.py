"""The one gate before every sink: values of the host become JSON, redacted and cut, and nothing that they do gets out.

The common case costs one ``orjson.dumps`` and a look at the bytes; only what looks unusual there (a secret, a text over the
limit, a value that JSON does not have) is taken apart.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

import orjson
from orjson import dumps

from tracetui.core.redaction import Redactor

DEEPEST: Final = 100
"""Levels of nesting that are written; what lies deeper is named, not shown."""
MOST_OBJECTS: Final = 50_000
"""Lists, dictionaries and other objects in one value that are taken apart one by one; those beyond are only named."""
MOST_TEXT: Final = 4_000_000
"""Characters of one text beyond which even verbosity ``debug`` cuts."""
MOST_TEXTS: Final = 16
"""Texts of full length that one value may hold; a larger one is kept as the first ``limit`` characters of its JSON."""
_LARGEST: Final = (1 << 64) - 1
_SMALLEST: Final = -(1 << 63)
_MOST_KEYS: Final = 10_000
_ANYTHING: Final = "any value at all"
"""What is put under a key to see whether the key alone makes it a secret."""
_WITHOUT_NAN: Final = frozenset({str, int, bool, type(None), bytes})
_CALLS_NOTHING: Final = (
    orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_ITSELF: Final = "[contains itself]"
_TOO_MANY: Final = f"[more than {MOST_OBJECTS} objects]"
_TOO_DEEP: Final = f"[deeper than {DEEPEST} levels]"


class Gate:
    """Turns values into JSON bytes. Never raises."""

    __slots__ = ("_redactor", "faults", "harmless", "limit", "redacted", "short")

    def __init__(self, redactor: Redactor | None, limit: int) -> None:
        self._redactor = redactor
        self.limit = limit
        """Characters of one text that are kept."""
        self.harmless: set[str] = set()
        """Keys of attributes that are not secret by their name."""
        self.short = getattr(redactor, "shortest", 0) if redactor is not None else limit + 1
        """Texts of fewer characters hold no secret and need no cut."""
        self.short = min(self.short, limit + 1)
        self.redacted = 0
        """Values redacted so far."""
        self.faults = 0
        """Values that could not be written in any way."""

    def encode(self, value: object) -> bytes:
        """JSON of a value: redacted, and long texts cut with the mark ``…[cut: N characters]``, N their length."""
        try:
            return self._encode(value)
        except Exception as fault:  # the host's objects may do anything when they are looked at
            self.faults += 1
            return b'"[not recordable: %b]"' % type(fault).__name__.encode("ascii", "replace")

    def attributes(self, values: dict[str, object]) -> str:
        """JSON of attributes. Numbers and short texts under keys that are no secret need no second look."""
        harmless, short = self.harmless, self.short
        for key, value in values.items():
            kind = type(value)
            if key not in harmless or not (
                kind is int or kind is bool or (kind is str and len(value) < short)  # type: ignore[arg-type]
            ):
                break
        else:
            try:
                return dumps(values).decode()
            except TypeError:  # a number beyond 64 bits, a lone surrogate
                return self.encode(values).decode()
        self._learn(values)
        return self.encode(values).decode()

    def _learn(self, values: dict[str, object]) -> None:
        """Remember which of the keys are harmless."""
        redactor = self._redactor
        if not self.short or len(self.harmless) > _MOST_KEYS:
            return
        for key in values:
            if (
                type(key) is str
                and key != "value"  # secret or not by the name that stands beside it
                and len(key) < self.limit
                and (redactor is None or not redactor.redact({key: _ANYTHING})[1])
            ):
                self.harmless.add(key)

    def plain(self, value: object) -> object:
        """The value as it will be read again."""
        return orjson.loads(self.encode(value))

    def _encode(self, value: object) -> bytes:
        try:
            # Without a call of anything in Python: what that, or another thread meanwhile, takes out of a list or dictionary
            # which the encoder is at, it would read all the same, and the process would crash.
            data = orjson.dumps(value, option=_CALLS_NOTHING)
        except (TypeError, ValueError, RecursionError):
            data = orjson.dumps(plain(value))
        else:
            if b"null" in data and _may_hold_nan(value):  # the encoder writes NaN and infinities as null
                data = orjson.dumps(plain(value))
        if self._redactor is not None and self._redactor.suspects(data):
            clean, count = self._redactor.redact(orjson.loads(data))
            if count:
                self.redacted += count
                data = orjson.dumps(clean)
        if len(data) > self.limit:
            data = orjson.dumps(cut(orjson.loads(data), self.limit))
            if len(data) > self.limit * MOST_TEXTS:
                text = data.decode()
                data = orjson.dumps(cut(text, self.limit))
        return data


def plain_object(value: object) -> object:
    """What stands for an object that JSON does not have."""
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    for method in ("model_dump", "tolist", "to_dict", "_asdict"):  # pydantic, numpy, many SDKs, named tuples
        found = getattr(type(value), method, None)
        if callable(found):
            return found(value)
    if isinstance(value, Iterable) and hasattr(type(value), "__len__"):
        return list(value)
    return str(value)


def plain(value: object) -> object:
    """A value made of nothing but what JSON has; NaN, huge numbers and lone surrogates as texts, as the format says."""
    return _Plain().of(value)


class _Plain:
    """Takes one value apart, which may contain itself, and which others may change meanwhile."""

    def __init__(self) -> None:
        self._around: set[int] = set()
        """Ids of the objects around the one at hand."""
        self._left = MOST_OBJECTS

    def of(self, value: object, depth: int = 0) -> object:
        """The plain form of a part."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Enum):
            return self.of(value.value, depth + 1)
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, int):
            return int(value) if _SMALLEST <= value <= _LARGEST else _digits(value)
        if isinstance(value, float):
            return _number(float(value))
        if id(value) in self._around:
            return _ITSELF
        if depth >= DEEPEST:
            return _TOO_DEEP
        self._left -= 1
        if self._left < 0:
            return _TOO_MANY
        self._around.add(id(value))
        try:
            return self._parts(value, depth + 1)
        finally:
            self._around.discard(id(value))

    def _parts(self, value: object, depth: int) -> object:
        if isinstance(value, dict):
            return {_key(key): self.of(item, depth) for key, item in list(value.items())}
        if isinstance(value, list | tuple) and not hasattr(type(value), "_asdict"):
            return [self.of(item, depth) for item in list(value)]
        try:
            return self.of(_told(value), depth)
        except Exception as fault:  # an object that cannot be looked at costs itself, not the record
            return f"[not recordable: {type(value).__name__}: {type(fault).__name__}]"


def _may_hold_nan(value: object) -> bool:
    """Whether a float without a number is in a value, or something is that the encoder took apart by itself."""
    left = [value]
    while left:
        item = left.pop()
        kind = type(item)
        if kind is dict:
            left += item.values()  # type: ignore[attr-defined]
        elif kind is list or kind is tuple:
            left += item  # type: ignore[arg-type]
        elif kind is float:
            if not math.isfinite(item):  # type: ignore[arg-type]
                return True
        elif kind not in _WITHOUT_NAN:
            return True
    return False


def _told(value: object) -> object:
    """An object in the encoder's own words where it has some (dates, dataclasses), else in ours."""
    fields = getattr(type(value), "__dataclass_fields__", None)
    if fields is not None:  # as the encoder writes them: without private ones
        return {name: getattr(value, name) for name in fields if not name.startswith("_") and hasattr(value, name)}
    try:
        return orjson.loads(orjson.dumps(value))
    except TypeError:
        return plain_object(value)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace").decode()
    return str(value)


def _key(key: object) -> str:
    return _text(key if isinstance(key, str) else str(key))


def _digits(value: int) -> str:
    try:
        return str(int(value))
    except ValueError:  # more digits than sys.get_int_max_str_digits allows
        return hex(value)


def _number(value: float) -> object:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def cut(value: object, limit: int) -> object:
    """The value with every text cut to ``limit`` characters; the mark tells how many there were."""
    if isinstance(value, str):
        return value if len(value) <= limit else f"{value[:limit]}…[cut: {len(value)} characters]"
    if isinstance(value, dict):
        return {cut_key(key, limit): cut(item, limit) for key, item in value.items()}
    if isinstance(value, list):
        return [cut(item, limit) for item in value]
    return value


def cut_key(key: str, limit: int) -> str:
    """A key, cut like a text."""
    return key if len(key) <= limit else f"{key[:limit]}…[cut: {len(key)} characters]"
