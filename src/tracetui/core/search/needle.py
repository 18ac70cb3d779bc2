"""What is looked for: a text or a regular expression, and what the raw bytes of everything that holds it must hold.

Case is smart: a needle without capitals finds both cases. A regular expression is the user's and may never come to an end, so
it is matched so that it can be stopped (``tracetui.core.regexes``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final

from tracetui.core.errors import TracetuiError
from tracetui.core.search.letters import equals, folded, has_case, raw_pattern

LONGEST: Final = 10_000
"""Characters of a needle: a longer one is a mistake of whoever pasted it."""

_AT_ONCE: Final = 1 << 18
"""Characters that are looked through at once: a search goes on in a thread, and others wait for no more than that."""
_PLAIN: Final = re.compile(r"[^\x00-\x1f\"\\/\x7f-\U0010ffff]+")
"""Characters that stand for themselves in JSON, unless a writer escapes what needs no escape."""
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]+")
_COMMON: Final = b" etaonisrhldcu"
"""The commonest letters, from the commonest down."""
_LEAST_ANCHOR: Final = 4
"""Bytes that are looked for at least, if there are as many."""
_STRANGE: Final = "iksIKS"
"""Letters that are equal to some beyond ASCII where Python ignores case."""


class BadPattern(TracetuiError):
    """A needle that cannot be looked for. ``position`` is the character where it goes wrong; -1: none in particular."""

    def __init__(self, message: str, position: int = -1) -> None:
        super().__init__(message)
        self.position = position


class SlowPattern(TracetuiError):
    """A regular expression that does not come to an end in reasonable time on some text of the recording."""


@dataclass(slots=True, frozen=True)
class Needle:
    """What is looked for; made by ``text``, ``pattern`` or ``typed``.

    Args:
        wanted: as it was given.
        is_regex: a regular expression, as Python's ``re`` reads it.
        ignores_case: both cases are found.
        hints: bytes one of which is in the bytes of every record that holds the needle; none: nothing is known of it.
        folds: the hints are to be looked for in bytes whose bit 0x20 is set (small letters, and more that looks like them).
        escapes: what a record holds that has one of the hints but the first: the needle's letters, escaped.
    """

    wanted: str
    is_regex: bool
    ignores_case: bool
    hints: tuple[bytes, ...]
    folds: bool
    escapes: re.Pattern[bytes] | None
    raw: re.Pattern[bytes] | None
    """A text as it may stand in bytes that are no JSON, or damaged; None for a regular expression."""
    _exact: re.Pattern[str] | None
    _small: str = field(repr=False)
    """A text, folded; of a regular expression a text that all its matches hold."""

    @classmethod
    def text(cls, wanted: str, ignores_case: bool | None = None) -> Needle:
        """A text; with ``ignores_case`` None case is smart. Raises BadPattern for an empty one."""
        _check(wanted)
        ignores = not has_case(wanted) if ignores_case is None else ignores_case
        hints, folds = _hints_of(_PLAIN.findall(wanted), wanted, ignores_case=ignores)
        exact = "".join("[" + "".join(map(re.escape, equals(char))) + "]" for char in wanted) if ignores else None
        return cls(
            wanted,
            False,
            ignores,
            hints,
            folds,
            _escapes_of(hints),
            re.compile(raw_pattern(wanted, ignores_case=ignores)),
            None if exact is None else re.compile(exact),
            "".join(map(folded, wanted)),
        )

    @classmethod
    def pattern(cls, wanted: str, ignores_case: bool | None = None) -> Needle:
        """A regular expression. Raises BadPattern with the position of what cannot be read."""
        _check(wanted)
        ignores = not has_case(re.sub(r"\\.", "", wanted)) if ignores_case is None else ignores_case
        try:
            compiled = re.compile(wanted, re.IGNORECASE if ignores else 0)
        except re.error as error:
            position = -1 if error.pos is None else error.pos
            raise BadPattern(f"{wanted!a} is no regular expression: {error.msg}", position) from None
        except (RecursionError, OverflowError):
            raise BadPattern(f"{wanted[:40]!a} is no regular expression that can be read") from None
        ignores = bool(compiled.flags & re.IGNORECASE)
        runs = [run for text in _literals(wanted, compiled.flags) for run in _PLAIN.findall(text)]
        if ignores:
            runs = [part for run in runs for part in re.split(f"[{_STRANGE}]", run) if part]
        hints, folds = _hints_of(runs, "", ignores_case=ignores)
        must = max(runs, key=len, default="")
        return cls(
            wanted, True, ignores, hints, folds, _escapes_of(hints), None, None, must.lower() if ignores else must
        )

    @classmethod
    def typed(cls, wanted: str) -> Needle:
        """What is typed on the screen: ``/re/`` is a regular expression, everything else a text."""
        if len(wanted) > 2 and wanted[0] == wanted[-1] == "/":
            return cls.pattern(wanted[1:-1])
        return cls.text(wanted)

    @property
    def flags(self) -> int:
        """Flags of the regular expression."""
        return int(re.IGNORECASE) if self.ignores_case else 0

    def holds(self, text: str) -> bool:
        """Whether it is in a text; of a regular expression, whether it may be."""
        if not self.is_regex:
            return self.find(text) is not None
        if len(text) > _AT_ONCE + LONGEST:
            return any(self.holds(text[at : at + _AT_ONCE + LONGEST]) for at in range(0, len(text), _AT_ONCE))
        return self._small in (text.lower() if self.ignores_case else text)

    def find(self, text: str) -> tuple[int, int] | None:
        """Where it begins and ends in a text for the first time; for a text only, not for a regular expression."""
        if len(text) <= _AT_ONCE + LONGEST:
            return self._first(text)
        for at in range(0, len(text), _AT_ONCE):
            if found := self._first(text[at : at + _AT_ONCE + LONGEST]):
                return at + found[0], at + found[1]
        return None

    def _first(self, text: str) -> tuple[int, int] | None:
        if self._exact is None:
            at = text.find(self.wanted)
        elif text.isascii():  # several times as fast
            at = text.lower().find(self._small) if self._small.isascii() else -1
        else:
            found = self._exact.search(text)
            at = -1 if found is None else found.start()
        return None if at < 0 else (at, at + len(self.wanted))


def _check(wanted: str) -> None:
    if not wanted:
        raise BadPattern("nothing is searched for: the pattern is empty")
    if len(wanted) > LONGEST:
        raise BadPattern(f"a pattern of {len(wanted):,} characters is too long; {LONGEST:,} is the most")


def _hints_of(plain: list[str], wanted: str, *, ignores_case: bool) -> tuple[tuple[bytes, ...], bool]:
    """Hints, the needle's own letters first, and whether they are folded."""
    anchor = max(plain, key=len, default="").encode()
    if anchor:
        anchor = _from_rarest_pair(anchor)
        if not ignores_case:
            return (anchor, rb"\u00"), False
        return tuple(bytes(byte | 0x20 for byte in hint) for hint in (anchor, rb"\u00")), True
    foreign = [char for run in _FOREIGN.findall(wanted) for char in run]
    if not foreign:
        return (), False
    if not ignores_case:
        return (max(_FOREIGN.findall(wanted), key=len).encode("utf-8", "surrogatepass"), rb"\u"), False
    fewest = min((equals(char) for char in foreign), key=len)
    return (*(char.encode("utf-8", "surrogatepass") for char in fewest), rb"\u"), False


