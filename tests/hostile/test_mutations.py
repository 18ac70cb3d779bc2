"""Damaged recordings of all formats through reader, store and figures: nothing fails, what is whole is kept.

Two kinds of damage. Of whole files: anything goes, nothing may raise. Of some lines of a file of lines: the others must say
what they said before, as records and unreadable records are counted line by line.
"""

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.hostile.recordings import SAMPLES
from tracetui.core.bodies import Bodies
from tracetui.core.formats import FORMATS, detect
from tracetui.core.formats._base import HEAD_BYTES, Candidate, Match
from tracetui.core.operations import Bad, Operation, Record
from tracetui.core.reader import Reader
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Store
from tracetui.core.store.columns import Events
from tracetui.core.summary import Summaries, totals
from tracetui.core.testing import EPOCH, TickingClock

FILES = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and path.name != "README.md")
OF_LINES = [path for path in FILES if path.suffix in (".jsonl", ".ndjson")]

NASTY = (
    *(b"", b"\0", b"\n", b"\r\n", b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"null", b"true", b"-", b"1e400"),
    *(b"NaN", b"Infinity", b"-0", b"9" * 25, b'"\\ud800"', b"\xff\xfe", b"\xef\xbb\xbf", b"\xc0\x80", b"\x1b[2J"),
    *(b"[" * 2_000, b'{"a":' * 1_100, b"0" * 5_000, b'"\\u0000"', b"[]", b"{}", b'""', b"false", b"0.1"),
)
NASTY_VALUES = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1 << 63,
        1 << 64,
        -(1 << 63),
        10**30,
        0.0,
        -1.5,
        1e308,
        "",
        "\0",
        "\ud800",
        "x" * 3_000,
    ),
    *([], {}, [[]], [None], {"": None}, {"a": {"b": []}}, "NaN", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59+99:99"),
    *("-1", "1e999", "0" * 32, "../../etc/passwd", [1, "a", {}], {"input": "many", "output": []}),
)


