"""Figures as plain text, the same on the screen, in commands and in exports; `core.text` is where to import them from.

Rounded half up to the last digit shown; what reaches the next unit that way is shown in it (59.96 s is `1m00s`), so
each function is monotone. `None` (not recorded) and what is no number give the mark `–`, never 0.
"""

import math
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from tracetui.core.symbols import UNICODE, Symbols

_US: Final = 1_000
_MS: Final = 1_000_000
_S: Final = 1_000_000_000
_MINUTE: Final = 60 * _S
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_YEAR: Final = 365 * _DAY
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def marked(figure: str, computed: bool = False, partial: bool = False, symbols: Symbols = UNICODE) -> str:
    """`figure` behind its marks: `~` worked out here, `≥` at least since a part is missing. Nothing marks a `–`."""
    if figure in (symbols.none, symbols.reading):
        return figure
    return f"{symbols.computed if computed else ''}{symbols.at_least if partial else ''}{figure}"


def duration(ns: int | None, symbols: Symbols = UNICODE) -> str:
    """A duration of `ns` nanoseconds in at most 6 cells (a negative one takes 7): `940µs`, `9.4s`, `12m41s`, `3d04h`.

    From 100 days on only days, from 10,000 days on only years of 365 days are shown.
    """
    if ns is None:
        return symbols.none
    if ns < 0:
        return "-" + duration(-ns, symbols)
    micro = f"{symbols.micro}s"
    if _rounded(ns, _US) < 1_000:
        return f"<1{micro}" if 0 < ns < _US // 2 else f"{_rounded(ns, _US)}{micro}"
    if _rounded(ns, _MS // 10) < 100:
        return f"{_tenths(ns, _MS)}ms"
    if _rounded(ns, _MS) < 1_000:
        return f"{_rounded(ns, _MS)}ms"
    if _rounded(ns, _S // 10) < 600:
        return f"{_tenths(ns, _S)}s"
    return _long_duration(ns)


def _long_duration(ns: int) -> str:
    if (seconds := _rounded(ns, _S)) < 3_600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    if (minutes := _rounded(ns, _MINUTE)) < 1_440:
        return f"{minutes // 60}h{minutes % 60:02}m"
    if (hours := _rounded(ns, _HOUR)) < 2_400:
        return f"{hours // 24}d{hours % 24:02}h"
    if (days := _rounded(ns, _DAY)) < 10_000:
        return f"{days}d"
    years = _rounded(ns, _YEAR)
    return f"{years}y" if years < 10_000 else ">9999y"


def offset(ns: int | None, symbols: Symbols = UNICODE) -> str:
    """Start in the run, `ns` after its begin, in at most 7 cells: `0`, `+2m04s`; before it `-1.2s`."""
    if ns is None:
        return symbols.none
    if abs(ns) < _US // 2:
        return "0"
    return duration(ns, symbols) if ns < 0 else "+" + duration(ns, symbols)


def age(ns: int | None, symbols: Symbols = UNICODE) -> str:
    """How long something has been so, in whole seconds: `12s`, `2m10s`; a clock that went back gives `0s`."""
    if ns is None:
        return symbols.none
    seconds = max(ns, 0) // _S
    return f"{seconds}s" if seconds < 60 else duration(seconds * _S, symbols)


def tokens(number: int | None, symbols: Symbols = UNICODE) -> str:
    """A number of tokens in at most 5 cells: `812`, `98.2k`, `184k`, `1.24M`, `12.4M`."""
    if number is None:
        return symbols.none
    if number < 0:
        return "-" + tokens(-number, symbols)
    if number < 1_000:
        return str(number)
    if _rounded(number, 100) < 1_000:
        return f"{_tenths(number, 1_000)}k"
    if _rounded(number, 1_000) < 1_000:
        return f"{_rounded(number, 1_000)}k"
    if _rounded(number, 10_000) < 1_000:
        hundredths = _rounded(number, 10_000)
        return f"{hundredths // 100}.{hundredths % 100:02}M"
    if _rounded(number, 100_000) < 1_000:
        return f"{_tenths(number, 1_000_000)}M"
    for unit, letter in ((10**6, "M"), (10**9, "B"), (10**12, "T")):
        if _rounded(number, unit) < 10_000:
            return f"{_rounded(number, unit)}{letter}"
    return ">999T"


def exact(number: int | None, symbols: Symbols = UNICODE) -> str:
    """A whole number with commas, for the detail: `4,812`."""
    return symbols.none if number is None else _grouped(number)


def count(number: int | None, symbols: Symbols = UNICODE) -> str:
    """A count in at most 5 cells: `1,204`, from 10,000 on as tokens."""
    if number is None or abs(number) >= 10_000:
        return tokens(number, symbols)
    return f"{number:,}"


def rate(value: float | None, symbols: Symbols = UNICODE) -> str:
    """A rate without its unit: `0.3`, `12`, from 1,000 on as tokens; what is too small to show is `<0.1`."""
    if value is None or not math.isfinite(value):
        return symbols.none
    if value < 0:
        return "-" + rate(-value, symbols)
    tenths = _decimal_units(value, Decimal("0.1"))
    if tenths < 100:
        return "<0.1" if not tenths and value else f"{tenths // 10}.{tenths % 10}"
    return tokens(_decimal_units(value, Decimal(1)), symbols)


def share(part: float | None, symbols: Symbols = UNICODE) -> str:
    """A share of 1 in whole percent: `12%`, under one percent `<1%`, nothing at all `0%`."""
    if part is None or not math.isfinite(part):
        return symbols.none
    if part < 0:
        return "-" + share(-part, symbols)
    if 0 < part < 0.01:
        return "<1%"
    percent = _decimal_units(part, Decimal("0.01"))
    return f"{percent}%" if percent < 100_000 else ">9999%"


def cost(usd: float | None, symbols: Symbols = UNICODE) -> str:
    """A cost in US dollars in at most 6 cells: `$1.2k`, `$124`, `$12.40`, `$.008`, `<$.001`; recorded zero is `$0`."""
    if usd is None or not math.isfinite(usd):
        return symbols.none
    if usd < 0:
        return "-" + cost(-usd, symbols)
    if usd == 0:
        return "$0"
    if usd < 0.001:
        return "<$.001"
    if (mills := _decimal_units(usd, Decimal("0.001"))) < 10:
        return f"$.{mills:03}"
    if (cents := _decimal_units(usd, Decimal("0.01"))) < 10_000:
        return f"${cents // 100}.{cents % 100:02}"
    if (dollars := _decimal_units(usd, Decimal(1))) < 1_000:
        return f"${dollars}"
    return _large_cost(dollars)


def cost_apart(one: float | None, other: float | None, symbols: Symbols = UNICODE) -> str:
    """How far two costs are apart, without a sign, to the digit that both are told to: `$.017` from `$.003` to `$0.02`."""
    if one is None or other is None:
        return cost(None, symbols)
    apart = round(abs(other - one), 9)
    is_fine = any(0 < abs(each) < 0.0095 for each in (one, other))
    mills = _decimal_units(apart, Decimal("0.001")) if math.isfinite(apart) else 0
    return f"$.{mills:03}" if is_fine and 10 <= mills < 1_000 else cost(apart, symbols)


def _large_cost(dollars: int) -> str:
    for unit, letter in ((10**3, "k"), (10**6, "M"), (10**9, "B")):
        if (tenths := _rounded(dollars, unit // 10)) < 1_000:
            return f"${tenths // 10}.{tenths % 10}{letter}"
        if (whole := _rounded(dollars, unit)) < 1_000:
            return f"${whole}{letter}"
    return ">$999B"


def cost_full(usd: float | None, symbols: Symbols = UNICODE) -> str:
    """A cost with all that was recorded, for the detail: `$0.00312`, at least two decimals."""
    if usd is None or not math.isfinite(usd):
        return symbols.none
    if usd < 0:
        return "-" + cost_full(-usd, symbols)
    whole, _, decimals = f"{Decimal(repr(float(usd))):f}".partition(".")
    return f"${_grouped(int(whole))}.{decimals.rstrip('0'):0<2}"


def bytes_size(number: int | None, symbols: Symbols = UNICODE) -> str:
    """A size in at most 6 cells, in powers of 1000: `74 B`, `9.4 kB`, `140 MB`."""
    if number is None:
        return symbols.none
    if number < 0:
        return "-" + bytes_size(-number, symbols)
    if number < 1_000:
        return f"{number} B"
    for unit, name in ((10**3, "kB"), (10**6, "MB"), (10**9, "GB"), (10**12, "TB"), (10**15, "PB")):
        if _rounded(number, unit // 10) < 100:
            return f"{_tenths(number, unit)} {name}"
        if _rounded(number, unit) < 1_000:
            return f"{_rounded(number, unit)} {name}"
    return ">999PB"


def wall_time(ns: int | None, now: int, tz: tzinfo, symbols: Symbols = UNICODE) -> str:
    """A moment in at most 7 cells as seen at `now`, both ns since the epoch: `21:32` today, `Nov 19`, `2025-11`."""
    moment, today = _moment(ns, tz), _moment(now, tz)
    if moment is None:
        return symbols.none
    if today is not None and moment.date() == today.date():
        return f"{moment.hour:02}:{moment.minute:02}"
    if today is not None and moment.year == today.year:
        return f"{_MONTHS[moment.month - 1]} {moment.day}"
    return f"{moment.year:04}-{moment.month:02}"


def wall_moment(ns: int | None, now: int, tz: tzinfo, symbols: Symbols = UNICODE) -> str:
    """A moment in at most 12 cells as seen at `now`, with the time of day: `21:32` today, `Nov 19 21:32`, `2025-11-19`."""
    day = wall_time(ns, now, tz, symbols)
    moment = _moment(ns, tz)
    if moment is None or ":" in day:
        return day
    return f"{day} {moment.hour:02}:{moment.minute:02}" if day[0].isalpha() else f"{day}-{moment.day:02}"


def wall_time_full(ns: int | None, tz: tzinfo, symbols: Symbols = UNICODE) -> str:
    """A moment, ns since the epoch, to the millisecond: `2026-11-20 21:34:40.118`; the zone is said elsewhere."""
    moment = _moment(ns, tz)
    return symbols.none if moment is None else f"{moment:%Y-%m-%d}".rjust(10, "0") + " " + _clock(moment)


def clock_time(ns: int | None, tz: tzinfo, symbols: Symbols = UNICODE) -> str:
    """The time of day of a moment, ns since the epoch, to the millisecond: `21:34:40.118`."""
    moment = _moment(ns, tz)
    return symbols.none if moment is None else _clock(moment)


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1_000:03}"


def _moment(ns: int | None, tz: tzinfo) -> datetime | None:
    """The moment in `tz`; None where there is none, or where a calendar has no such year."""
    if ns is None:
        return None
    try:
        return (_EPOCH + timedelta(microseconds=ns // 1_000)).astimezone(tz)
    except (OverflowError, ValueError):
        return None


def _rounded(number: int, unit: int) -> int:
    return (number + unit // 2) // unit


def _tenths(number: int, unit: int) -> str:
    tenths = _rounded(number, unit // 10)
    return f"{tenths // 10}.{tenths % 10}"


def _grouped(number: int) -> str:
    # Python refuses to print integers of more than 4,300 digits; a trace may hold one.
    return f"{number:,}" if number.bit_length() < 8_192 else f"{'-' if number < 0 else ''}2^{number.bit_length() - 1}+"


def _decimal_units(value: float, unit: Decimal) -> int:
    """`value` in whole units, rounded half up as it is written in decimal, not as it is stored in binary."""
    return int((Decimal(repr(float(value))) / unit).quantize(Decimal(1), ROUND_HALF_UP)) if value < 1e18 else 10**18
