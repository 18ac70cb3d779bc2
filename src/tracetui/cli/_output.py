"""What reaches the terminal: lines of text that control nothing, JSON, complaints and progress.

`Printer.line` is the border of all text: whatever a line holds, it leaves as one line that a terminal only draws. Data goes
to standard output, everything else to standard error.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TextIO

from tracetui.core.symbols import ASCII, Symbols, choose
from tracetui.core.text import bytes_size, count, plain_ascii, safe

if TYPE_CHECKING:
    from tracetui.core.loading import Progress

_FIRST_TOLD_S: Final = 0.5
_TOLD_EVERY_S: Final = 0.25
USUAL_WIDTH: Final = 80
"""Columns where nobody says how many there are (a pipe, a file)."""


class Printer:
    """Writes text and JSON to standard output in what this terminal can show.

    Args:
        only_ascii: the user asked for it; else the locale decides.
        out: where to write; standard output by default.
    """

    def __init__(self, *, only_ascii: bool = False, out: TextIO | None = None) -> None:
        self.symbols: Symbols = ASCII if only_ascii else choose()
        self._out = sys.stdout if out is None else out

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return terminal_width(self._out)

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return is_terminal(self._out)

    def line(self, text: str = "") -> None:
        """Write one line."""
        text = safe(text)
        self._out.write((plain_ascii(text) if self.symbols.is_ascii else text) + "\n")

    def lines(self, texts: Iterable[str]) -> None:
        """Write lines."""
        for text in texts:
            self.line(text)

    def json(self, value: object) -> None:
        """Write one JSON document, indented."""
        self._out.write(ascii_json(value, indent=True) + "\n")

    def json_lines(self, values: Iterable[object]) -> None:
        """Write each value on a line of its own."""
        for value in values:
            self._out.write(ascii_json(value) + "\n")

    def json_around(
        self, head: Mapping[str, object], name: str, items: Iterable[object], tail: Callable[[], Mapping[str, object]]
    ) -> None:
        """Write one JSON document whose list ``name`` is written while its items come, what stands behind it afterwards."""
        self._out.write(ascii_json(head, indent=True).removesuffix("\n}") + f',\n  "{name}": [')
        separator = "\n    "
        for item in items:
            self._out.write(separator + ascii_json(item))
            separator = ",\n    "
        end = "]" if separator.startswith("\n") else "\n  ]"
        self._out.write(end + "," + ascii_json(tail(), indent=True).removeprefix("{") + "\n")

    def flush(self) -> None:
        """Let the reader of a pipe have what was written so far."""
        self._out.flush()


def ascii_json(value: object, *, indent: bool = False) -> str:
    """JSON in which every character that is not printable ASCII stands as its escape: right in any locale and pipe."""
    from tracetui.core import jsontext  # late: text needs none

    return jsontext.ascii_json(value, indent=indent)


def terminal_width(out: TextIO) -> int:
    """Columns of the terminal behind `out`, or what `COLUMNS` says, else 80."""
    if os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size((USUAL_WIDTH, 24)).columns
    try:
        return os.get_terminal_size(out.fileno()).columns or USUAL_WIDTH
    except (OSError, ValueError):
        return USUAL_WIDTH


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at this stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def complain(message: str) -> None:
    """Say something on standard error; nothing happens where there is none."""
    if sys.stderr is None:
        return
    symbols = choose()
    try:
        for line in message.split("\n"):
            text = safe(line)
            sys.stderr.write((plain_ascii(text) if symbols.is_ascii else text) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # closed: then nobody can be told
        pass


class ProgressLine:
    """One line on standard error that says how far reading has come."""

    def __init__(self) -> None:
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        """Show it in place of what was shown before."""
        self.say(
            f"reading {bytes_size(progress.read_bytes)} of {bytes_size(progress.total_bytes)}"
            f"  {count(progress.spans)} spans  {count(progress.runs)} runs"
        )

    def say(self, text: str) -> None:
        """Show a text of our own in place of what was shown before."""
        text = plain_ascii(text)
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def clear(self) -> None:
        """Take the line away before anything else is written."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


class Telling:
    """Says how far some work has come, from half a second on and four times a second; for a person who looks, else never.

    Called with what gives the text, as often as one likes: the text is made only when it is shown.

    Args:
        line: Where it is shown; None: nowhere.
        clock: Seconds that only go up.
    """

    def __init__(self, line: ProgressLine | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._clock = clock
        self._due = clock() + _FIRST_TOLD_S

    def __call__(self, text: Callable[[], str]) -> None:
        """Say it if it is time."""
        if self._line is not None and (now := self._clock()) >= self._due:
            self._line.say(text())
            self._due = now + _TOLD_EVERY_S

    def clear(self) -> None:
        """Take the line away before anything else is written."""
        if self._line is not None:
            with suppress(OSError, ValueError):
                self._line.clear()


@contextmanager
def shown_progress() -> Iterator[ProgressLine | None]:
    """What to tell progress to: a line for a person who looks at standard error, else nobody."""
    line = ProgressLine() if is_terminal(sys.stderr) else None
    try:
        yield line
    finally:
        if line is not None:
            line.clear()


@contextmanager
def telling() -> Iterator[Telling]:
    """What work of more than half a second tells how far it has come."""
    with shown_progress() as line:
        yield Telling(line)
