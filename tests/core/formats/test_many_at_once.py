"""Keys and times of many records at once, as they are one by one."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.formats._decision_steps import Steps, Told
from tracetui.core.formats._many_keys import span_keys
from tracetui.core.formats._many_times import epoch_times
from tracetui.core.formats._values import seconds_ns
from tracetui.core.operations import span_key


@given(keys=st.lists(st.one_of(st.text(st.characters(), max_size=20), st.text("0123456789abcdefxX_ ", min_size=16))))
def test_keys_are_numbered_alike(keys):
    assert span_keys(keys) == [span_key(key) for key in keys]


def seconds(seed, count=20_000):
    rng = random.Random(seed)
    for _ in range(count):
        yield round(rng.uniform(10, 8e9), rng.randrange(10)) if rng.random() < 0.7 else rng.uniform(10, 8e9)


def test_times_are_rounded_alike():
    for seed in range(5):
        values = list(seconds(seed))
        assert epoch_times(values) == [seconds_ns(value) for value in values]


@given(started=st.lists(st.floats(10, 8e9, exclude_max=True), min_size=1, unique=True))
def test_steps_are_known_by_their_start_as_python_writes_it(started):
    nothing = [0] * len(started)
    names = ["a"] * len(started)
    told = Told(names, started, nothing, nothing, nothing, nothing, nothing, [], [], [], nothing, nothing)
    assert Steps("/t/a").look_up(told).keys == [span_key(f"a@{start!r}") for start in started]
