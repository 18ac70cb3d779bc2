"""gzip: members in any pieces, damaged, cut and hostile ones; bodies far behind without unpacking all before them."""

import gzip
import random
import tracemalloc
import zlib
from pathlib import Path

import pytest

from tests.core.plain_lines import View, append, line, lines, numbers
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.reader import Reader
from tracetui.core.sources.file import OpenFiles, Place, digest
from tracetui.core.sources.gzip import PAGE_BYTES, POINT_BYTES, GzipSource, Pages, unpacked_head, unpacked_name
from tracetui.core.sources.inflate import BOMB_BYTES, Inflater


def inflated(data: bytes, piece: int = 1 << 16, limit: int = 1 << 16) -> tuple[bytes, list[tuple[int, str]]]:
    """What comes out of bytes that are fed in pieces, and the faults."""
    inflater, parts = Inflater(), []
    for start in range(0, len(data), piece):
        inflater.feed(data[start : start + piece])
        while not inflater.is_hungry:
            parts.append(inflater.take(limit))
    inflater.finish()
    return b"".join(parts), [(fault.at, fault.reason) for fault in inflater.take_faults()]


def noise(size: int, seed: int = 7) -> bytes:
    """Lines that shrink about as recordings do."""
    made = random.Random(seed)
    words = [b"%x" % made.getrandbits(made.choice((16, 64))) for _ in range(2_000)]
    out = bytearray()
    while len(out) < size:
        out += b'{"n": "' + b" ".join(made.choices(words, k=12)) + b'"}\n'
    return bytes(out[:size])


def fancy_header() -> bytes:
    """A header with all that a header may have."""
    return b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03" + b"\x04\x00abcd" + b"name.jsonl\0" + b"a comment\0" + b"\x12\x34"


def trailer(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")


# -- what comes out ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [1, 7, 4096, 1 << 20])
def test_members_in_any_pieces_are_what_was_packed(piece: int) -> None:
    text = noise(20_000)
    raw = zlib.compressobj(wbits=-15)
    data = fancy_header() + raw.compress(text) + raw.flush() + trailer(text)
    data = gzip.compress(text[:9_000]) + gzip.compress(b"") + data + gzip.compress(text[9_000:]) + bytes(1_000)
    assert inflated(data, piece, limit=777) == (text[:9_000] + text + text[9_000:], [])


@pytest.mark.parametrize("cut", [3, 9, 12, 500, -1, -8, -9])
def test_of_a_member_cut_short_all_that_is_there_is_read(cut: int) -> None:
    text = noise(20_000)
    whole = gzip.compress(text)
    found, faults = inflated(whole[:cut])
    assert text.startswith(found)
    assert [reason for _, reason in faults] == ["compressed data ends early: cut short"]
    expected = zlib.decompressobj(31).decompress(whole[:cut])
    assert found == expected


def test_a_wrong_checksum_is_told_and_costs_nothing() -> None:
    text = noise(5_000)
    data = bytearray(gzip.compress(text))
    data[-6] ^= 1
    found, faults = inflated(bytes(data) + gzip.compress(b"more"))
    assert found == text + b"more"
    assert faults == [(5_000, "compressed data has another checksum than recorded")]


def test_garbage_behind_is_told_once() -> None:
    text = noise(5_000)
    found, faults = inflated(gzip.compress(text) + b"garbage" * 3_000)
    assert found == text
    assert faults == [(5_000, "bytes that are no gzip behind the compressed data")]


@pytest.mark.parametrize("piece", [1 << 20, 64])
def test_members_behind_damage_are_found_again(piece: int) -> None:
    """A writer that was killed, started again and appended: the member before has no end."""
    first, second = noise(30_000, 1), noise(30_000, 2)
    torn = gzip.compress(first)[:6_000]
    found, faults = inflated(torn + gzip.compress(second), piece)
    assert found.endswith(second)
    assert len(faults) == 1
    assert found[:1_000] == first[:1_000]


def test_all_before_damaged_bytes_is_read() -> None:
    text = noise(400_000)
    data = bytearray(gzip.compress(text))
    middle = len(data) // 2
    data[middle : middle + 40] = b"\xff" * 40
    found, faults = inflated(bytes(data))
    assert found[: int(0.45 * len(text))] == text[: int(0.45 * len(text))]
    assert len(faults) == 1


def test_what_unpacks_to_far_more_than_it_is_ends() -> None:
    packed = zlib.compressobj(9, wbits=31)
    data = b"".join(packed.compress(b'{"a": 1}\n' * 100_000) for _ in range(160)) + packed.flush()
    inflater, given = Inflater(), 0
    inflater.feed(data)
    tracemalloc.start()
    while not inflater.is_hungry:
        given += len(inflater.take(1 << 18))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert BOMB_BYTES <= given < BOMB_BYTES + (1 << 19)
    assert [fault.reason for fault in inflater.take_faults()] == [
        "unpacks to more than 200 times its size: not read on"
    ]
    assert peak < 4_000_000


def test_random_bytes_behind_a_beginning_raise_nothing() -> None:
    made = random.Random(3)
    for _ in range(150):
        data = bytearray(gzip.compress(noise(3_000, made.randrange(5))) * 2)
        for _ in range(made.randrange(1, 6)):
            data[made.randrange(3, len(data))] = made.randrange(256)
        inflated(bytes(data[: made.randrange(len(data))]), made.choice((1, 50, 4096)), made.choice((1, 64, 4096)))


# -- names and heads ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a.jsonl.gz", "a.jsonl"), ("A.JSON.GZ", "A.JSON"), (".gz", ".gz"), ("/x/.gz", "/x/.gz"), ("gz", "gz")],
)
def test_a_name_is_that_of_what_is_in_it(name: str, plain: str) -> None:
    assert unpacked_name(name) == plain


