import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.core.formats import _lines
from tracetui.core.formats._lines import BlockDecoder, DocDecoder, LineDecoder
from tracetui.core.operations import Bad, Record


class Lines(LineDecoder):
    def operations(self, record, a, b):
        yield Record("run", str(record.get("t")), a, b)


class Blocks(BlockDecoder):
    def operations(self, record, a, b):
        yield Record("run", str(record.get("t")), a, b)


class Document(DocDecoder):
    def elements(self, value, data):
        yield Record("run", str(value), 0, len(data))


def pieces(decoder, data, size):
    operations = []
    for start in range(0, len(data), size):
        operations += decoder.feed(data[start : start + size])
    return operations + decoder.close()


def cold(decoder, data):
    return pieces(decoder, data, max(len(data), 1))


def test_every_object_becomes_a_record_with_its_place():
    data = b'{"t": 1}\n{"t": 2}\r\n\n  \n{"t": 3}'
    assert cold(Lines(), data) == [
        Record("run", "1", 0, 8),
        Record("run", "2", 9, 8),
        Record("run", "3", 23, 8),
    ]


def test_a_last_line_without_line_end_is_held_back_until_close():
    decoder = Lines()
    assert decoder.feed(b'{"t": 1}') == []
    assert (decoder.pending, decoder.line) == (8, 0)
    assert decoder.close() == [Record("run", "1", 0, 8)]
    assert (decoder.pending, decoder.line) == (0, 1)


def test_an_incomplete_last_line_is_unreadable():
    assert cold(Lines(), b'{"t": 1}\n{"t": ') == [Record("run", "1", 0, 8), Bad(2, 9, 6, "incomplete last line")]


def test_json_that_is_no_object_is_unreadable():
    assert cold(Lines(), b"[1]\n") == [Bad(1, 0, 3, "not an object")]


def test_only_a_line_feed_ends_a_line():
    data = '{"t": "\u2028\u0085"}\n'.encode()
    assert [op.type for op in cold(Lines(), data)] == ["\u2028\u0085"]


def test_a_line_over_the_limit_is_one_unreadable_record_and_is_not_kept_in_memory(monkeypatch):
    monkeypatch.setattr(_lines, "LINE_LIMIT", 20)
    data = b'{"t": 1}\n{"t": "' + b"x" * 50 + b'"}\r\n{"t": 2}\n'
    expected = [Record("run", "1", 0, 8), Bad(2, 9, 59, "line of 0 MB, not parsed"), Record("run", "2", 70, 8)]
    decoder = Lines()
    for size in (1, 7, 30, 4096):
        assert pieces(Lines(), data, size) == expected
    for byte in data[:60]:
        decoder.feed(bytes([byte]))
        assert len(decoder._held) <= 21
    assert decoder.pending == 51


def test_a_line_over_the_limit_that_never_ends_is_unreadable_at_close(monkeypatch):
    monkeypatch.setattr(_lines, "LINE_LIMIT", 20)
    for size in (1, 100):
        assert pieces(Lines(), b"x" * 50, size) == [Bad(1, 0, 50, "line of 0 MB, not parsed")]


def test_a_held_tail_is_not_scanned_again_at_each_feed():
    decoder = Lines()
    decoder.feed(b'{"t": "')
    for _ in range(200_000):
        decoder.feed(b"0123456789")
    assert decoder.pending == 2_000_007
    assert [op.b for op in decoder.feed(b'"}\n')] == [2_000_009]


def test_a_fault_of_the_decoder_costs_one_record_and_is_logged(faulty_decoder, caplog):
    class Faulty(LineDecoder):
        def operations(self, record, a, b):
            yield Record("run", "x", a, b)
            raise KeyError("missing")

    assert cold(Faulty(), b'{"t": 1}\n{"t": 2}\n') == [
        Bad(1, 0, 8, "decoder fault: KeyError"),
        Bad(2, 9, 8, "decoder fault: KeyError"),
    ]
    assert "KeyError" in caplog.text


@given(st.binary(max_size=200), st.lists(st.integers(1, 40), max_size=20))
def test_any_split_of_any_bytes_gives_the_same_operations(data, sizes):
    for make in (Lines, Blocks):
        split, rest = [], data
        decoder = make()
        for size in sizes:
            split += decoder.feed(rest[:size])
            rest = rest[size:]
        split += decoder.feed(rest)
        assert split + decoder.close() == cold(make(), data)


BLOCKS = b'{\n  "t": 1,\n  "in": {\n  }\n}\n{"t": 2}\n{\n  "t": 3\n}\n'


def test_pretty_printed_objects_one_after_another_are_records_with_their_places():
    for size in (1, 7, 4096):
        assert pieces(Blocks(), BLOCKS, size) == [
            Record("run", "1", 0, 27),
            Record("run", "2", 28, 8),
            Record("run", "3", 37, 12),
        ]


def test_a_last_object_without_line_end_is_a_record():
    assert [op.type for op in cold(Blocks(), BLOCKS[:-1])] == ["1", "2", "3"]


def test_a_damaged_object_costs_only_itself():
    damaged = BLOCKS.replace(b'\n}\n{"t": 2}', b'\n{"t": 2}', 1)
    assert cold(Blocks(), damaged) == [
        Bad(1, 0, 25, "incomplete object"),
        Record("run", "2", 26, 8),
        Record("run", "3", 35, 12),
    ]


def test_an_object_cut_off_at_the_end_is_one_unreadable_record():
    assert cold(Blocks(), BLOCKS[:-5])[-1] == Bad(7, 37, 8, "incomplete last object")


def test_a_document_is_read_at_its_end_and_a_truncated_one_is_one_unreadable_record():
    assert cold(Document(), b"[1, 2]") == [Record("run", "[1, 2]", 0, 6)]
    assert pieces(Document(), b"[1, 2", 1) == [Bad(0, 0, 5, "not JSON: unexpected end of data")]


@pytest.mark.parametrize("data", [b"", b" \n"])
def test_an_empty_document_says_nothing(data):
    assert cold(Document(), data) == []
