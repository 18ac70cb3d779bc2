"""What tokens cost, and what calls come to by it: prices as plain numbers, and the sum over many calls at once.

A price table (``library.py``, ``price_file.py``) is turned into these; nothing here knows where they come from. Prices are US
dollars per million tokens, times ns since the epoch. numpy is imported with this module.

Of a call's input the part read from a cache and the part written to one have their own price where there is one, else that of
input; of its output the reasoning. So each token is counted once. Half a price list, or half a call, gives half a figure, which
says so; a call whose counts contradict each other gives none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tracetui.core.model import NO_TIME

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TOKENS: Final = ("input", "output", "cached", "cache_write", "reasoning")
"""The figures of ``Usage`` that have a price."""
_MILLION: Final = 1e6
DAY_NS: Final = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens; with tiers all tokens of a call with more input tokens than ``start`` cost the tier's."""

    base: float
    tiers: tuple[tuple[int, float], ...] = ()
    """(start, price), ascending."""

    def of(self, all_input: Floats) -> Floats | float:
        """What a million tokens cost in calls with so much input."""
        if not self.tiers:
            return self.base
        starts = np.array([start for start, _ in self.tiers], np.float64)
        prices = np.array([self.base, *(price for _, price in self.tiers)])
        return np.asarray(prices[np.searchsorted(starts, all_input, side="left")], np.float64)

    @property
    def is_free(self) -> bool:
        """Whether nothing is ever paid."""
        return self.base == 0 and all(price == 0 for _, price in self.tiers)


@dataclass(frozen=True, slots=True)
class Rate:
    """The prices of a model at one time. None: it has no price of its own."""

    input: Price | None = None
    output: Price | None = None
    cached: Price | None = None
    cache_write: Price | None = None
    reasoning: Price | None = None
    per_call: float = 0.0
    """US dollars that each call costs besides."""
    origin: str = ""
    """Where it comes from, in words: ``genai-prices 0.2.3``."""


@dataclass(frozen=True, slots=True)
class Period:
    """When a rate holds: from ``since`` to before ``until`` (None: always), and within hours of the day (UTC)."""

    rate: Rate
    since: int | None = None
    until: int | None = None
    hours: tuple[int, int] | None = None
    """From and to before, ns of the day; the second may be smaller: over midnight."""

    @property
    def is_always(self) -> bool:
        """Whether it holds at any time."""
        return self.since is None and self.until is None and self.hours is None

    def holds(self, times: Times) -> Bools:
        """At which times it holds."""
        hold = np.ones(len(times), np.bool_)
        if self.since is not None:
            hold &= times >= self.since
        if self.until is not None:
            hold &= times < self.until
        if self.hours is not None:
            begin, end = self.hours
            of_day = times % DAY_NS
            hold &= (of_day >= begin) & (of_day < end) if begin <= end else (of_day >= begin) | (of_day < end)
        return hold


@dataclass(frozen=True, slots=True)
class Rates:
    """All prices of a model over time: the last period that holds counts, else ``otherwise``."""

    periods: tuple[Period, ...]
    otherwise: Rate | None = None

    def at(self, times: Times) -> Iterable[tuple[Rate, Bools]]:
        """Each rate with the calls that it holds for; calls whose time is unknown only where the price never changed."""
        left = times != NO_TIME
        if not left.all():
            always = self._whenever()
            if always is not None:
                yield always, ~left
        for period in reversed(self.periods):
            if not left.any():
                return
            chosen = left & period.holds(times)
            if chosen.any():
                yield period.rate, chosen
                left &= ~chosen
        if self.otherwise is not None and left.any():
            yield self.otherwise, left

    def _whenever(self) -> Rate | None:
        """The rate that holds at all times."""
        if not self.periods:
            return self.otherwise
        last = self.periods[-1]
        return last.rate if last.is_always else None


@dataclass(frozen=True, slots=True)
class Priced:
    """What calls come to."""

    usd: Floats
    """nan: unknown."""
    whole: Bools
    """False: a part of the call has no count or no price, so it cost at least this."""


def priced(rate: Rate, counts: Mapping[str, Floats]) -> Priced:
    """What calls come to by a rate. ``counts`` are those named in ``TOKENS``, nan where unknown; one that is left out is so."""
    size = len(next(iter(counts.values())))
    sound = np.ones(size, np.bool_)
    for column in counts.values():
        sound &= ~(column < 0)
    into, out = (_Half.of(counts.get(name), size) for name in ("input", "output"))
    input_usd, input_lacks = into.usd(
        rate.input, [(counts.get("cached"), rate.cached), (counts.get("cache_write"), rate.cache_write)], into
    )
    output_usd, output_lacks = out.usd(rate.output, [(counts.get("reasoning"), rate.reasoning)], into)
    known = np.zeros(size, np.bool_)
    for half, price in ((into, rate.input), (out, rate.output)):
        sound &= half.is_sound
        if price is not None:
            known |= half.known
    usd = (input_usd + output_usd) / _MILLION + rate.per_call
    usd[~(known & sound & np.isfinite(usd))] = np.nan
    return Priced(usd, ~(input_lacks | output_lacks))


@dataclass(slots=True)
class _Half:
    """The input or the output of calls."""

    count: Floats
    """0 where it is unknown."""
    known: Bools
    is_sound: Bools
    """False: its parts are more than it."""

    @classmethod
    def of(cls, column: Floats | None, size: int) -> _Half:
        if column is None:
            return cls(np.zeros(size), np.zeros(size, np.bool_), np.ones(size, np.bool_))
        known = ~np.isnan(column)
        return cls(np.where(known, column, 0.0), known, np.ones(size, np.bool_))

    def usd(
        self, price: Price | None, parts: list[tuple[Floats | None, Price | None]], all_input: _Half
    ) -> tuple[Floats, Bools]:
        """Millionths of dollars, and where something of it is missing."""
        rest = self.count.copy()
        priced_rest, usd = rest, np.zeros(len(rest))
        with np.errstate(over="ignore", invalid="ignore"):  # what is too large is no figure in the end
            for part, of_part in parts:
                if part is None:
                    continue
                here = np.where(self.known & ~np.isnan(part), part, 0.0)
                rest = rest - here
                if of_part is not None:
                    usd += here * of_part.of(all_input.count)
                    priced_rest = priced_rest - here
            self.is_sound = ~(rest < 0)
            if price is not None:
                usd += priced_rest * price.of(all_input.count)
        lacks = (priced_rest > 0) & self.known if price is None else ~self.known & (not price.is_free)
        return usd, np.asarray(lacks, np.bool_)
