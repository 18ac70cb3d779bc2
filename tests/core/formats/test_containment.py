"""Parents worked out from times."""

import random

import pytest

from tracetui.core.formats._containment import Containment


class Plainly:
    """The same rule in the plainest way: a list of all spans, looked through for each."""

    def __init__(self):
        self.spans = {}
        self.parents = {}

    def add(self, number, start, end):
        around = [
            (other_start, -other_end, other)
            for other, (other_start, other_end) in self.spans.items()
            if other_start <= start and end <= other_end and (other_start, other_end) != (start, end)
        ]
        parent = max(around)[2] if around else None
        children = [
            other
            for other, (other_start, other_end) in sorted(self.spans.items(), key=lambda item: item[1])
            if self.parents[other] == parent and start <= other_start and other_end <= end
        ]
        self.spans[number], self.parents[number] = (start, end), parent
        self.parents |= dict.fromkeys(children, number)
        return parent, children


def intervals(seed, count=60):
    """Different intervals, mostly in the order of their ends; they overlap, touch and nest."""
    rng = random.Random(seed)
    found, end = {}, 50
    for _ in range(count):
        end += rng.choice([0, 1, 2, 9, -4])
        found[end - rng.randrange(40), end] = None
    return list(found)


@pytest.mark.parametrize("seed", range(60))
def test_spans_nest_by_the_plain_rule_in_whatever_order_they_come(seed):
    nesting, plainly = Containment(), Plainly()
    for number, (start, end) in enumerate(intervals(seed)):
        assert nesting.add(number, start, end) == plainly.add(number, start, end)


@pytest.mark.parametrize("seed", range(60))
def test_many_spans_at_once_are_placed_as_one_by_one(seed):
    at_once, singly = Containment(), Containment()
    spans, at = intervals(seed) + intervals(seed, 20), 0  # the last ones are there already
    rng = random.Random(seed)
    while at < len(spans):
        some = spans[at : at + rng.randrange(1, 20)]
        moved, expected = [], []
        at_once.add_all(at, [start for start, _ in some], [end for _, end in some], moved)
        for number, (start, end) in enumerate(some, at):
            parent, children = singly.add(number, start, end)
            expected += [(number, parent)] if parent is not None else []
            expected += [(child, number) for child in children]
        assert moved == expected
        at += len(some)


def test_a_span_that_is_placed_again_keeps_what_it_contains():
    nesting = Containment()
    nesting.add(0, 2, 3)
    assert nesting.add(1, 1, 4) == (None, [0])
    nesting.remove(1, 1, 4)
    assert nesting.add(1, 0, 9) == (None, [])
    assert nesting.add(2, 2, 4) == (1, [0])
