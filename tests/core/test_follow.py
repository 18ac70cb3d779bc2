"""Following what grows: nothing lost, nothing twice, whatever is done to the files; the clock is stepped, no watcher runs."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.plain_lines import View, append, line, lines, numbers
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.sources.file import FileSource


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "traces"
    folder.mkdir()
    path = folder / "log.jsonl"
    path.write_bytes(lines(0, 10))
    return path


@pytest.fixture
def view(log: Path) -> View:
    return View(log.parent, follow=True).read()


def texts(view: View) -> list[str]:
    return [notice.text for notice in view.reader.take_notices()]


def test_appended_records_are_read_once(view: View, log: Path) -> None:
    append(log, lines(10, 20))
    view.look()
    append(log, lines(20, 30))
    view.look().look()
    assert view.types == numbers(0, 30)


def test_growth_that_was_seen_carries_our_clock(view: View, log: Path) -> None:
    append(log, line(10))
    view.look()
    growth = view.batches[-1].growth
    assert growth is not None
    assert growth.grew_at_ns == view.clock.wall()
    assert growth.size == log.stat().st_size


def test_half_a_line_is_held_back_until_it_is_whole(view: View, log: Path) -> None:
    record = line(10)
    append(log, record[:7])
    view.look()
    assert view.types == numbers(0, 10)
    append(log, record[7:-1])
    view.look()
    assert view.types == numbers(0, 10)
    append(log, record[-1:])
    assert view.look().types == numbers(0, 11)
    assert view.bad == []


def test_half_a_line_that_grew_while_followed_is_never_reported(view: View, log: Path) -> None:
    append(log, b'{"n": ')
    view.look()
    view.look(after=3_600)
    assert view.bad == []


def test_a_file_that_nobody_writes_to_may_end_without_a_line_end(log: Path) -> None:
    log.write_bytes(lines(0, 2) + line(2).rstrip(b"\n"))
    os.utime(log, (1_000_000, 1_000_000))
    view = View(log.parent, follow=True).read()
    assert view.types == numbers(0, 3)
    append(log, b"\n" + line(3))
    assert view.look().types == numbers(0, 4)
    assert view.bad == []


def test_a_new_file_is_found(view: View, log: Path) -> None:
    (log.parent / "new.jsonl").write_bytes(lines(10, 12))
    assert view.look().types == numbers(0, 12)
    assert view.batches[-1].growth is not None
    assert view.batches[-1].growth.grew_at_ns is not None


def test_a_new_file_in_new_folders_is_found(view: View, log: Path) -> None:
    deep = log.parent / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "new.jsonl").write_bytes(lines(10, 12))
    assert view.look().types == numbers(0, 12)


def test_an_empty_file_is_looked_at_again_when_it_grows(view: View, log: Path) -> None:
    new = log.parent / "new.jsonl"
    new.touch()
    view.look()
    assert view.reader.unrecognised == [(str(new), "empty")]
    append(new, line(10))
    assert view.look().types == numbers(0, 11)
    assert view.reader.unrecognised == []


def test_a_file_that_no_format_claimed_is_looked_at_again_when_it_changes(view: View, log: Path) -> None:
    new = log.parent / "new.jsonl"
    new.write_bytes(b"starting up\n")
    view.look()
    new.write_bytes(lines(10, 12))
    assert view.look().types == numbers(0, 12)


def test_a_truncated_file_is_read_again_from_its_start(view: View, log: Path) -> None:
    log.write_bytes(lines(100, 103))
    view.look()
    assert view.types == numbers(100, 103)
    assert texts(view) == ["truncated or rewritten: read again from the start"]


def test_a_file_that_was_truncated_and_has_grown_again_is_recognised(view: View, log: Path) -> None:
    log.write_bytes(lines(0, 1) + lines(100, 140))
    view.look()
    assert view.types == sorted([*numbers(0, 1), *numbers(100, 140)])


def test_a_rewrite_of_the_same_length_within_a_tick_of_the_clock_is_recognised(view: View, log: Path) -> None:
    append(log, line(77))
    view.look()
    before = log.stat()
    with log.open("r+b") as file:
        file.seek(-len(line(77)), os.SEEK_END)
        file.write(line(88))
    os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    view.look()
    assert view.types == sorted([*numbers(0, 10), "88"])


def test_what_was_cut_before_it_could_be_read_is_reported(view: View, log: Path) -> None:
    append(log, lines(10, 20_000))
    size = log.stat().st_size
    view.poll(after=6, max_bytes=1)
    unread = size - view.reader.progress.bytes_read
    assert unread > 0
    log.write_bytes(b"")
    view.look()
    (text,) = texts(view)
    assert f"{unread:,} bytes were cut before they could be read" in text
    assert "an unfinished record of" in text


def test_copytruncate_loses_and_doubles_nothing(view: View, log: Path) -> None:
    copy = log.with_name("log.jsonl.1")
    copy.write_bytes(log.read_bytes())
    log.write_bytes(lines(10, 12))
    view.look()
    assert view.types == numbers(0, 12)
    assert view.of(copy).types == [str(n) for n in range(10)]


def test_a_rotated_file_is_the_same_source_under_its_new_name(view: View, log: Path) -> None:
    append(log, line(10))
    log.rename(log.with_name("log.jsonl.1"))
    append(log.with_name("log.jsonl.1"), line(11))
    log.write_bytes(lines(12, 14))
    view.look()
    assert view.types == numbers(0, 14)
    assert view.said[0].path == str(log.with_name("log.jsonl.1"))
    assert not view.said[0].gone
    assert view.of(log).types == ["12", "13"]


def test_a_chain_of_rotations_between_two_looks_is_followed(view: View, log: Path) -> None:
    log.rename(log.with_name("log.jsonl.1"))
    log.write_bytes(lines(10, 20))
    view.look()
    log.with_name("log.jsonl.1").rename(log.with_name("log.jsonl.2"))
    log.rename(log.with_name("log.jsonl.1"))
    append(log.with_name("log.jsonl.1"), line(20))
    log.write_bytes(lines(21, 25))
    view.look().look()
    assert view.types == numbers(0, 25)
    assert view.said[0].path.endswith(".2")
    assert view.said[1].path.endswith(".1")
    assert not any(said.gone for said in view.said.values())


def test_a_file_moved_to_another_folder_is_found_again(view: View, log: Path) -> None:
    archive = log.parent / "archive"
    archive.mkdir()
    log.rename(archive / "log.jsonl")
    view.look().look()
    append(archive / "log.jsonl", line(10))
    view.look()
    assert view.types == numbers(0, 11)
    assert not view.said[0].gone
    assert view.said[0].path == str(archive / "log.jsonl")


def test_a_renamed_folder_takes_its_files_along(view: View, log: Path) -> None:
    log.parent.joinpath("a").mkdir()
    inner = log.parent / "a" / "inner.jsonl"
    inner.write_bytes(line(10))
    view.look()
    inner.parent.rename(log.parent / "b")
    view.look().look()
    append(log.parent / "b" / "inner.jsonl", line(11))
    view.look()
    assert view.types == numbers(0, 12)
    assert [said.gone for said in view.said.values()] == [False, False]


def test_the_writer_of_a_rotated_file_is_followed_where_it_writes(view: View, log: Path) -> None:
    with log.open("ab") as writer:
        log.rename(log.with_name("log.jsonl.1"))
        log.write_bytes(line(20))
        view.look()
        writer.write(line(10))
        writer.flush()
        view.look()
    assert view.types == sorted([*numbers(0, 11), "20"])


def test_a_deleted_file_is_read_to_its_end_and_stays(view: View, log: Path) -> None:
    append(log, lines(10, 15))
    log.unlink()
    view.look()
    assert view.types == numbers(0, 15)
    assert view.said[0].gone
    assert texts(view) == ["deleted or moved away; what was read stays"]


def test_the_bodies_of_a_deleted_file_are_still_there(view: View, log: Path) -> None:
    log.unlink()
    view.look()
    source = view.reader.sources[0]
    assert source.fetch(0, 5) == line(0)[:5]
    assert source.line_of(len(line(0)), 0, 1) == 2
    view.reader.close()
    with pytest.raises(ChangedOnDisk):
        source.fetch(0, 5)


def test_the_bodies_of_a_renamed_file_are_still_there(view: View, log: Path) -> None:
    log.rename(log.with_name("other"))
    view.look()
    assert view.reader.sources[0].fetch(0, 5) == line(0)[:5]


def test_a_file_made_again_after_its_deletion_is_another_source(view: View, log: Path) -> None:
    log.unlink()
    view.look()
    log.write_bytes(lines(20, 22))
    view.look()
    assert view.types == sorted([*numbers(0, 10), *numbers(20, 22)])
    assert [said.gone for said in view.said.values()] == [True, False]


def test_a_file_replaced_by_another_recording_is_another_source(view: View, log: Path) -> None:
    append(log, line(10))
    new = log.with_name("tmp")
    new.write_bytes(lines(20, 22))
    new.rename(log)
    view.look()
    assert view.types == sorted([*numbers(0, 11), *numbers(20, 22)])
    assert [said.gone for said in view.said.values()] == [True, False]


def test_a_recording_written_anew_under_its_name_is_the_same_source(view: View, log: Path) -> None:
    new = log.with_name("tmp")
    new.write_bytes(log.read_bytes() + lines(10, 12))
    new.rename(log)
    view.look()
    append(log, line(12))
    view.look()
    assert view.types == numbers(0, 13)
    assert len(view.said) == 1
    assert view.reader.sources[0].fetch(0, 5) == line(0)[:5]
    assert texts(view)[-1] == "written anew: read again from the start"


def test_a_changed_document_is_read_again_when_it_has_come_to_rest(view: View, log: Path) -> None:
    document = log.with_name("doc.json")
    document.write_bytes(b'{"items": ["a", "b"]}')
    view.look()
    document.write_bytes(b'{"items": ["a", ')
    view.poll(after=1.0)
    view.poll(after=0.05)
    assert view.of(document).types == ["a", "b"]
    document.write_bytes(b'{"items": ["a", "c", "d"]}')
    view.poll(after=0.05)
    view.settle()
    assert view.of(document).types == ["a", "c", "d"]
    assert view.bad == []
    assert view.of(document).batches[-1].forget


def test_a_document_replaced_by_rename_is_the_same_source(view: View, log: Path) -> None:
    document = log.with_name("doc.json")
    document.write_bytes(b'{"items": ["a", "b"]}')
    view.look()
    log.with_name("tmp").write_bytes(b'{"items": ["x"]}')
    log.with_name("tmp").rename(document)
    view.settle()
    assert view.of(document).types == ["x"]
    assert len(view.said) == 2


def test_a_document_that_never_rests_is_read_after_a_second(view: View, log: Path) -> None:
    document = log.with_name("doc.json")
    document.write_bytes(b'{"items": ["0"]}')
    view.look()
    for n in range(60):
        document.write_bytes(b'{"items": ["%d"]}' % n)
        view.reader.changed([str(document)])
        view.poll(after=0.05)
    assert view.of(document).types[0] > "20"


def test_a_folder_that_vanishes_takes_nothing_back(view: View, log: Path) -> None:
    (log.parent / "sub").mkdir()
    (log.parent / "sub" / "x.jsonl").write_bytes(lines(10, 12))
    view.look()
    (log.parent / "sub" / "x.jsonl").unlink()
    (log.parent / "sub").rmdir()
    log.unlink()
    log.parent.rmdir()
    view.look().look()
    assert view.types == numbers(0, 12)
    assert all(said.gone for said in view.said.values())
    assert view.reader.unreadable_paths == [(str(log.parent), "no such file or folder")]
    log.parent.mkdir()
    log.write_bytes(line(12))
    assert view.look().types == numbers(0, 13)
    assert view.reader.unreadable_paths == []


def test_a_path_that_is_missing_at_first_is_read_when_it_appears(tmp_path: Path) -> None:
    view = View(tmp_path / "later", follow=True).read()
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "x.jsonl").write_bytes(line(1))
    assert view.look().types == ["1"]


def test_a_file_named_itself_is_followed_through_its_rotation(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(line(0))
    (tmp_path / "other.jsonl").write_bytes(line("other"))
    view = View(log, follow=True).read()
    log.rename(tmp_path / "log.jsonl.1")
    append(tmp_path / "log.jsonl.1", line(1))
    log.write_bytes(line(2))
    assert view.look().types == numbers(0, 3)


def test_a_watcher_makes_the_named_path_looked_at_at_once(view: View, log: Path) -> None:
    append(log, line(10))
    (log.parent / "new.jsonl").write_bytes(line(11))
    view.poll(after=0.001)
    assert view.types == numbers(0, 10)
    view.reader.changed([str(log), str(log.parent / "new.jsonl"), "/elsewhere/x.jsonl"])
    assert view.reader.next_due(view.clock.now) == 0
    view.read()
    assert view.types == numbers(0, 12)


def test_a_watcher_that_lost_events_makes_everything_looked_at(view: View, log: Path) -> None:
    append(log, line(10))
    (log.parent / "new.jsonl").write_bytes(line(11))
    view.reader.changed(None)
    view.poll(after=0.001)
    assert view.read().types == numbers(0, 12)


def test_the_growing_files_of_the_open_run_are_due_every_10_ms(view: View, log: Path) -> None:
    view.reader.prefer([str(log)])
    assert view.reader.next_due(view.clock.now) > 0.01
    append(log, line(10))
    view.look()
    assert view.reader.next_due(view.clock.now) <= 0.01
    append(log, line(11))
    view.poll(after=0.01)
    assert view.types == numbers(0, 12)
    view.look()
    assert view.reader.next_due(view.clock.now) > 0.01


def test_a_quiet_view_reads_nothing_and_is_due_within_a_second(view: View) -> None:
    view.look(10).look(10)
    assert view.poll(after=1.0) == []
    assert 0.02 < view.reader.next_due(view.clock.now) <= 1.0


def test_more_files_than_may_be_open_are_followed(tmp_path: Path) -> None:
    for n in range(150):
        (tmp_path / f"{n}.jsonl").write_bytes(line(n))
    view = View(tmp_path, follow=True).read()
    before = len(os.listdir("/dev/fd"))
    for n in range(150):
        append(tmp_path / f"{n}.jsonl", line(n + 150))
    view.look()
    assert view.types == numbers(0, 300)
    assert len(os.listdir("/dev/fd")) <= before + 1
    view.reader.close()


def test_random_schedules_lose_nothing_and_double_nothing(tmp_path: Path, rounds: Callable[[int, int], int]) -> None:
    for seed in range(rounds(60, 1_000)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        Schedule(folder, random.Random(seed)).run()


class Schedule:
    """Writers, rotations and accidents in one folder, beside a reader; knows what the view must be at the end.

    The view is what a cold read would give, with every file that was deleted after the reader had seen it.
    """

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder = folder
        self.dice = dice
        self.count = 0
        self.kept: list[str] = []
        self.maybe: list[str] = []
        self.view = View(folder, follow=True, block_bytes=dice.choice([64, 500, 262_144]))
        self.rests: dict[bytes, bytes] = {}

    def run(self) -> None:
        actions = (
            [self.append] * 6
            + [self.half] * 2
            + [
                self.rotate,
                self.truncate,
                self.regrow,
                self.copytruncate,
                self.replace,
                self.rewrite,
                self.unlink,
                self.create,
                self.move,
            ]
        )
        for _ in range(self.dice.randrange(5, 40)):
            for _ in range(self.dice.randrange(1, 4)):
                self.dice.choice(actions)()
            self.view.poll(
                after=self.dice.choice([0.0, 0.02, 0.3, 1.1, 6.0]), max_bytes=self.dice.choice([100, 1 << 30])
            )
        self.view.look().look().look()
        self.view.reader.close()
        shown, there, kept = Counter(self.view.types), Counter(self.there()), Counter(self.kept)
        assert there - shown == {}, "lost from a file that is there"
        assert kept.keys() - shown.keys() == set(), "lost with a file that was deleted"
        # A copy of a deleted file takes its place when both happen between two looks, and stands beside it otherwise.
        # What was written anew and then truncated between two looks stays with the old file, which was deleted.
        assert shown - ((there + kept) | Counter(set(self.maybe))) == {}, "shown twice, or taken from nowhere"
        assert self.view.bad == []

    # What is there.

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def there(self) -> list[str]:
        return [kind for path in self.files() for kind in types_of(path.read_bytes())]

    def some(self) -> Path | None:
        files = self.files()
        return self.dice.choice(files) if files else None

    def records(self) -> bytes:
        first = self.count
        self.count += self.dice.randrange(1, 8)
        return lines(first, self.count, f"{self.folder.name}-")

    def is_known(self, path: Path, *, under_its_name: bool = False) -> bool:
        places = [source.place for source in self.view.reader.sources.values() if isinstance(source, FileSource)]
        return any(
            place.inode == path.stat().st_ino and (place.path == str(path) or not under_its_name) for place in places
        )

    def delete(self, path: Path) -> None:
        """Its records stay in view if the reader knows the file; it may know it before it has said so."""
        (self.kept if self.is_known(path) else self.maybe).extend(types_of(path.read_bytes()))

    # What happens.

    def create(self) -> None:
        path = self.folder / self.dice.choice(["", "sub", "sub/deeper"]) / f"{self.dice.randrange(6)}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(self.dice.choice([b"", self.records()]))

    def append(self) -> None:
        path = self.some()
        if path is None:
            self.create()
        else:
            append(path, self.finish(path) + self.records())

    def half(self) -> None:
        path = self.some()
        if path is not None:
            record = self.finish(path) + self.records()
            cut = self.dice.randrange(1, len(record))
            append(path, record[:cut])
            self.rests[path.read_bytes().rpartition(b"\n")[2]] = record[cut:].partition(b"\n")[0] + b"\n"

    def finish(self, path: Path) -> bytes:
        """What completes a line that was left half written."""
        tail = path.read_bytes().rpartition(b"\n")[2]
        return self.rests[tail] if tail else b""

    def rotate(self) -> None:
        path = self.some()
        if path is None:
            return
        for n in range(3, 0, -1):
            older, old = path.with_name(f"{path.name}.{n + 1}"), path.with_name(f"{path.name}.{n}")
            if old.exists():
                if older.exists():
                    self.delete(older)
                old.rename(older)
        path.rename(path.with_name(f"{path.name}.1"))
        if self.dice.random() < 0.7:
            path.write_bytes(self.records())

    def truncate(self) -> None:
        if path := self.some():
            path.write_bytes(b"")

    def regrow(self) -> None:
        if path := self.some():
            path.write_bytes(self.records() + self.records())

    def copytruncate(self) -> None:
        path = self.some()
        if path is None or (copy := path.with_name(f"{path.name}.copy")).exists():
            return
        copy.write_bytes(path.read_bytes())
        path.write_bytes(b"")

    def replace(self) -> None:
        if path := self.some():
            new = self.folder / "new.tmp"
            new.write_bytes(self.records())
            self.delete(path)
            new.rename(path)

    def rewrite(self) -> None:
        """Atomically, with what was there before and more: takes the place of the old file."""
        path = self.some()
        if path is None or not types_of(path.read_bytes()) or not self.is_known(path, under_its_name=True):
            return
        new = self.folder / "new.tmp"
        self.maybe += types_of(path.read_bytes())
        new.write_bytes(path.read_bytes() + self.finish(path) + self.records())
        new.rename(path)

    def unlink(self) -> None:
        if path := self.some():
            self.delete(path)
            path.unlink()

    def move(self) -> None:
        path = self.some()
        if path is not None:
            target = self.folder / "sub" / f"moved-{self.dice.randrange(1_000_000)}.jsonl"
            target.parent.mkdir(exist_ok=True)
            path.rename(target)


def types_of(data: bytes) -> list[str]:
    return [part.split(b'"')[3].decode() for part in data.split(b"\n")[:-1]]


def test_where_a_watcher_tells_of_changes_a_quiet_view_is_due_every_5_s(view: View, log: Path) -> None:
    long_ago = time.time() - 60
    os.utime(log.parent, (long_ago, long_ago))
    view.reader.be_told(True)
    for _ in range(8):
        view.look(10)
    waits = []
    for _ in range(4):
        waits.append(view.reader.next_due(view.clock.now))
        view.poll(after=waits[-1])
    assert min(waits) > 4


def test_what_a_watcher_missed_is_found_all_the_same(view: View, log: Path) -> None:
    view.reader.be_told(True)
    append(log, line(10))
    (log.parent / "new.jsonl").write_bytes(line(11))
    assert view.look(6).look(6).types == numbers(0, 12)
