"""Which part of the time axis is shown: zooming, panning, and the words for it. Pure functions of integers, ns.

Lengths step through 1, 2, 5 × 10ⁿ ns, so that the labels of the axis stay round and zooming out leads back the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tracetui.core.symbols import UNICODE, Symbols

LEAST_NS: Final = 1_000
"""No window is shorter: recordings tell microseconds at most, some nanoseconds."""
PAN_PARTS: Final = 4
"""A window moves by one part in so many of its length."""
_MARGIN: Final = 20
"""A window around a span leaves one part in so many free at each side."""
_S: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the axis, ns since the axis begins."""

    begin: int
    length: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.begin + self.length

    def holds(self, time: int) -> bool:
        """Whether a moment lies in it."""
        return self.begin <= time <= self.end


def fitted(window: Window, whole: int) -> Window | None:
    """The window moved to lie within an axis of `whole` ns; None: it is all of it, or more."""
    if window.length >= whole:
        return None
    return Window(max(0, min(window.begin, whole - window.length)), window.length)


def zoomed_in(window: Window, whole: int, at: int | None) -> Window | None:
    """The next shorter window; the moment `at` keeps its place if it is in the window, else the middle does."""
    length = max(LEAST_NS, _shorter(window.length))
    return _resized(window, length, whole, at) if length < window.length else fitted(window, whole)


def zoomed_out(window: Window, whole: int, at: int | None) -> Window | None:
    """The next longer window; None: the whole axis."""
    return _resized(window, _longer(window.length), whole, at)


def panned(window: Window, whole: int, parts: int) -> Window | None:
    """The window moved by so many quarters of its length, later if positive, as far as the axis goes."""
    return fitted(Window(window.begin + parts * window.length // PAN_PARTS, window.length), whole)


def around(start: int, end: int, whole: int) -> Window | None:
    """The window that shows a span from edge to edge with a little room; None: that is the whole axis."""
    start, end = max(0, min(start, whole)), max(0, min(max(start, end), whole))
    length = max(end - start + 2 * ((end - start) // _MARGIN), LEAST_NS)
    return fitted(Window(start - (length - (end - start)) // 2, length), whole)


def following(window: Window, now: int) -> Window:
    """The window moved on, by halves of its length, until now is in its middle: a step changes all bars."""
    if window.begin <= now < window.end:
        return window
    step = max(1, window.length // PAN_PARTS)
    return Window(max(0, (now // step + 2) * step - window.length), window.length)


def showing(window: Window, start: int, end: int, whole: int) -> Window | None:
    """The window moved so that as much as possible of what is from `start` to `end` is in it; the same if it is."""
    if start >= window.begin and end <= window.end:
        return fitted(window, whole)
    if end - start >= window.length:
        return fitted(Window(start, window.length), whole)
    return fitted(Window((start + end - window.length) // 2, window.length), whole)


def window_words(window: Window, whole: int, symbols: Symbols = UNICODE) -> str:
    """`2m04s–3m35s of 12m41s`, as exact as the length of the window asks for."""
    step = max(1, window.length // 100)
    dash = symbols.none
    return f"{moment(window.begin, step)}{dash}{moment(window.end, step)} of {moment(whole, max(step, whole // 1_000))}"


def moment(time: int, step: int) -> str:
    """A time since the begin with its zero parts at the end left out, to the digits that steps of `step` ns need."""
    digits = next((places for places in range(9) if step >= 10 ** (9 - places)), 9)
    unit = 10 ** (9 - digits)
    time = (time + unit // 2) // unit * unit
    seconds, part = divmod(time, _S)
    fraction = f"{part:09d}"[:digits].rstrip("0")
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    words = "".join(
        f"{figure:02d}{name}" if larger else f"{figure}{name}"
        for figure, name, larger in ((days, "d", 0), (hours, "h", days), (minutes, "m", days or hours))
        if figure or larger
    )
    if not (seconds or fraction) and words:
        return words.removesuffix("00m") if words.endswith("h00m") else words
    shown = f"{seconds:02d}" if words else f"{seconds}"
    return f"{words}{shown}{'.' if fraction else ''}{fraction}s" if words or seconds or fraction else "0"


def _resized(window: Window, length: int, whole: int, at: int | None) -> Window | None:
    if at is None or not window.holds(at):
        at = window.begin + window.length // 2
    return fitted(Window(at - (at - window.begin) * length // max(1, window.length), length), whole)


def _shorter(length: int) -> int:
    """The longest of 1, 2, 5 × 10ⁿ below `length`."""
    unit = int(10 ** (len(str(length)) - 1))
    return next((factor * unit for factor in (5, 2, 1) if factor * unit < length), unit // 2)


def _longer(length: int) -> int:
    """The shortest of 1, 2, 5 × 10ⁿ above `length`."""
    unit = int(10 ** (len(str(length)) - 1))
    return next(factor * unit for factor in (1, 2, 5, 10) if factor * unit > length)