def test_a_head_is_whole_or_says_that_it_is_not() -> None:
    data = gzip.compress(b"0123456789")
    assert unpacked_head(data, 100, is_all=True).is_whole
    assert not unpacked_head(data, 5, is_all=True).is_whole
    assert unpacked_head(data, 5, is_all=True).data == b"01234"
    assert not unpacked_head(data[:15], 100, is_all=False).is_whole


# -- bodies ------------------------------------------------------------------------------------------------------------


class FromFile:
    """What a source reads, and how much of it was read."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        self.at = 0

    def read(self, limit: int) -> bytes:
        block = self.data[self.at : self.at + limit]
        self.at += len(block)
        return block


def read_source(path: Path) -> tuple[GzipSource, bytes]:
    """A source that was read to its end, and what it gave."""
    status, head = path.stat(), path.read_bytes()[:1024]
    place = Place(str(path), status.st_dev, status.st_ino, 0, digest(head), len(head))
    source, tail, parts = GzipSource(0, place, OpenFiles(), 0, Pages()), FromFile(path), []
    while not source.at_end:
        parts.append(source.read(tail, 1 << 18) or b"")
    return source, b"".join(parts)


def test_bodies_are_found_anywhere(tmp_path: Path) -> None:
    text = noise(3 * POINT_BYTES)
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(text[:5_000_000], 1) + gzip.compress(text[5_000_000:], 1))
    source, given = read_source(path)
    assert given == text
    made = random.Random(1)
    for _ in range(200):
        a = made.randrange(len(text))
        b = made.randrange(1, 3_000)
        assert source.fetch(a, min(b, len(text) - a)) == text[a : a + b]
    assert source.fetch(100, 2 * PAGE_BYTES) == text[100 : 100 + 2 * PAGE_BYTES]
    assert source.fetch(5, 0) == b""


def test_lines_are_counted_in_decompressed_bytes(tmp_path: Path) -> None:
    text = noise(2 * PAGE_BYTES)
    (tmp_path / "x.gz").write_bytes(gzip.compress(text, 1))
    source, _ = read_source(tmp_path / "x.gz")
    a = text.rindex(b"\n", 0, len(text) - 10) + 1
    assert source.line_of(a, 0, 1) == 1 + text[:a].count(b"\n")
    assert source.line_of(0, a, 1 + text[:a].count(b"\n")) == 1


def test_bodies_behind_damage_are_found(tmp_path: Path) -> None:
    first, second = noise(300_000, 1), noise(300_000, 2)
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(first)[:50_000] + gzip.compress(second))
    source, given = read_source(path)
    begin = len(given) - len(second)
    assert source.fetch(begin + 250_000, 500) == second[250_000:250_500]
    assert source.fetch(0, len(given)) == given


def test_a_body_near_the_end_of_a_large_file_costs_one_stretch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = noise(4 * POINT_BYTES)
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(text, 1))
    source, _ = read_source(path)
    taken: list[int] = []
    take = Inflater.take
    monkeypatch.setattr(Inflater, "take", lambda self, limit: taken.append(limit) or take(self, limit))
    assert source.fetch(len(text) - 10, 10) == text[-10:]
    assert max(taken) <= POINT_BYTES + PAGE_BYTES


def test_a_file_that_was_replaced_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(noise(5_000)))
    source, _ = read_source(path)
    path.unlink()
    path.write_bytes(gzip.compress(noise(5_000, 8)))
    with pytest.raises(ChangedOnDisk):
        source.fetch(0, 10)


# -- by the reader -----------------------------------------------------------------------------------------------------


def test_a_packed_file_says_what_the_plain_one_says(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl.gz").write_bytes(gzip.compress(lines(0, 40_000)))
    view = View(tmp_path).read()
    assert view.types == numbers(0, 40_000)
    assert view.bad == []
    (source,) = view.reader.sources.values()
    assert source.path == str(tmp_path / "one.jsonl.gz")


def test_any_name_will_do(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(lines(0, 10)))
    assert View(tmp_path).read().types == numbers(0, 10)


def test_a_cut_file_is_read_to_the_cut_which_is_told(tmp_path: Path) -> None:
    data = gzip.compress(lines(0, 1_000))
    (tmp_path / "x.gz").write_bytes(data[: len(data) // 2])
    view = View(tmp_path).read()
    assert len(view.types) > 300
    assert [bad.reason for bad in view.bad][-1] == "compressed data ends early: cut short"


def test_members_that_are_appended_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(lines(0, 10)))
    view = View(tmp_path, follow=True).read()
    append(path, gzip.compress(lines(10, 20)))
    assert view.look().types == numbers(0, 20)
    assert view.bad == []


def test_a_member_that_is_flushed_while_it_is_written_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    packed = zlib.compressobj(wbits=31)
    path.write_bytes(packed.compress(lines(0, 10)) + packed.flush(zlib.Z_SYNC_FLUSH))
    view = View(tmp_path, follow=True).read()
    assert view.types == numbers(0, 10)
    append(path, packed.compress(lines(10, 20)) + packed.flush(zlib.Z_SYNC_FLUSH))
    assert view.look().types == numbers(0, 20)
    append(path, packed.compress(lines(20, 30)) + packed.flush())
    assert view.look().types == numbers(0, 30)
    assert view.bad == []


def test_a_packed_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(lines(0, 500)))
    view = View(tmp_path, follow=True).read()
    path.write_bytes(gzip.compress(lines(600, 610)))
    assert view.look().types == numbers(600, 610)
    (source,) = view.reader.sources.values()
    assert source.fetch(0, 5) == b'{"n":'


def test_a_file_that_becomes_packed_under_its_name_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(lines(0, 500))
    view = View(tmp_path, follow=True).read()
    path.write_bytes(gzip.compress(lines(600, 605)))
    assert view.look().types == numbers(600, 605)
    path.write_bytes(lines(0, 700))
    assert view.look().types == numbers(0, 700)


def test_many_empty_members_are_read_in_steps(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(
        gzip.compress(lines(0, 1)) + gzip.compress(b"") * 250_000 + gzip.compress(lines(1, 2))
    )
    view = View(tmp_path).read()
    assert view.types == numbers(0, 2)
    assert len(view.batches) > 1


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        (b"", "compressed with gzip, and nothing in it that can be read"),
        (b"SQLite format 3\x00" + bytes(100), "compressed with gzip: an SQLite database that cannot be read"),
        (gzip.compress(b"{}"), "compressed with gzip: compressed with gzip, which is read only once"),
        (b"\x7fELF" + bytes(400), "compressed with gzip: not text"),
        (b"plain words\n", "compressed with gzip: not JSON: its first line does not begin with {"),
    ],
    # Bytes in a name would differ between the processes of a divided run: gzip notes the time.
    ids=["nothing", "database", "packed twice", "program", "words"],
)
def test_what_is_no_recording_inside_is_told(tmp_path: Path, inside: bytes, reason: str) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(inside))
    with Reader([str(tmp_path)]) as reader:
        while not reader.progress.done:
            reader.poll()
        assert [why for _, why in reader.unrecognised] == [reason]
        assert reader.explain(str(tmp_path / "x.gz")).reason == reason


def test_a_line_of_100_mb_is_told_and_costs_itself_only(tmp_path: Path) -> None:
    text = noise(1_000_000).replace(b"\n", b" ").replace(b'"', b" ")
    data = line(1) + b'{"n": "' + text * 100 + b'"}\n' + line(2)
    with gzip.open(tmp_path / "x.jsonl.gz", "wb", compresslevel=1) as file:
        file.write(data)
    view = View(tmp_path).read()
    assert view.types == ["1", "2"]
    assert [bad.reason for bad in view.bad] == ["line of 100 MB, not parsed"]
    (source,) = view.reader.sources.values()
    after = data.rindex(b"\n", 0, -1) + 1
    assert source.fetch(after, 5) == b'{"n":'
    assert source.line_of(after, 0, 1) == 3


@pytest.mark.parametrize("seen_beside", [False, True])
def test_a_file_that_is_packed_while_it_is_followed_is_there_once(tmp_path: Path, seen_beside: bool) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(lines(0, 500))
    view = View(tmp_path, follow=True).read()
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    if seen_beside:
        assert len(view.look().types) == 1_000
    path.unlink()
    assert view.settle().types == numbers(0, 500)
    assert [said.path for said in view.said.values() if said.types] == [f"{path}.gz"]


def test_a_rotated_file_that_is_packed_is_there_once_beside_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(lines(0, 500))
    view = View(tmp_path, follow=True).read()
    path.rename(tmp_path / "x.jsonl.1")
    path.write_bytes(lines(500, 510))
    assert view.settle().types == numbers(0, 510)
    (tmp_path / "x.jsonl.2.gz").write_bytes(gzip.compress(lines(0, 500)))
    (tmp_path / "x.jsonl.1").unlink()
    assert view.settle().types == numbers(0, 510)


def test_another_recording_under_a_packed_name_is_another(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(lines(0, 500))
    view = View(tmp_path, follow=True).read()
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(lines(600, 1_200)))
    path.unlink()
    assert view.settle().types == sorted([*numbers(0, 500), *numbers(600, 1_200)])
