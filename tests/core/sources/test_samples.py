"""The samples through the reader with all formats: claimed, read once, and the same whether they lie there or grow."""

from pathlib import Path

import pytest

from tests.core.plain_lines import Clock
from tracetui.core.batch import Batch
from tracetui.core.operations import Bad, Columns, Record
from tracetui.core.reader import Reader
from tracetui.resources import samples_dir

SAMPLES = sorted(path for path in samples_dir().rglob("*") if path.is_file())


def read(reader: Reader) -> list[Batch]:
    batches = reader.poll()
    while not reader.progress.done:
        batches += reader.poll()
    return batches


def records(batches: list[Batch]) -> dict[int, list[tuple[int, int, str]]]:
    """What is there at the end, by source: place and type of every record, whichever lane made it."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    for batch in batches:
        if batch.glance:
            continue
        said = found.setdefault(batch.source, [])
        if batch.forget:
            said.clear()
        for operation in batch.operations:
            match operation:
                case Record(_, kind, a, b):
                    said.append((a, b, kind))
                case Columns(_, kinds, a, b):
                    said += zip(a, b, kinds, strict=True)
                case Bad(_, a, b, reason):
                    said.append((a, b, reason))
    return found


def test_every_sample_is_claimed_and_can_be_read() -> None:
    reader = Reader([str(samples_dir())])
    batches = read(reader)
    assert reader.unreadable_paths == []
    assert reader.unrecognised == []
    assert {source.path for source in reader.sources.values()} == {str(path) for path in SAMPLES}
    assert {batch.source for batch in batches} == set(reader.sources)


def test_records_lie_where_batches_and_sources_say() -> None:
    reader = Reader([str(samples_dir())])
    for source, said in records(batches := read(reader)).items():
        bases = [batch.base for batch in batches if batch.source == source and not batch.glance]
        assert bases == sorted(bases)
        for a, b, _ in said:
            assert len(reader.sources[source].fetch(a, b)) == b


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_that_grows_says_what_it_says_when_it_lies_there(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    copy, clock = tmp_path / path.name, Clock()
    copy.write_bytes(data)
    whole = read(Reader([str(copy)]))
    copy.unlink()
    copy.touch()
    with Reader([str(copy)], follow=True, monotonic=clock.monotonic, wall=clock.wall) as reader:
        batches = read(reader)
        for piece in range(8):
            with copy.open("ab") as file:
                file.write(data[len(data) * piece // 8 : len(data) * (piece + 1) // 8])
            for _ in range(4):
                clock.now += 2.0
                batches += read(reader)
    # What has no end yet is held back while the file may grow.
    expected = [[said for said in all_ if said[2] != "incomplete last line"] for all_ in records(whole).values()]
    assert [sorted(said) for said in records(batches).values()] == [sorted(said) for said in expected]
