"""Plain files as sources: never hanging at what is no file, bodies from any thread, few files open."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tracetui.core.errors import ChangedOnDisk
from tracetui.core.sources.file import FileSource, NotAFile, OpenFiles, Place, digest, open_regular


def source_of(path: Path, files: OpenFiles | None = None, key: int = 0) -> FileSource:
    status, head = path.stat(), path.read_bytes()[:1024]
    place = Place(str(path), status.st_dev, status.st_ino, 0, digest(head), len(head))
    return FileSource(0, place, files or OpenFiles(), key)


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, what in ((tmp_path / "pipe", "a named pipe"), (tmp_path, "a folder"), (Path("/dev/null"), "a device")):
        with pytest.raises(NotAFile, match=what):
            open_regular(str(path))


def test_a_body_is_the_bytes_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\ntwo\nthree\n")
    source = source_of(path)
    assert source.fetch(4, 3) == b"two"
    assert source.fetch(0, 0) == b""


def test_lines_are_counted_in_both_directions(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a\n" * 300_000)
    source = source_of(path)
    assert source.line_of(599_998, 0, 1) == 300_000
    assert source.line_of(0, 599_998, 300_000) == 1
    assert source.line_of(20, 10, 6) == 11


def test_lines_are_counted_once_from_the_nearest_place_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a\n" * 300_000)
    source = source_of(path)
    assert source.line_of(400_000, 0, 1) == 200_001
    read: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, length, at: read.append(length) or pread(fd, length, at))
    assert source.line_of(400_000, 0, 1) == 200_001
    assert source.line_of(400_006, 0, 1) == 200_004
    assert source.line_of(399_998, 0, 1) == 200_000
    assert sum(read) < 20


@pytest.mark.parametrize("change", ["grow", "rename", "replace", "truncate", "rewrite", "delete"])
def test_a_body_is_there_or_says_that_it_changed(tmp_path: Path, change: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    source = source_of(path)
    match change:
        case "grow":
            path.write_bytes(b"0123456789abc")
        case "rename":
            path.rename(tmp_path / "y")
        case "replace":
            (tmp_path / "y").write_bytes(b"0123456789")
            (tmp_path / "y").rename(path)
        case "truncate":
            path.write_bytes(b"01")
        case "rewrite":
            path.write_bytes(b"9876543210")
        case "delete":
            path.unlink()
    if change == "grow":
        assert source.fetch(2, 3) == b"234"
    else:
        with pytest.raises(ChangedOnDisk):
            source.fetch(2, 3)


def test_what_is_kept_open_answers_without_its_name(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    files = OpenFiles()
    files.keep(7, open_regular(str(path)), rank=1)
    source = source_of(path, files, key=7)
    path.unlink()
    assert source.fetch(2, 3) == b"234"
    files.close()
    with pytest.raises(ChangedOnDisk):
        source.fetch(2, 3)


def test_bodies_are_fetched_from_many_threads_while_files_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789" * 1_000)
    files = OpenFiles()
    source = source_of(path, files, key=7)
    path.rename(tmp_path / "y")

    def fetch(n: int) -> bytes:
        try:
            return source.fetch(n * 10, 10)
        except ChangedOnDisk:
            return b"0123456789"

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(fetch, n) for n in range(900)]
        for _ in range(100):
            files.keep(7, open_regular(str(tmp_path / "y")), rank=1)
            files.release(7)
        assert {answer.result() for answer in answers} == {b"0123456789"}


def test_the_files_that_changed_last_stay_open(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    files = OpenFiles(limit=2)
    kept = []
    for rank in (5, 3, 4, 6, 1):
        descriptor = open_regular(str(tmp_path / "x"))
        kept.append(files.keep(rank, descriptor, rank))
        if not kept[-1]:
            os.close(descriptor)
    assert kept == [True, True, True, True, False]
    assert [files.get(rank) is not None for rank in (5, 3, 4, 6, 1)] == [True, False, False, True, False]
    files.close()
