"""What calls come to by a rate: the library's own sum for every model and any counts, and none where counts are no counts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from genai_prices import Usage as TheirUsage
from genai_prices.data import providers
from genai_prices.types import ModelInfo, Provider
from hypothesis import example, given
from hypothesis import strategies as st

from tracetui.core.model import NO_TIME
from tracetui.core.pricing.library import Library
from tracetui.core.pricing.rates import TOKENS, Period, Price, Rate, Rates, priced

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SOLD = [(provider, model) for provider in providers for model in provider.models]
CHANGING = [pair for pair in SOLD if isinstance(pair[1].prices, list)]
NS = 1_000_000_000


def one(rate: Rate, **counts: float) -> tuple[float | None, bool]:
    """What one call comes to, and whether that is all of it."""
    columns = {name: np.array([counts.get(name, float("nan"))], np.float64) for name in TOKENS}
    found = priced(rate, columns)
    usd = float(found.usd[0])
    return (None if np.isnan(usd) else usd), bool(found.whole[0])


def at(rates: Rates, moment: datetime, **counts: float) -> float | None:
    """What one call at a time comes to."""
    times = np.array([(moment - EPOCH) // timedelta(microseconds=1) * 1_000], np.int64)
    for rate, here in rates.at(times):
        assert here.tolist() == [True]
        return one(rate, **counts)[0]
    return None


PLAIN = Rate(Price(2.0), Price(8.0), Price(0.5), Price(2.5))


@given(
    st.sampled_from(SOLD) | st.sampled_from(CHANGING),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 6, 1)),
    st.integers(0, 400_000),
    st.integers(0, 300_000),
    st.integers(0, 300_000),
    st.integers(0, 200_000),
)
@example(
    next(pair for pair in CHANGING if pair[1].id == "deepseek-chat"), datetime(2025, 1, 1, 0, 30), 1_000, 0, 0, 1_000
)
@example(
    next(pair for pair in CHANGING if pair[1].id == "deepseek-chat"), datetime(2025, 1, 1, 16, 30), 1_000, 0, 0, 1_000
)
@example(next(pair for pair in CHANGING if pair[1].id == "o3"), datetime(2025, 6, 9, 23, 59, 59), 1_000, 0, 0, 1_000)
@example(next(pair for pair in CHANGING if pair[1].id == "o3"), datetime(2025, 6, 10), 1_000, 0, 0, 1_000)
@example(next(pair for pair in SOLD if pair[1].id == "gemini-2.5-pro"), datetime(2026, 1, 1), 200_000, 0, 0, 9)
@example(next(pair for pair in SOLD if pair[1].id == "gemini-2.5-pro"), datetime(2026, 1, 1), 200_001, 0, 0, 9)
def test_a_price_is_the_one_that_the_library_works_out_itself(
    sold: tuple[Provider, ModelInfo], moment: datetime, fresh: int, cached: int, written: int, out: int
) -> None:
    provider, model = sold
    moment = moment.replace(tzinfo=UTC)
    rates = Library()._rates(model)
    prices = model.get_prices(moment)
    if prices.input_mtok is None and prices.output_mtok is None:
        assert rates is None or at(rates, moment, input=fresh, output=out) is None
        return
    assert rates is not None
    into = fresh + cached + written
    theirs = model.calc_price(
        TheirUsage(input_tokens=into, cache_read_tokens=cached, cache_write_tokens=written, output_tokens=out),
        provider,
        genai_request_timestamp=moment,
    ).total_price
    ours = at(rates, moment, input=into, output=out, cached=cached, cache_write=written)
    assert ours == pytest.approx(float(theirs), rel=1e-9, abs=1e-15)


def test_reasoning_is_part_of_the_output_and_has_its_own_price_where_there_is_one() -> None:
    dear = Rate(Price(2.0), Price(8.0), reasoning=Price(3.0))
    assert one(dear, input=0, output=1_000_000, reasoning=400_000)[0] == pytest.approx(0.6 * 8 + 0.4 * 3)
    assert one(PLAIN, input=0, output=1_000_000, reasoning=400_000)[0] == pytest.approx(8)


def test_no_tokens_cost_nothing() -> None:
    assert one(PLAIN, input=0, output=0) == (0.0, True)


def test_half_a_call_costs_at_least_that_half() -> None:
    assert one(PLAIN, input=1_000_000) == (pytest.approx(2), False)
    assert one(PLAIN, output=1_000_000) == (pytest.approx(8), False)
    assert one(PLAIN) == (None, False)


def test_an_embedding_has_no_output_to_miss() -> None:
    assert one(Rate(Price(0.02)), input=1_000_000) == (pytest.approx(0.02), True)
    assert one(Rate(Price(0.02), Price(0.0)), input=1_000_000) == (pytest.approx(0.02), True)


def test_output_that_has_no_price_is_missing() -> None:
    assert one(Rate(Price(2.0)), input=1_000_000, output=5) == (pytest.approx(2), False)
    assert one(Rate(Price(2.0)), output=5) == (None, False)


@pytest.mark.parametrize(
    "counts",
    [
        {"input": 10, "output": 1, "cached": 11},
        {"input": 10, "output": 1, "cached": 6, "cache_write": 5},
        {"input": 10, "output": 1, "reasoning": 2},
        {"input": -1, "output": 1},
        {"input": 10, "output": -1},
        {"input": 10, "output": 1, "cached": -1},
        {"input": float("inf"), "output": 1},
        {"input": 10, "output": float("inf")},
    ],
    ids=str,
)
def test_counts_that_contradict_each_other_are_not_priced(counts: dict[str, float]) -> None:
    assert one(PLAIN, **counts)[0] is None


def test_counts_of_billions_are_priced() -> None:
    assert one(PLAIN, input=5e9, output=0)[0] == pytest.approx(10_000)


def test_all_tokens_of_a_long_call_cost_what_its_tier_says() -> None:
    tiered = Rate(Price(1.0, ((200_000, 2.0), (500_000, 4.0))), Price(10.0, ((200_000, 15.0),)))
    assert one(tiered, input=200_000, output=0)[0] == pytest.approx(0.2)
    assert one(tiered, input=200_001, output=1_000_000)[0] == pytest.approx(0.400002 + 15)
    assert one(tiered, input=600_000, output=0)[0] == pytest.approx(2.4)


def test_the_last_period_that_holds_counts() -> None:
    old, new, night = (Rate(Price(price), Price(0.0)) for price in (4.0, 2.0, 1.0))
    march = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * NS
    hour = 3_600 * NS
    rates = Rates((Period(old), Period(new, since=march), Period(night, since=march, hours=(22 * hour, 6 * hour))))
    for moment, price in (
        (datetime(2026, 2, 28, 23, 59, 59, 999999), 4.0),
        (datetime(2026, 3, 1), 1.0),
        (datetime(2026, 3, 1, 6), 2.0),
        (datetime(2026, 3, 1, 21, 59, 59, 999999), 2.0),
        (datetime(2026, 3, 1, 22), 1.0),
        (datetime(2026, 3, 2, 5, 59), 1.0),
    ):
        assert at(rates, moment.replace(tzinfo=UTC), input=1_000_000, output=0) == price


def test_a_call_without_a_time_has_a_price_only_where_it_never_changed() -> None:
    one_rate, other = Rate(Price(1.0)), Rate(Price(2.0))
    unknown = np.array([NO_TIME], np.int64)
    assert [rate for rate, _ in Rates((), one_rate).at(unknown)] == [one_rate]
    assert [rate for rate, _ in Rates((Period(other, since=5), Period(one_rate))).at(unknown)] == [one_rate]
    assert [rate for rate, _ in Rates((Period(one_rate), Period(other, since=5))).at(unknown)] == []


def test_prices_of_the_library_are_decimals_that_floats_hold_well_enough() -> None:
    assert all(abs(Decimal(repr(float(Decimal(text)))) - Decimal(text)) == 0 for text in ("0.1", "3.75", "0.003625"))