def _from_rarest_pair(anchor: bytes) -> bytes:
    """The end of it that begins with the two bytes that are rarest in English: those are what is looked for first."""
    if len(anchor) < _LEAST_ANCHOR:
        return anchor
    rank = [_COMMON.find(byte | 0x20) if (byte | 0x20) in _COMMON else len(_COMMON) for byte in anchor]
    pairs = [rank[at] + rank[at + 1] for at in range(len(anchor) - _LEAST_ANCHOR + 1)]
    return anchor[pairs.index(max(pairs)) :]


def _escapes_of(hints: tuple[bytes, ...]) -> re.Pattern[bytes] | None:
    """Escapes of the letters of an anchor, which hardly any writer makes: other escapes are in many records.

    With what an escape is made of, which may be escaped in its turn where JSON stands in a text.
    """
    if len(hints) != 2 or not hints[0].isascii():
        return None
    letters = {other for byte in hints[0] for other in (byte, byte & ~0x20, byte | 0x20)}
    codes = sorted({f"{byte:02x}" for byte in letters.union(rb"\u0123456789abcdefABCDEF")})
    return re.compile(rb"\\u00(?:" + "|".join(codes).encode() + rb")", re.IGNORECASE)


def _literals(wanted: str, flags: int) -> list[str]:
    """Texts that everything that matches must hold, as far as they can be told from the outermost sequence."""
    if flags & re.VERBOSE:
        return []
    try:
        constants, parser = import_module("re._constants"), import_module("re._parser")
    except ImportError:  # no promise of Python's: then every record is looked at
        return []
    runs, run = [], ""
    for code, argument in parser.parse(wanted, flags):
        if code is constants.LITERAL:
            run += chr(argument)
            continue
        runs.append(run)
        run = ""
    return [*runs, run]
