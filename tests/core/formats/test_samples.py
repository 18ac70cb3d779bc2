"""What holds for every format, shown on every sample."""

import json
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.formats.reading import FILES, bodies, candidate_of, claim, decoder_for, name_of, pieces, read
from tracetui.core.formats import FORMATS, Match, detect
from tracetui.core.formats._lines import BlockDecoder, LineDecoder
from tracetui.core.operations import Bad, Columns, Record

RUN_FILES = [path for path in FILES if getattr(detect(candidate_of(path)), "role", "") == "run"]
PLAIN = [path for path in RUN_FILES if detect(candidate_of(path)).format.name != "tracetui"]
"""Files whose decoders say operations one by one; the native fast lane is compared with them through the store."""


def decoder_of(path):
    return decoder_for(path.read_bytes(), path)


LINES = [
    path
    for path in PLAIN
    if isinstance(decoder_of(path), LineDecoder) and not isinstance(decoder_of(path), BlockDecoder)
]

each_file = pytest.mark.parametrize("path", FILES, ids=name_of)
each_plain = pytest.mark.parametrize("path", PLAIN, ids=name_of)
each_lines = pytest.mark.parametrize("path", LINES, ids=name_of)


@each_file
def test_the_samples_folder_names_their_format(path):
    match = detect(candidate_of(path))
    assert isinstance(match, Match)
    assert match.format.name == name_of(path).split("/")[0]


@each_file
def test_a_sample_is_recognised_by_its_content_alone(path):
    assert claim(path.read_bytes(), "/elsewhere/x").format is detect(candidate_of(path)).format


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_every_format_has_a_sample(format_):
    assert format_.name in {name_of(path).split("/")[0] for path in FILES}


@each_plain
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_operations_are_the_same_in_pieces_of_any_size(path, size):
    data = path.read_bytes()
    assert pieces(decoder_of(path), data, [size] * (len(data) // size)) == read(data, path)


@each_plain
@given(sizes=st.lists(st.integers(0, 3_000), max_size=20))
def test_operations_are_the_same_in_any_pieces(path, sizes):
    data = path.read_bytes()
    assert pieces(decoder_of(path), data, sizes) == read(data, path)


@each_plain
def test_a_sample_has_only_torn_last_lines_that_are_unreadable(path):
    for op in read(path.read_bytes(), path):
        if isinstance(op, Bad):
            assert op.reason.startswith("incomplete last")


def told_by_line(operations, lines):
    """Of each line: the types of its records, and how often it is unreadable."""
    starts, at = {}, 0
    for number, line in enumerate(lines):
        starts[at] = number
        at += len(line) + 1
    types, bad = [Counter() for _ in lines], [0] * len(lines)
    for op in operations:
        if isinstance(op, Record):
            types[starts[op.a]][op.type] += 1
        elif isinstance(op, Bad):
            bad[starts[op.a]] += 1
        assert not isinstance(op, Columns)
    return types, bad


def said(data, path):
    return pieces(decoder_of(path), data, [])


@each_lines
def test_a_line_cut_in_half_costs_exactly_itself(path):
    lines = path.read_bytes().split(b"\n")
    types, bad = told_by_line(said(b"\n".join(lines), path), lines)
    for number, line in enumerate(lines):
        if not line:
            continue
        damaged = [*lines[:number], line[: len(line) // 2], *lines[number + 1 :]]
        types_now, bad_now = told_by_line(said(b"\n".join(damaged), path), damaged)
        assert bad_now[number] == 1
        assert bad_now[:number] + bad_now[number + 1 :] == bad[:number] + bad[number + 1 :]
        assert types_now[:number] + types_now[number + 1 :] == types[:number] + types[number + 1 :]


@pytest.mark.parametrize("path", [path for path in PLAIN if path not in LINES], ids=name_of)
def test_a_document_cut_anywhere_has_at_most_one_unreadable_record(path):
    data = path.read_bytes().rstrip()
    for end in random.Random(5).sample(range(1, len(data)), 40):
        assert sum(isinstance(op, Bad) for op in said(data[:end], path)) <= 1


def is_one_value(data):
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


DOCUMENTS = [path for path in PLAIN if path not in LINES and is_one_value(path.read_bytes())]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_document_of_one_value_that_is_cut_is_one_unreadable_record_and_nothing_else(path):
    data = path.read_bytes().rstrip()
    cuts = random.Random(6).sample(range(1, len(data)), 60)
    for end in [cut for cut in cuts if not is_one_value(data[:cut])]:
        operations = said(data[:end], path)
        assert sum(isinstance(op, Bad) for op in operations) == 1
        assert not any(isinstance(op, Record) for op in operations)


def mutated(line, rng):
    """A line with one kind of damage, which leaves line ends alone."""
    at = rng.randrange(len(line) + 1)
    match rng.randrange(8):
        case 0:
            flipped = bytearray(line or b"x")
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            return bytes(flipped)
        case 1:
            return line[:at]
        case 2:
            return line[:at] + line[rng.randrange(len(line) + 1) :]
        case 3:
            return line.replace(b":", rng.choice([b': NaN, "x":', b': null, "x":', b': -1e999, "x":']), 1)
        case 4:
            return line.replace(b'"', b'"\\ud800', rng.randrange(1, 4))
        case 5:
            depth = rng.choice([10, 900, 1_100, 3_000])
            return line[:at] + b"[" * depth + b"]" * depth + line[at:]
        case 6:
            swap = rng.choice([b"[]", b"{}", b"7", b"true", b'"x"', b"99999999999999999999999", b"null", b"1e400"])
            parts = line.split(b", ")
            key, colon, _ = parts[rng.randrange(len(parts))].partition(b": ")
            return line.replace(key + colon, key + b": " + swap + b', "was": ', 1)
        case _:
            return line[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9))) + line[at:]


@each_plain
def test_damage_of_any_kind_raises_nothing_and_costs_no_other_line(path, rounds):
    rng = random.Random(len(str(path.name)))
    lines = path.read_bytes().split(b"\n")
    is_lines = path in LINES
    types, _ = told_by_line(said(b"\n".join(lines), path), lines) if is_lines else ([], [])
    for _ in range(rounds(40, 100_000 // len(PLAIN) + 1)):
        number = rng.randrange(len(lines))
        damaged = list(lines)
        damaged[number] = mutated(lines[number], rng).replace(b"\n", b" ")
        data = b"\n".join(damaged)
        operations = said(data, path)
        if is_lines:
            types_now, _ = told_by_line(operations, damaged)
            assert types_now[:number] + types_now[number + 1 :] == types[:number] + types[number + 1 :]


@each_plain
def test_details_of_damaged_records_raise_nothing(path, rounds):
    rng = random.Random(7)
    data = path.read_bytes()
    format_ = claim(data, path).format
    records = list(bodies(read(data, path), data))
    for record in rng.choices(records, k=rounds(60, 600)):
        record.raw = mutated(record.raw, rng)
        format_.span_detail([record])
        format_.event_detail(record)


@each_plain
def test_joined_lines_raise_nothing(path):
    data = path.read_bytes()
    for end in [at for at, byte in enumerate(data) if byte == 10][:30]:
        said(data[:end] + data[end + 1 :], path)
