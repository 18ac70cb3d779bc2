"""Single values of records: times as numbers."""

from tracetui.core.formats._many_times import epoch_times
from tracetui.core.formats._values import seconds_ns

WHOLE = 1_790_000_000


def test_epoch_seconds_written_in_milliseconds_are_in_their_own_millisecond() -> None:
    seconds = [float(f"{WHOLE}.{number:03}") for number in range(1_000)]
    times = [WHOLE * 10**9 + number * 10**6 for number in range(1_000)]
    assert [seconds_ns(value) for value in seconds] == times
    assert epoch_times(seconds) == times


def test_epoch_seconds_written_in_microseconds_are_exact() -> None:
    numbers = range(1, 1_000_000, 997)
    seconds = [float(f"{WHOLE}.{number:06}") for number in numbers]
    times = [WHOLE * 10**9 + number * 10**3 for number in numbers]
    assert [seconds_ns(value) for value in seconds] == times
    assert epoch_times(seconds) == times


def test_epoch_seconds_that_a_clock_told_keep_a_tenth_of_a_microsecond() -> None:
    assert seconds_ns(1795209341.1032143) == 1795209341_103214300
    assert epoch_times([1795209341.1032143]) == [1795209341_103214300]