@cache
def sample(path: Path) -> bytes:
    return path.read_bytes()


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The bytes with a few of them flipped, cut out, doubled, moved, or replaced with something nasty."""
    result = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(result) + 1)
        end = min(len(result), at + chance.choice((1, 1, 2, 8, 60, 700)))
        match chance.randrange(6):
            case 0 if end > at:
                result[at] ^= 1 << chance.randrange(8)
            case 1:
                del result[at:end]
            case 2:
                result[at:at] = result[at:end]
            case 3:
                result[at:end] = chance.choice(NASTY)
            case 4:
                result[at:at] = chance.choice(NASTY)
            case _:
                piece = bytes(result[at:end])
                del result[at:end]
                to = chance.randrange(len(result) + 1)
                result[to:to] = piece
    return bytes(result)


def with_other_values(data: bytes, chance: random.Random) -> bytes:
    """The same lines, each valid JSON, with values of some keys replaced by what does not belong there."""
    lines = data.splitlines()
    for at in chance.sample(range(len(lines)), min(len(lines), 3)):
        try:
            record = json.loads(lines[at])
        except ValueError:
            continue
        places = list(containers(record))
        for place, key in chance.sample(places, min(len(places), chance.randint(1, 3))):
            place[key] = chance.choice(NASTY_VALUES)  # type: ignore[index]
        lines[at] = json.dumps(record).encode()
    return b"\n".join(lines) + b"\n"


def containers(value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, dict | list):
        for key, each in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, key
            yield from containers(each)


def read(data: bytes, name: str) -> list[Operation]:
    """What the format that claims these bytes says of them, in two pieces; nothing if none does."""
    candidate = Candidate(f"/traces/{name}", name, data[:HEAD_BYTES], len(data), 0, frozenset({name}))
    match = detect(candidate)
    if not isinstance(match, Match):
        return []
    assembler = match.format.assembler(match.bundle or candidate.path)
    if match.role == "side":
        return list(assembler.side(candidate))
    decoder = assembler.decoder(candidate)
    middle = len(data) // 2
    return [*decoder.feed(data[:middle]), *decoder.feed(data[middle:]), *decoder.close()]


def test_damaged_bytes_are_read_without_a_fault(rounds: Callable[[int, int], int]) -> None:
    chance = random.Random(1)
    claimed = 0
    for number in range(rounds(900, 100_000)):
        path = FILES[number % len(FILES)]
        change = with_other_values if number % 3 == 0 and path in OF_LINES else damaged
        data = change(sample(path), chance)
        operations = read(data, path.name)
        claimed += bool(operations)
        faults = [op.reason for op in operations if isinstance(op, Bad) and "decoder fault" in op.reason]
        assert faults == [], (number, path.name)
    assert claimed > rounds(600, 70_000)


def test_lines_between_damaged_ones_are_all_kept(rounds: Callable[[int, int], int]) -> None:
    chance = random.Random(2)
    for number in range(rounds(300, 40_000)):
        path = OF_LINES[number % len(OF_LINES)]
        lines = sample(path).splitlines(keepends=True)
        harmed = set(chance.sample(range(1, len(lines)), min(len(lines) - 1, chance.randint(1, 3))))
        # A line end that comes in splits a line; one that goes joins two: neither happens here.
        broken = [
            damaged(line.rstrip(b"\n"), chance).replace(b"\n", b" ") + b"\n" if at in harmed else line
            for at, line in enumerate(lines)
        ]
        told = {data for _, data in records(read(b"".join(broken), path.name), b"".join(broken))}
        before = {data for _, data in records(read(sample(path), path.name), sample(path))}
        whole = {line.rstrip(b"\n") for at, line in enumerate(lines) if at not in harmed}
        assert len(whole & before) > len(lines) - 8
        assert whole & before <= told, (number, path.name)


def records(operations: list[Operation], data: bytes) -> Iterator[tuple[str, bytes]]:
    """Type and bytes of every record that could be read."""
    for op in operations:
        if isinstance(op, Record):
            yield op.type, data[op.a : op.a + op.b].rstrip(b"\n")
        elif not isinstance(op, Bad) and hasattr(op, "types"):  # a block that the fast lane took at once
            for type, a, b in zip(op.types, op.a, op.b, strict=True):
                yield type, data[a : a + b].rstrip(b"\n")


@pytest.mark.parametrize("format", sorted({path.relative_to(SAMPLES).parts[0] for path in FILES}))
def test_folders_of_damaged_files_become_figures(
    format: str, tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    chance = random.Random(format)
    files = [path for path in FILES if path.relative_to(SAMPLES).parts[0] == format]
    for number in range(rounds(3, 300)):
        folder = tmp_path / str(number)
        for path in files:
            target = folder / path.relative_to(SAMPLES)
            target.parent.mkdir(parents=True, exist_ok=True)
            change = with_other_values if chance.random() < 0.5 and path in OF_LINES else damaged
            target.write_bytes(change(sample(path), chance))
        answer_all(folder)


def answer_all(folder: Path) -> None:
    """Everything that commands and the screen ask of what was read."""
    store, clock = Store(), TickingClock(EPOCH * 2)
    with Reader([str(folder)], wall=clock) as reader:
        while True:
            for batch in reader.poll():
                store.apply(batch)
            if not reader.progress.discovering and reader.progress.done:
                break
        bodies = Bodies(store, reader.sources, FORMATS)
        summaries = Summaries(store, reader.sources, bodies, EPOCH * 2, StatusRules(is_running=lambda _process: None))
        facts = [summaries.full(run) for run in store.live_runs()]
        totals(facts)
        summaries.unreadable()
        json.dumps(facts)
        for span in range(len(store.spans)):
            bodies.span_detail(span)
        for event in range(len(store.events)):
            if (
                store.events.cls[event] != Events.DEAD
            ):  # of a file that was read again, the first time as something else
                bodies.event_detail(event)
    reasons = [store.strings[store.bad.reason[row]] for row in store.unreadable()]
    assert [reason for reason in reasons if "decoder fault" in reason] == []
