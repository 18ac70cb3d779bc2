"""Times of many records at once, for the fast lanes: what ``_values`` does one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tracetui.core.formats._values import LARGEST_TIME

if TYPE_CHECKING:
    import numpy

_NO_DIGITS: Final = str.maketrans("", "", "0123456789")
_SHORT, _LONG = len("2026-01-02T03:04:05"), len("2026-01-02T03:04:05.678901")
_TO_ZERO: Final = str.maketrans("123456789", "000000000")
_LAYOUTS: Final = frozenset(
    f"0000-00-00{between}00:00:00{fraction}" for between in "T " for fraction in ("", ".000", ".000000")
)
_MARKS: Final = 5
"""What stands between the digits of a time: ``--T::``."""


def utc_times(texts: Sequence[str]) -> list[int] | None:
    """Ns since the epoch of ISO 8601 times without a zone, in UTC; None if one of them is anything else."""
    times = utc_array(texts)
    if times is None:
        return None
    found: list[int] = times.tolist()
    return found


def utc_array(texts: Sequence[str]) -> numpy.ndarray | None:
    """The same as an array."""
    import numpy as np

    longs = list(map(len, texts)).count(_LONG)
    joined = "".join(texts)
    if len(joined) != longs * _LONG + (len(texts) - longs) * _SHORT:
        return None
    if len(joined.translate(_NO_DIGITS)) != longs + _MARKS * len(texts) or "Z" in joined or "+" in joined:
        return None
    try:
        times = np.array(texts, "M8[us]").astype(np.int64)
    except ValueError:
        return None
    if times.min() <= 0 or times.max() > LARGEST_TIME // 1_000:
        return None
    found: numpy.ndarray = times * 1_000
    return found


def zoned_times(texts: Sequence[str]) -> list[int] | None:
    """Ns since the epoch of ISO 8601 times that all say UTC and are laid out as the first; None if one is anything else."""
    import numpy as np

    first = texts[0]
    end = "Z" if first.endswith("Z") else "+00:00"
    width, bare = len(first), len(first) - len(end)
    joined = "".join(texts)
    if first[:bare].translate(_TO_ZERO) not in _LAYOUTS or set(map(len, texts)) != {width} or not joined.isascii():
        return None
    raw = joined.encode()
    layout = np.frombuffer((first[:bare].translate(_TO_ZERO) + end.replace("0", "z")).encode(), np.uint8)
    digits = layout == ord("0")
    marks = np.frombuffer(first.encode(), np.uint8)[~digits]
    grid = np.frombuffer(raw, np.uint8).reshape(len(texts), width)
    # Unsigned: what lies below the digits lies far above them after this.
    if ((grid[:, digits] - np.uint8(ord("0"))) > 9).any() or (grid[:, ~digits] != marks).any() or first[bare:] != end:
        return None
    try:
        times = np.frombuffer(raw, f"S{width}").astype(f"S{bare}").astype("M8[us]").astype(np.int64)
    except ValueError:
        return None
    if times.min() <= 0 or times.max() > LARGEST_TIME // 1_000:
        return None
    found: list[int] = (times * 1_000).tolist()
    return found


def epoch_times(seconds: Sequence[float]) -> list[int]:
    """Ns since the epoch of epoch seconds from 0 to 9e9, as ``seconds_ns`` has them."""
    import numpy as np

    found: list[int] = epoch_array(np.array(seconds, np.float64)).tolist()
    return found


def epoch_array(seconds: numpy.ndarray) -> numpy.ndarray:
    """The same from an array of floats to one of integers."""
    import numpy as np

    whole = np.floor(seconds)
    part = seconds - whole
    micros = np.rint(part * 1e6)
    finer = np.rint(part * 1e7).astype(np.int64) * 100
    parts = np.where(whole + micros / 1e6 == seconds, micros.astype(np.int64) * 1_000, finer)
    times: numpy.ndarray = whole.astype(np.int64) * 1_000_000_000 + parts
    return times
