"""Times of many records at once."""

import pytest

from tracetui.core.formats._many_times import zoned_times
from tracetui.core.formats._values import iso_ns

USUAL = [f"2026-03-02T08:00:{second:02}.250Z" for second in range(60)]


@pytest.mark.parametrize(
    "layout",
    [
        "2024-02-29T23:59:{:02}Z",
        "2026-03-02 08:00:{:02}Z",
        "2026-03-02T08:00:{:02}.250Z",
        "1999-12-31T23:59:{:02}.678901Z",
        "2026-11-20T21:29:{:02}+00:00",
        "2026-11-20T21:29:{:02}.511151+00:00",
    ],
)
def test_times_of_one_layout_are_those_that_are_read_one_by_one(layout):
    texts = [layout.format(second) for second in range(60)]
    assert zoned_times(texts) == [iso_ns(text) for text in texts]


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "2026-03-02T08:00:01Z",
        "2026-03-02T08:00:01.25Z0",
        "2026-03-02 08:00:01.250Z",
        "2026-03-02T08:00:01,250Z",
        "2026-03-02T08:00:60.250Z",
        "2026-03-02T24:00:00.250Z",
        "2026-02-29T08:00:01.250Z",
        "2026-13-01T08:00:01.250Z",
        "0000-01-01T08:00:01.250Z",
        "1969-12-31T23:59:59.250Z",
        "2400-01-01T00:00:00.000Z",
        "02026-03-2T08:00:01.250Z",
        "2026-03-02T08:00:01.250z",
        "2026-03-02T08:00:01.25éZ",
        "2026-03-02T08:00:01.25٣Z",
        "-026-03-02T08:00:01.250Z",
    ],
)
def test_one_time_of_another_layout_or_out_of_range_leaves_all_to_the_long_way(odd):
    assert zoned_times([*USUAL, odd]) is None
    assert zoned_times([odd, *USUAL]) is None


def test_texts_that_line_up_only_when_joined_are_not_taken():
    assert zoned_times([USUAL[0] + "2", USUAL[1][1:]]) is None
    assert zoned_times([USUAL[0], USUAL[1] + "2", USUAL[2][1:]]) is None


@pytest.mark.parametrize("text", ["2026-03-02T08:00:01.250", "2026-03-02T08:00:01.250+01:00", "2026-03-02", "NaT", "Z"])
def test_other_zones_and_no_times_are_not_taken(text):
    assert zoned_times([text]) is None
