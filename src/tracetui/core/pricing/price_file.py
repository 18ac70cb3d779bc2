"""A price file of one's own: which file it is, what stands in it, and what is wrong with it.

TOML or JSON, a list ``prices`` of entries (``docs/cost.md``). The first entry that fits a call's model, provider and time
counts. Names are matched as file names are (``*``, ``?``, ``[…]``), whatever the case.
"""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from tracetui.core.errors import UnreadableSettings
from tracetui.core.pricing.library import NAME_AT_MOST
from tracetui.core.pricing.rates import TOKENS, Period, Price, Rate

ORIGIN: Final = "prices file"
_KEYS: Final = ("model", "provider", *TOKENS, "from", "until")
_LIST: Final = "prices"
_AT_MOST: Final = 16_000_000
"""Bytes of a file that is read: more is no list of prices."""
_MOST_USD: Final = 1e9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Entry:
    model: re.Pattern[str]
    provider: re.Pattern[str] | None
    period: Period


@dataclass(frozen=True, slots=True)
class PriceFile:
    """The prices of one file, in its order."""

    path: str
    entries: tuple[_Entry, ...]

    @classmethod
    def read(cls, path: str) -> PriceFile:
        """Read a file. Raises UnreadableSettings, which says what is wrong and where."""
        try:
            with Path(path).open("rb") as file:
                data = file.read(_AT_MOST + 1)
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise UnreadableSettings(f"{path!a}: {reason}") from error
        if len(data) > _AT_MOST:
            raise UnreadableSettings(f"{path!a}: more than {_AT_MOST // 1_000_000} MB are no list of prices")
        return cls(path, _Text(path, data).entries())

    def periods(self, provider: str, model: str) -> tuple[Period, ...]:
        """The periods of a model by its recorded name and provider ("": not recorded), the one that counts last."""
        if len(model) > NAME_AT_MOST or len(provider) > NAME_AT_MOST:
            return ()
        return tuple(
            entry.period
            for entry in reversed(self.entries)
            if entry.model.match(model.lower()) and (entry.provider is None or entry.provider.match(provider.lower()))
        )


class _Text:
    """The bytes of a file on their way to entries."""

    def __init__(self, path: str, data: bytes) -> None:
        self._path = path
        try:
            self._text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise self._wrong(f"line {line}: not UTF-8") from error

    def entries(self) -> tuple[_Entry, ...]:
        """All entries of the file."""
        told = self._value()
        if isinstance(told, dict):
            other = [key for key in told if key != _LIST]
            if other or _LIST not in told:
                name = f"{other[0]!a} is no key of a price file" if other else "it has no prices"
                raise self._wrong(f"{name}; entries are written below [[{_LIST}]]")
            told = told[_LIST]
        if not isinstance(told, list):
            raise self._wrong(f"`{_LIST}` has to be a list of entries")
        return tuple(self._entry(number, entry) for number, entry in enumerate(told))

    def _value(self) -> object:
        is_json = self._path.lower().endswith(".json") or self._text.lstrip()[:1] == "{"
        try:
            return json.loads(self._text) if is_json else tomllib.loads(self._text)
        except json.JSONDecodeError as error:
            raise self._wrong(f"line {error.lineno}: {error.msg}") from error
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise self._wrong(f"not {'JSON' if is_json else 'TOML'}: {str(error)[:200]}") from error

    def _entry(self, number: int, entry: object) -> _Entry:
        if not isinstance(entry, dict):
            raise self._wrong(f"entry {number + 1} is no table of keys and values")
        for key in entry:
            if key not in _KEYS:
                raise self._bad(number, str(key), f"there is no such key; they are {', '.join(_KEYS)}")
        prices = {name: self._price(number, name, entry[name]) for name in TOKENS if name in entry}
        if not {"input", "output"} & prices.keys():
            raise self._bad(number, "", "it says neither `input` nor `output`")
        since, until = (self._moment(number, key, entry.get(key)) for key in ("from", "until"))
        if since is not None and until is not None and until <= since:
            raise self._bad(number, "until", "it ends before it begins")
        provider = self._pattern(number, "provider", entry["provider"]) if "provider" in entry else None
        return _Entry(
            self._pattern(number, "model", entry.get("model")),
            provider,
            Period(
                Rate(
                    prices.get("input"),
                    prices.get("output"),
                    prices.get("cached"),
                    prices.get("cache_write"),
                    prices.get("reasoning"),
                    origin=ORIGIN,
                ),
                since,
                until,
            ),
        )

    def _pattern(self, number: int, key: str, value: object) -> re.Pattern[str]:
        if not isinstance(value, str) or not value:
            raise self._bad(number, key, 'it has to be a name, such as "house-model-*"')
        try:
            return re.compile(fnmatch.translate(value.lower()))
        except re.error as error:
            raise self._bad(number, key, f"not a pattern: {error}") from error

    def _price(self, number: int, key: str, value: object) -> Price:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST_USD:
            raise self._bad(number, key, "it has to be a number from 0: US dollars per million tokens")
        return Price(float(value))

    def _moment(self, number: int, key: str, value: object) -> int | None:
        """Of a date, ns since the epoch; without a zone it is UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                value = ""
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if not isinstance(value, datetime):
            raise self._bad(number, key, "it has to be a date, such as 2026-03-01")
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        return (value - _EPOCH) // timedelta(microseconds=1) * 1_000

    def _bad(self, number: int, key: str, why: str) -> UnreadableSettings:
        line = self._line_of(number, key)
        place = f"line {line}: " if line else ""
        return self._wrong(f"{place}entry {number + 1}{f', {key!a}' if key else ''}: {why}")

    def _wrong(self, why: str) -> UnreadableSettings:
        return UnreadableSettings(f"{self._path!a}: {why}")

    def _line_of(self, number: int, key: str) -> int | None:
        """The line of an entry's key, or of the entry, where it is written as a table of its own."""
        lines = self._text.splitlines()
        heads = [at for at, line in enumerate(lines) if re.match(r"\s*\[\[\s*prices\s*\]\]", line)]
        if number >= len(heads):
            return None
        end = heads[number + 1] if number + 1 < len(heads) else len(lines)
        for at in range(heads[number] + 1, end) if key else ():
            if re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", lines[at]):
                return at + 1
        return heads[number] + 1
