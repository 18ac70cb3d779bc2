"""Reading what lies there: which files are read, in which order, in how much at a time, and what is said of the others."""

import os
import socket
import stat
from pathlib import Path

import pytest

from tests.core.plain_lines import Clock, View, line, lines, numbers
from tracetui.core.batch import Aside
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.operations import Bad, Operation, Record, RunFact


def test_a_cold_read_says_every_record_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "one.jsonl").write_bytes(lines(0, 10))
    (tmp_path / "deep" / "er" / "two.jsonl").write_bytes(lines(10, 20))
    view = View(tmp_path).read()
    assert view.types == numbers(0, 20)


def test_a_file_can_be_named_itself(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(lines(0, 3))
    (tmp_path / "two.jsonl").write_bytes(lines(3, 6))
    assert View(tmp_path / "two.jsonl").read().types == numbers(3, 6)


def test_paths_named_twice_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(lines(0, 3))
    os.link(tmp_path / "one.jsonl", tmp_path / "same.jsonl")
    assert View(tmp_path, tmp_path / "one.jsonl", tmp_path).read().types == numbers(0, 3)


def test_batches_say_where_their_first_record_lies(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(lines(0, 200))
    view = View(path, block_bytes=100).read()
    whole = path.read_bytes()
    for batch in view.batches:
        assert batch.first_line == whole[: batch.base].count(b"\n") + 1
        assert batch.base == 0 or whole[batch.base - 1 : batch.base] == b"\n"
        for record in batch.operations:
            assert isinstance(record, Record)
            assert record.a >= batch.base


def test_bodies_and_line_numbers_are_found_again_through_the_source(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(lines(0, 300))
    view = View(path, block_bytes=512).read()
    source = view.reader.sources[0]
    number = 0
    for batch in view.batches:
        for record in batch.operations:
            assert isinstance(record, Record)
            assert source.fetch(record.a, record.b) == line(number).rstrip(b"\n")
            number += 1
            assert source.line_of(record.a, batch.base, batch.first_line) == number
    assert number == 300


def test_an_incomplete_last_line_is_unreadable_in_a_cold_read(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(lines(0, 2) + b'{"n": "cut')
    view = View(tmp_path).read()
    assert view.types == numbers(0, 2)
    assert [bad.reason for bad in view.bad] == ["incomplete last line"]


def test_the_last_batch_of_a_file_is_complete(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(lines(0, 50))
    view = View(tmp_path, block_bytes=512).read()
    assert [batch.complete for batch in view.batches] == [False] * (len(view.batches) - 1) + [True]


def test_a_cold_read_saw_nothing_grow(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(lines(0, 5))
    (batch,) = View(tmp_path).read().batches
    assert batch.growth is not None
    assert (batch.growth.size, batch.growth.mtime_ns) == (path.stat().st_size, path.stat().st_mtime_ns)
    assert batch.growth.grew_at_ns is None


def test_the_newest_file_is_read_first(tmp_path: Path) -> None:
    for age, name in enumerate(["new", "middle", "old"]):
        (tmp_path / f"{name}.jsonl").write_bytes(line(name))
        os.utime(tmp_path / f"{name}.jsonl", (1_000_000 - age, 1_000_000 - age))
    view = View(tmp_path).read()
    assert [said.types for said in view.said.values()] == [["new"], ["middle"], ["old"]]
    assert view.format.made == ["new.jsonl", "middle.jsonl", "old.jsonl"]


def test_preferred_files_are_read_before_newer_ones(tmp_path: Path) -> None:
    for age, name in enumerate(["new", "middle", "old"]):
        (tmp_path / f"{name}.jsonl").write_bytes(line(name))
        os.utime(tmp_path / f"{name}.jsonl", (1_000_000 - age, 1_000_000 - age))
    view = View(tmp_path, clock=Clock(tick=1.0))
    view.reader.prefer([str(tmp_path / "old.jsonl")])
    view.read()
    assert view.format.made[0] == "old.jsonl"


def test_the_files_of_a_run_share_an_assembler_and_are_read_in_its_order(tmp_path: Path) -> None:
    for name in ("x.b", "x.a", "y.a"):
        (tmp_path / name).write_bytes(line(name))
    view = View(tmp_path).read()
    assert sorted(assembler.bundle for assembler in view.format.assemblers) == [
        str(tmp_path / "x"),
        str(tmp_path / "y"),
    ]
    assert [name for name in view.format.made if name.startswith("x")] == ["x.a", "x.b"]


def test_a_side_file_says_that_it_is_there_and_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "x.a").write_bytes(line(1))
    (tmp_path / "x.report").write_bytes(b"{")
    view = View(tmp_path).read()
    assert [op.note for op in view.of(tmp_path / "x.report").operations if isinstance(op, RunFact)] == [
        "beside: x.report"
    ]
    assert view.reader.set_aside == [
        Aside(str(tmp_path / "x.report"), "plain-lines", str(tmp_path / "x"), "side", "begins with a brace")
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"hello\n", "begins like no format"),
        (b"", "empty"),
    ],
)
def test_a_file_that_no_format_claims_is_listed_with_the_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "file").write_bytes(data)
    view = View(tmp_path).read()
    assert view.reader.unrecognised == [(str(tmp_path / "file"), reason)]
    assert view.batches == []


def test_what_is_no_file_is_listed_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.jsonl"))
        (tmp_path / "null.jsonl").symlink_to("/dev/null")
        (tmp_path / "nowhere.jsonl").symlink_to(tmp_path / "missing")
        (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
        view = View(tmp_path).read()
    assert dict(view.reader.unrecognised) == {
        str(tmp_path / "pipe.jsonl"): "a named pipe",
        str(tmp_path / "socket.jsonl"): "a socket",
        str(tmp_path / "null.jsonl"): "a link to a device",
        str(tmp_path / "nowhere.jsonl"): "a link that leads nowhere: no such file or directory",
        str(tmp_path / "loop.jsonl"): "a link that leads nowhere: too many levels of symbolic links",
    }


def test_a_pipe_named_as_a_path_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert View(tmp_path / "pipe").read().reader.unrecognised == [(str(tmp_path / "pipe"), "a named pipe")]


def test_a_missing_path_is_listed_as_unreadable(tmp_path: Path) -> None:
    view = View(tmp_path / "missing").read()
    assert view.reader.unreadable_paths == [(str(tmp_path / "missing"), "no such file or folder")]


def test_a_file_that_may_not_be_opened_is_listed_as_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.jsonl").write_bytes(line(1))
    (tmp_path / "open.jsonl").write_bytes(line(2))
    refuse(monkeypatch, "secret.jsonl")
    view = View(tmp_path).read()
    assert view.types == ["2"]
    assert view.reader.unreadable_paths == [(str(tmp_path / "secret.jsonl"), "permission denied")]
    assert [(notice.level, notice.text) for notice in view.reader.take_notices()] == [
        ("warning", "cannot be read: permission denied")
    ]
    assert view.reader.take_notices() == []


def refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The system does not let files of this name be opened: said at its border, since nobody refuses root."""
    real = os.open

    def refusing(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", path)
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)


def test_a_link_to_a_file_is_read_under_the_name_of_the_file_if_that_is_there_too(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "real.jsonl").write_bytes(line(1))
    (tmp_path / "a" / "link.jsonl").symlink_to(tmp_path / "z" / "real.jsonl")
    view = View(tmp_path).read()
    assert view.types == ["1"]
    assert [source.path for source in view.reader.sources.values()] == [str(tmp_path / "z" / "real.jsonl")]


def test_a_link_to_a_file_elsewhere_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "real.jsonl").write_bytes(line(1))
    (tmp_path / "in" / "link.jsonl").symlink_to(tmp_path / "real.jsonl")
    assert View(tmp_path / "in").read().types == ["1"]


def test_a_small_budget_is_kept_to(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(lines(0, 2_000))
    view = View(tmp_path, block_bytes=1_024)
    polls = 0
    while not view.reader.progress.done:
        read = view.reader.progress.bytes_read
        view.poll(max_bytes=4_096)
        assert view.reader.progress.bytes_read - read <= 4_096
        polls += 1
    assert polls >= (tmp_path / "one.jsonl").stat().st_size // 4_096
    assert view.types == numbers(0, 2_000)


def test_progress_ends_with_everything_read(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(lines(0, 20))
    (tmp_path / "two.txt").write_bytes(b"no")
    view = View(tmp_path)
    assert view.reader.progress.discovering
    progress = view.read().reader.progress
    size = (tmp_path / "one.jsonl").stat().st_size
    assert (progress.files_found, progress.files_read) == (2, 2)
    assert (progress.bytes_known, progress.bytes_read) == (size, size)
    assert progress.done
    assert not progress.discovering


def test_nothing_is_due_after_a_cold_read(tmp_path: Path) -> None:
    view = View(tmp_path)
    assert view.reader.next_due(view.clock.now) == 0
    assert view.read().reader.next_due(view.clock.now) == float("inf")


def test_a_large_file_is_glanced_at_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    path.write_bytes(b'{"header": "first"}\n' + lines(0, 20_000) + b'{"header": "last"}\n')
    assert path.stat().st_size > 262_144
    view = View(tmp_path).read()
    first = view.batches[0]
    assert first.glance
    assert [(type(op), getattr(op, "name", "")) for op in first.operations] == [(RunFact, "first"), (RunFact, "last")]
    assert not any(batch.glance for batch in view.batches[1:])
    assert len(view.types) == 20_002


def test_a_document_comes_in_one_batch(tmp_path: Path) -> None:
    (tmp_path / "doc.json").write_bytes(b'{"items": ["a", "b"]}')
    view = View(tmp_path, block_bytes=4).read()
    (batch,) = view.batches
    assert batch.complete
    assert view.types == ["a", "b"]


def test_a_body_that_is_gone_from_disk_says_so(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(lines(0, 3))
    source = View(tmp_path).read().reader.sources[0]
    path.write_bytes(b"x" * 200)
    with pytest.raises(ChangedOnDisk, match="replaced, truncated or deleted"):
        source.fetch(0, 10)
    path.unlink()
    with pytest.raises(ChangedOnDisk):
        source.fetch(0, 10)
    assert source.line_of(5, 0, 1) == 0


def test_a_format_that_raises_stops_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bad.jsonl").write_bytes(line("bad"))
    (tmp_path / "good.jsonl").write_bytes(line("good"))
    real = LineDecoder.feed

    def faulty(decoder: LineDecoder, data: bytes) -> list[Operation]:
        if b"bad" in data:
            raise KeyError("fault")
        return real(decoder, data)

    monkeypatch.setattr(LineDecoder, "feed", faulty)
    view = View(tmp_path).read()
    assert view.types == ["good"]
    assert view.bad == [Bad(0, 0, len(line("bad")), "decoder fault: KeyError")]
    assert "decoder fault in" in caplog.text


def test_explain_says_what_a_file_is_and_why(tmp_path: Path) -> None:
    (tmp_path / "x.a").write_bytes(line(1))
    (tmp_path / "y").write_bytes(b"text")
    os.mkfifo(tmp_path / "pipe")
    reader = View(tmp_path).reader
    known = reader.explain(str(tmp_path / "x.a"))
    assert (known.format, known.role, known.bundle, known.reason) == (
        "plain-lines",
        "run",
        str(tmp_path / "x"),
        "begins with a brace",
    )
    assert (reader.explain(str(tmp_path / "y")).format, reader.explain(str(tmp_path / "y")).reason) == (
        "",
        "begins like no format",
    )
    assert reader.explain(str(tmp_path / "pipe")).reason == "a named pipe"


def test_a_name_that_is_no_text_is_read_like_any_other(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xfe\x1b.jsonl"
    Path(os.fsdecode(path)).write_bytes(line(1))
    view = View(tmp_path).read()
    assert view.types == ["1"]
    assert os.fsencode(view.reader.sources[0].path) == path


def test_a_cold_read_leaves_nothing_open_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(lines(0, 3))
    before = len(os.listdir("/dev/fd")), stat.S_IMODE(path.stat().st_mode), path.stat().st_mtime_ns
    View(tmp_path).read()
    assert (len(os.listdir("/dev/fd")), stat.S_IMODE(path.stat().st_mode), path.stat().st_mtime_ns) == before


def test_unreadable_bytes_do_not_stop_the_rest_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(line(0) + b"{\xff\xfe\n" + line(1))
    view = View(tmp_path).read()
    assert view.types == ["0", "1"]
    assert [type(op) for op in view.bad] == [Bad]
