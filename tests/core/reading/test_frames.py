"""Frames: what was packed comes out the same, in parts that are not long, and names no class that may not cross."""

import pickle
import struct
import time
from dataclasses import fields
from pathlib import Path

import pytest

from tracetui.core.batch import Batch, Notice
from tracetui.core.operations import Begin, Columns, Event, Record, RunFact
from tracetui.core.reader import Reader
from tracetui.core.reading import frames
from tracetui.core.reading.frames import AT_ONCE, Damaged, Frames, Packer, Part, Says, Unpacker, frame
from tracetui.resources import samples_dir


def crossed(packer: Packer, unpacker: Unpacker, batch: Batch) -> list[Part]:
    """The batch as it comes out at the other end."""
    taken = Frames()
    for values in packer.batch(batch):
        taken.feed(frame(Says.batch, values))
    parts = []
    while (came := taken.next()) is not None:
        parts.append(unpacker.batch(came[1]))
    return parts


def test_every_batch_of_the_samples_comes_out_as_it_was() -> None:
    packer, unpacker = Packer(), Unpacker()
    with Reader([str(samples_dir())], follow=True) as reader:
        while reader.next_due(time.monotonic()) == 0:
            for batch in reader.poll():
                parts = crossed(packer, unpacker, batch)
                whole = parts[0]
                for part in parts[1:]:
                    whole.operations += part.operations
                whole.complete = parts[-1].complete
                for field in fields(Batch):
                    assert getattr(whole, field.name) == getattr(batch, field.name)


def test_a_long_batch_crosses_in_parts_that_begin_with_a_record_each() -> None:
    said = [Record("r", "t", 0, 1), Begin("r", "s"), Event("r", "s")] * AT_ONCE
    parts = crossed(Packer(), Unpacker(), Batch(0, "f", operations=list(said), forget=True, complete=True))
    assert [operation for part in parts for operation in part.operations] == said
    assert all(isinstance(part.operations[0], Record) and len(part.operations) <= AT_ONCE + 2 for part in parts)
    assert [part.forget for part in parts] == [True, *[False] * (len(parts) - 1)]
    assert [part.complete for part in parts] == [part is parts[-1] for part in parts]
    assert [part.more for part in parts] == [part is not parts[-1] for part in parts]


def test_numbers_beyond_their_column_and_lone_surrogates_cross() -> None:
    columns = Columns("r", ["a\ud800", "b"], [0, 1 << 70], [1, 1], begin_flags=[1 << 20])
    columns.rest = [(1, RunFact("r", meta={"k": 1.5}))]
    (part,) = crossed(Packer(), Unpacker(), Batch(0, "f", operations=[columns]))
    assert part.operations == [columns]


def test_more_texts_than_are_numbered_cross_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "TEXTS", 3)
    packer, unpacker = Packer(), Unpacker()
    for names in (["a", "b"], ["c", "d", "a"], ["c", "a"]):
        columns = Columns("r", names, list(range(len(names))), [1] * len(names))
        assert crossed(packer, unpacker, Batch(0, "f", operations=[columns]))[0].operations == [columns]


def test_a_frame_may_come_in_any_pieces() -> None:
    data = frame(Says.log, (30, "one")) + frame(Says.log, (30, "two" * 1000))
    taken = Frames()
    came = []
    for at in range(len(data)):
        taken.feed(data[at : at + 1])
        while (whole := taken.next()) is not None:
            came.append(whole)
    assert came == [(Says.log, (30, "one")), (Says.log, (30, "two" * 1000))]


@pytest.mark.parametrize(
    "body",
    [pickle.dumps(Path), pickle.dumps(print), pickle.dumps(Notice("info", "", ""))[:-9], b"", b"\xff" * 20],
    ids=["class", "function", "cut", "empty", "noise"],
)
def test_what_is_no_frame_of_ours_is_refused(body: bytes) -> None:
    taken = Frames()
    taken.feed(struct.pack("<QB", len(body), Says.state) + body)
    with pytest.raises(Damaged):
        taken.next()


def test_a_frame_of_no_known_kind_is_refused() -> None:
    taken = Frames()
    body = pickle.dumps(None)
    taken.feed(struct.pack("<QB", len(body), 99) + body)
    with pytest.raises(Damaged):
        taken.next()
